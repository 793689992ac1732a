"""Balances: how many numbers have which balance status, and the numbers themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult

from engine.queries.number_counts import NumberCounts, number_counts
from tui import messages
from tui.keymap import bindings
from tui.number_words import ShownNumbers
from tui.screens.counted import COUNTS, COUNTS_TITLE, CountedScreen
from tui.widgets.cells import grouped
from tui.widgets.drawn import Sentences
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle
from tui.widgets.status_counts import StatusCounts, Statuses

if TYPE_CHECKING:
    from engine.database import Database

TABLE = "balances"
_NO_NUMBERS = "No numbers yet: `billdeck import DIR` brings them, by a numbers.csv in the bundle."
_NO_REPORTS = (
    "No balance mail was taken yet. Fill in [balance-import] of the configuration, and the daemon"
    " takes them each minute; or give saved ones to `billdeck import-mail PATH`."
)


class BalancesScreen(CountedScreen):
    """Counts above, one table of `engine.queries.number_list` below."""

    row_kind = "number"
    TABLE_ID = TABLE
    SHOWN = ShownNumbers
    BINDINGS = [*bindings("balances"), *bindings("list")]  # noqa: RUF012 - Textual's way
    HINT = "/ filter  v views  t trend  enter card  i skipped mails"

    def body(self) -> ComposeResult:
        source = ShownNumbers(self.console.zone, self.console.glyphs)
        yield PaneTitle(
            f"Balance statuses {self.console.glyphs.dot} change since yesterday", id=COUNTS_TITLE
        )
        yield StatusCounts(id=COUNTS)
        yield Sentences(id="sentence")
        yield PaneTitle(source.title, table_id=TABLE)
        table = PagedTable(source, id=TABLE)
        table.empty = "no numbers yet"
        yield table

    def counted(self, database: Database, now_ms: int) -> NumberCounts:
        """See the base."""
        return number_counts(database, now_ms)

    def counts_came(self, found: NumberCounts) -> None:
        """See the base."""
        glyphs, plain = self.console.glyphs, self.console.has_class("-ascii")
        shown = Statuses(found.counts, found.changes, glyphs, plain)
        self.query_one(StatusCounts).show(shown)
        self.query_one(Sentences).show(_sentence(found, glyphs.dot))

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        from tui.screens.number_card import NumberCardScreen

        self.app.push_screen(NumberCardScreen(str(message.row[1])))

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
