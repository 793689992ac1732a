"""A screen with a text to read and scroll."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.safe import safe_text
from tui.screens.base import ConsoleScreen
from tui.widgets.pane_title import PaneTitle

_WAITING = "A moment ..."


class Text(VerticalScroll, can_focus=True):
    """The keys of a table, as far as they make sense here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("g", "scroll_home", show=False),
        Binding("G", "scroll_end", show=False),
        Binding("ctrl+f", "page_down", show=False),
        Binding("ctrl+b", "page_up", show=False),
    ]


class ReadingScreen(ConsoleScreen):
    """`TITLE_TEXT` stands above; `show` puts lines below it."""

    HINT = ": command   esc back   r again   ? help   q quit"
    TITLE_TEXT = ""

    def body(self) -> ComposeResult:
        yield PaneTitle(self.TITLE_TEXT, id="about")
        with Text():
            yield Static(safe_text(_WAITING, None, "$text-muted"), id="text")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Text).focus()
        self._shown: Content | None = None

    @property
    def pane(self) -> PaneTitle:
        """The line above the text."""
        return self.query_one("#about", PaneTitle)

    def show(self, lines: Sequence[Content]) -> None:
        """Other lines; drawn only when something in them changed."""
        content = Content("\n").join(lines)
        if self._shown is None or content != self._shown:
            self._shown = content
            self.query_one("#text", Static).update(content)
