"""Which columns of a table to show."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.keymap import bindings
from tui.safe import safe_text


class ChooseColumns(ModalScreen["tuple[str, ...] | None"]):
    """`columns` are (name, title), the first one always shown; the result is the names to show,
    None when the person thought otherwise."""

    BINDINGS = [  # noqa: RUF012 - Textual's way
        *bindings("menu"),
        Binding("space", "turn", "show it or not", show=False),
        Binding("enter", "accept", "take these", show=False, priority=True),
    ]

    def __init__(self, columns: Iterable[tuple[str, str]], shown: Iterable[str]) -> None:
        super().__init__()
        self._columns = list(columns)
        self._shown = set(shown)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(safe_text("Columns: space shows or hides, enter takes them, esc leaves"))
            yield OptionList(*(Option(self._line(place)) for place in range(len(self._columns))))

    def _line(self, place: int) -> Content:
        name, title = self._columns[place]
        return safe_text(f"{'[x]' if name in self._shown else '[ ]'} {title}")

    def action_turn(self) -> None:
        """Shows the column, or hides it."""
        options = self.query_one(OptionList)
        place = options.highlighted
        if not place:  # the first column stays
            return
        self._shown ^= {self._columns[place][0]}
        options.replace_option_prompt_at_index(place, self._line(place))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_accept()

    def action_accept(self) -> None:
        """Takes what is chosen."""
        self.dismiss(tuple(name for name, _ in self._columns if name in self._shown))

    def action_close(self) -> None:
        """Leaves it as it was."""
        self.dismiss(None)
