"""Balances: how many numbers have which balance status, and the numbers themselves."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult

from engine.queries.number_counts import NumberCounts, number_counts
from engine.queries.paging import Query
from tui import messages
from tui.keymap import bindings
from tui.number_words import ShownNumbers
from tui.pace import Pace
from tui.screens.base import ConsoleScreen
from tui.widgets.cells import grouped
from tui.widgets.drawn import Sentences
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle
from tui.widgets.status_counts import StatusCounts, Statuses

if TYPE_CHECKING:
    from engine.database import Database

TABLE = "balances"
_COUNTS = "counts"
_NO_NUMBERS = "No numbers yet: `billdeck import DIR` brings them, by a numbers.csv in the bundle."
_NO_REPORTS = (
    "No balance mail was taken yet. Fill in [balance-import] of the configuration, and the daemon"
    " takes them each minute; or give saved ones to `billdeck import-mail PATH`."
)


class BalancesScreen(ConsoleScreen):
    """Counts above, one table of `engine.queries.number_list` below."""

    row_kind = "number"
    BINDINGS = [*bindings("balances"), *bindings("list")]  # noqa: RUF012 - Textual's way
    HINT = "/ filter  v views  t trend  enter card  i skipped mails"

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace(0.02)

    def body(self) -> ComposeResult:
        source = ShownNumbers(self.console.zone, self.console.glyphs)
        yield PaneTitle(
            f"Balance statuses {self.console.glyphs.dot} change since yesterday", id="counts_title"
        )
        yield StatusCounts(id=_COUNTS)
        yield Sentences(id="sentence")
        yield PaneTitle(source.title, table_id=TABLE)
        table = PagedTable(source, id=TABLE)
        table.empty = "no numbers yet"
        yield table

    @property
    def table(self) -> PagedTable:
        """The list."""
        return self.query_one(PagedTable)

    def refresh_data(self) -> None:
        """See the base; the counts, which look at all numbers, only as often as that costs
        little."""
        if self._pace.is_due:
            self._pace.begun()
            clock = self.console.clock
            self.load(_COUNTS, lambda database: _timed(database, clock.now_ms()))
        super().refresh_data()

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
        console = self.console
        plain = console.has_class("-ascii")
        shown = Statuses(found.counts, found.changes, console.glyphs, plain)
        self.query_one(StatusCounts).show(shown)
        self.query_one(Sentences).show(_sentence(found, console.glyphs.dot))
        self.query_one("#counts_title", PaneTitle).fresh(message.as_of_ms)

    def apply_filter(self, text: str, final: bool) -> None:
        table = self.table
        sorts = table.query_now.sorts
        # More than one column can be sorted by only where a filter leaves few rows.
        self.show_query(table.source.query(text, sorts if text else sorts[:1]), text)

    def show_query(self, query: Query, text: str) -> None:
        """See the base; the title says which view it is."""
        views = ShownNumbers.views
        title = next((view.title for view in views if view.filter == text), text)
        pane = next(pane for pane in self.query(PaneTitle) if pane.table_id == TABLE)
        pane.show(title=f"{ShownNumbers.title} {self.console.glyphs.crumb} {title}")
        super().show_query(query, text)

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        from tui.screens.number_card import NumberCardScreen

        self.app.push_screen(NumberCardScreen(str(message.row[1])))

    def go_back(self) -> bool:
        if not self.filter_text:
            return False
        # An order that came with a view goes with it.
        query = replace(self.table.query_now, conditions=(), sorts=())
        self.filter_text = ""
        self.show_query(query, "")
        return True

    def action_mails(self) -> None:
        """The mails that could not be read."""
        from tui.screens.skipped_mails import SkippedMailsScreen

        self.app.push_screen(SkippedMailsScreen())

    def action_trend(self) -> None:
        """The numbers by status, day by day."""
        from tui.screens.balance_trend import BalanceTrendScreen

        self.app.push_screen(BalanceTrendScreen())

    def action_owner(self) -> None:
        """The card of the row's subscriber."""
        from tui.screens.subscriber_card import SubscriberCard

        row = self.table.current_row
        login = None if row is None else _login(self.table, row)
        if login is None:
            self.console.tell("This number has no subscriber.")
            return
        self.app.push_screen(SubscriberCard(login))


def _login(table: PagedTable, row: Any) -> str | None:
    place = [column.name for column in table.source.columns].index("login")
    found: str | None = row[1 + place]
    return found


def _timed(database: Database, now_ms: int) -> tuple[NumberCounts, float]:
    started = time.perf_counter()
    return number_counts(database, now_ms), time.perf_counter() - started


def _sentence(found: NumberCounts, dot: str) -> str:
    """What stands below the counts: the newest report, what has no status, what was skipped; or how
    to begin."""
    if not found.numbers:
        return _NO_NUMBERS
    if not found.reports:
        return _NO_REPORTS
    parts = [f"newest report {found.last_day}"]
    if found.counts.get(None):
        parts.append(f"{grouped(found.counts[None])} numbers with no status yet")
    if found.skipped:
        mails = "mail" if found.skipped == 1 else "mails"
        parts.append(f"{grouped(found.skipped)} {mails} skipped: i shows why")
    return f" {dot} ".join(parts)
