"""A list under counts of all that there is: the counts cost more, so they are read at their own
pace."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from engine.queries.paging import PagedSource, Query
from tui import messages
from tui.pace import Pace
from tui.screens.base import ConsoleScreen
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle

if TYPE_CHECKING:
    from engine.database import Database

COUNTS = "counts"
"""The question for the counts, and the id of what shows them."""
COUNTS_TITLE = "counts_title"


class CountedScreen(ConsoleScreen):
    """The base. One says how the counts are read (`counted`) and shown (`counts_came`), and has one
    table, whose title tells the view."""

    TABLE_ID: ClassVar[str]
    SHOWN: ClassVar[type[PagedSource]]

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace(0.02)

    def counted(self, database: Database, now_ms: int) -> Any:
        """Reads the counts."""
        raise NotImplementedError

    def counts_came(self, found: Any) -> None:
        """Shows them."""
        raise NotImplementedError

    @property
    def table(self) -> PagedTable:
        """The list."""
        return self.query_one(PagedTable)

    def refresh_data(self) -> None:
        """See the base; the counts, which look at everything, only as often as that costs
        little."""
        if self._pace.is_due:
            self._pace.begun()
            clock = self.console.clock
            self.load(COUNTS, lambda database: self._timed(database, clock.now_ms()))
        super().refresh_data()

    def _timed(self, database: Database, now_ms: int) -> tuple[Any, float]:
        started = time.perf_counter()
        return self.counted(database, now_ms), time.perf_counter() - started

    def action_refresh_now(self) -> None:
        """Reads everything again now, also what is costly."""
        self._pace.hurry()
        super().action_refresh_now()

    def give_up(self) -> None:
        """See the base."""
        super().give_up()
        self._pace.given_up()

    def loaded(self, message: messages.Loaded) -> None:
        found, seconds = message.value
        self._pace.took(seconds)
        self.counts_came(found)
        self.query_one(f"#{COUNTS_TITLE}", PaneTitle).fresh(message.as_of_ms)

    def apply_filter(self, text: str, final: bool) -> None:
        table = self.table
        sorts = table.query_now.sorts
        # More than one column can be sorted by only where a filter leaves few rows.
        self.show_query(table.source.query(text, sorts if text else sorts[:1]), text)

    def show_query(self, query: Query, text: str) -> None:
        """See the base; the title says which view it is."""
        shown = self.SHOWN
        title = next((view.title for view in shown.views if view.filter == text), text)
        pane = next(pane for pane in self.query(PaneTitle) if pane.table_id == self.TABLE_ID)
        pane.show(title=f"{shown.title} {self.console.glyphs.crumb} {title}")
        super().show_query(query, text)

    def go_back(self) -> bool:
        if not self.filter_text:
            return False
        # An order that came with a view goes with it.
        sorts = self.SHOWN.views[0].sorts
        query = replace(self.table.query_now, conditions=(), sorts=sorts)
        self.filter_text = ""
        self.show_query(query, "")
        return True
