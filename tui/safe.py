"""The only way by which text from data reaches a widget.

Textual prints control characters as they are and reads `[...]` in a plain string as markup. What
comes from here has neither: `safe_text` gives a `Content`, which is never parsed, and `fit` a
string for a line of cells.
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from engine.text import ELLIPSIS, safe

MAX_CHARACTERS = 2_000


def safe_text(value: object, width: int | None = None, style: str = "") -> Content:
    """`value` as a Content of one line, harmless for a terminal. `width` makes it exactly that many
    cells wide; `style` is ours, such as `bold` or `$error`."""
    text = safe(value, MAX_CHARACTERS) if width is None else fit(value, width)
    return Content.styled(text, style) if style else Content(text)


def safe_lines(value: object, style: str = "") -> Content:
    """The same for a text of ours with line breaks: they stay, all else is made safe."""
    text = "\n".join(safe(line, MAX_CHARACTERS) for line in str(value).split("\n"))
    return Content.styled(text, style) if style else Content(text)


def join(*parts: Content | str) -> Content:
    """Contents one after the other. A plain string is taken for data and made safe."""
    return Content("").join(
        part if isinstance(part, Content) else safe_text(part) for part in parts
    )


def fit(value: object, width: int, right: bool = False, ellipsis: str = ELLIPSIS) -> str:
    """`value` made safe and exactly `width` cells wide: cut with an ellipsis, or padded."""
    text = safe(value, max(1, width * 4))
    cells = cell_len(text)
    if cells > width:
        return set_cell_size(text, max(0, width - len(ellipsis))) + ellipsis[:width]
    pad = " " * (width - cells)
    return pad + text if right else text + pad


def typed(text: str) -> str:
    """What a person typed or pasted, without the characters that `safe` would have to show as
    codes: a pasted escape sequence must not come back to the terminal."""
    return "".join(char for char in text if safe(char, 10) == char)
