"""One of a few things to choose."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.keymap import bindings
from tui.safe import join, safe_text

_GAP = 2


class Choice(ModalScreen["str | None"]):
    """`options` are (name, title, note); the result is the name chosen, None for none."""

    BINDINGS = bindings("menu")

    def __init__(self, title: str, options: Iterable[tuple[str, str, str]]) -> None:
        super().__init__()
        self._title = title
        self._options = list(options)

    def compose(self) -> ComposeResult:
        width = max(len(title) for _, title, _ in self._options) + _GAP
        with Vertical(classes="dialog"):
            yield Static(safe_text(self._title, None, "bold"))
            yield OptionList(
                *(
                    Option(
                        join(safe_text(title, width), safe_text(note, None, "$text-muted")),
                        id=name,
                    )
                    for name, title, note in self._options
                )
            )

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option.id)

    def action_close(self) -> None:
        """Leaves without a choice."""
        self.dismiss(None)
