"""Who was not changed, and why."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from engine.queries.columns import Column
from tui.listed import Listed
from tui.screens.base import ConsoleScreen
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle

_TABLE = "refused"


class RefusedScreen(ConsoleScreen):
    """A line for each; their marks are still there on the screen below."""

    HINT = "esc back   y copy the cell   Y copy the row   ? help"

    def __init__(
        self, title: str, refused: Sequence[tuple[object, str]], head: str = "Login"
    ) -> None:
        """`refused` are who, or what, and why; `head` says which of them."""
        super().__init__()
        self._title = title
        columns = (Column("who", head, "", "text", 20), Column("reason", "Why", "", "text", 60))
        self._refused = Listed(_TABLE, "Refused", columns)
        self._refused.rows = [(number, *one) for number, one in enumerate(refused, 1)]

    def body(self) -> ComposeResult:
        crumb = self.console.glyphs.crumb
        yield PaneTitle(f"{self._title} {crumb} refused, not changed", table_id=_TABLE)
        yield PagedTable(self._refused, id=_TABLE)
