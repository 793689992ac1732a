"""Jobs: all runs so far, the newest first, with their progress."""

from __future__ import annotations

from textual.app import ComposeResult

from engine.queries.run_list import Runs
from tui import messages
from tui.screens.base import ConsoleScreen
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle

_TABLE = "runs"
# To be had with `o`, and in the run itself.
_HIDDEN = ("heartbeat_at",)


class JobsScreen(ConsoleScreen):
    """Enter opens a run."""

    HINT = "enter the run   / filter   s sort   ? help   q quit"

    def body(self) -> ComposeResult:
        source = Runs(self.console.clock)
        yield PaneTitle(source.title, table_id=_TABLE)
        shown = [column.name for column in source.columns if column.name not in _HIDDEN]
        yield PagedTable(source, id=_TABLE, shown=shown)

    def apply_filter(self, text: str, final: bool) -> None:
        """See the base."""
        table = self.query_one(PagedTable)
        query = table.source.query(text, table.query_now.sorts)
        if query != table.query_now:
            table.show_query(query)

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        """Opens the run."""
        from tui.screens.run_details import RunScreen

        self.app.push_screen(RunScreen(int(message.row[0])))
