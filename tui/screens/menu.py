"""What can be done with a row or the marked ones: the menu behind `x`."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.actions import ActionRecord
from tui.keymap import bindings
from tui.safe import safe_text


class Menu(ModalScreen["str | None"]):
    """The result is the name of the action chosen, None for none."""

    BINDINGS = bindings("menu")

    def __init__(self, title: str, actions: list[ActionRecord]) -> None:
        super().__init__()
        self._title = title
        self._actions = actions

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(safe_text(self._title, None, "bold"))
            yield OptionList(
                *(Option(safe_text(f"{each.title}  :{each.name}"), id=each.name)
                  for each in self._actions)
            )  # fmt: skip

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option.id)

    def action_close(self) -> None:
        """Leaves without a choice."""
        self.dismiss(None)
