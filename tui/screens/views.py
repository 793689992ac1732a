"""The views of a list to choose from."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.keymap import bindings
from tui.safe import join, safe_text

_GAP, _WIDEST = 2, 40


class ViewChoice(ModalScreen["tuple[str, str] | None"]):
    """`options` are (id, title, filter); the result is `go` or `remove` and an id, or None."""

    BINDINGS = [  # noqa: RUF012 - Textual's way
        *bindings("menu"),
        Binding("delete,d", "remove", "remove it", show=False),
    ]

    def __init__(self, options: Iterable[tuple[str, str, str]]) -> None:
        super().__init__()
        self._options = list(options)

    def compose(self) -> ComposeResult:
        width = min(_WIDEST, max(len(title) for _, title, _ in self._options) + _GAP)
        with Vertical(classes="dialog"):
            yield Static(safe_text("Saved views: enter goes there, d removes one of yours"))
            yield OptionList(
                *(
                    Option(join(safe_text(title, width), safe_text(note, None, "$text-muted")))
                    for _, title, note in self._options
                )
            )

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(("go", self._options[event.option_index][0]))

    def action_remove(self) -> None:
        """Forgets the view under the cursor."""
        place = self.query_one(OptionList).highlighted
        if place is not None:
            self.dismiss(("remove", self._options[place][0]))

    def action_close(self) -> None:
        """Leaves without a choice."""
        self.dismiss(None)
