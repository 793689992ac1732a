"""Names and values below each other."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content

from tui.safe import join, safe_text
from tui.widgets.drawn import Drawn

Fact = tuple[str, str, str]
"""A name, its value, and the style of the value."""


class Facts(Drawn[tuple[Fact, ...]]):
    """The values stand in one column. A fact without a name is an empty line. The last lines are
    cut where there is no room."""

    def draw(self, value: tuple[Fact, ...], width: int, height: int) -> list[Content]:
        names = max((cell_len(name) for name, _, _ in value), default=0)
        room = max(1, width - names - 4)
        return [
            join(
                safe_text(f" {name}", names + 3, "$text-muted"),
                safe_text(text, room, style),
            )
            for name, text, style in value[:height]
        ]
