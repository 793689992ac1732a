"""A text in full, wrapped: what has no room in a cell."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keymap import bindings
from tui.safe import safe_text


class FullText(ModalScreen[None]):
    """Shows a text of data until escape or q."""

    BINDINGS = bindings("menu")

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog"):
            yield Static(safe_text(self._title, None, "bold"))
            yield Static(safe_text(self._text))

    def action_close(self) -> None:
        """Away with it."""
        self.dismiss(None)
