"""Events: how many actions have which state, which channels are paused, and the actions."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from engine.queries.event_counts import EventCounts, event_counts
from engine.queries.paging import Query
from tui import messages
from tui.channel_words import paused_lines
from tui.event_words import ShownActions
from tui.keymap import bindings
from tui.pace import Pace
from tui.screens.base import ConsoleScreen
from tui.widgets.drawn import OneLiners, Sentences
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle
from tui.widgets.state_counts import RECEIPTS, StateCounts, States

if TYPE_CHECKING:
    from engine.database import Database

ROW_KIND = "action"
TABLE = "actions"
_COUNTS = "counts"
_NOTHING = (
    "Nothing has happened yet, or nothing follows: [events] mode in the configuration is off until"
    " you set it to dry (it only shows what would be done) or on."
)


class EventsScreen(ConsoleScreen):
    """Counts above, one table of `engine.queries.event_list` below."""

    row_kind = ROW_KIND
    AUTO_FOCUS = f"#{TABLE}"
    BINDINGS = bindings("events")
    HINT = "/ filter  v views  tab counts  enter event  x actions  i channels"

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace(0.02)

    def body(self) -> ComposeResult:
        source = ShownActions(self.console.zone, self.console.glyphs)
        yield PaneTitle("Actions by state", id="counts_title")
        yield StateCounts(id=_COUNTS)
        yield OneLiners(id="paused")
        yield Sentences(id="sentence")
        yield PaneTitle(source.title, table_id=TABLE)
        table = PagedTable(source, id=TABLE)
        table.empty = "no action yet"
        yield table

    @property
    def table(self) -> PagedTable:
        """The list."""
        return self.query_one(PagedTable)

    def refresh_data(self) -> None:
        """See the base; the counts, which look at all actions, only as often as that costs
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
        counts = {**found.counts, RECEIPTS: found.receipts_wrong}
        self.query_one(StateCounts).show(States(counts, self.console.glyphs))
        self.query_one("#counts_title", PaneTitle).fresh(message.as_of_ms)
        console = self.console
        lines = paused_lines(found.paused, console.zone, console.glyphs.bad)
        self.query_one(OneLiners).show(lines)
        words = self.query_one(Sentences)
        words.display = not found.actions
        words.show("" if found.actions else _NOTHING)

    def apply_filter(self, text: str, final: bool) -> None:
        table = self.table
        sorts = table.query_now.sorts
        # More than one column can be sorted by only where a filter leaves few rows.
        self.show_query(table.source.query(text, sorts if text else sorts[:1]), text)

    def show_query(self, query: Query, text: str) -> None:
        """See the base; the title says which view it is."""
        title = next((view.title for view in ShownActions.views if view.filter == text), text)
        pane = next(pane for pane in self.query(PaneTitle) if pane.table_id == TABLE)
        pane.show(title=f"{ShownActions.title} {self.console.glyphs.crumb} {title}")
        super().show_query(query, text)

    def on_filter_chosen(self, message: messages.FilterChosen) -> None:
        """A count was chosen: its actions are shown."""
        self.filter_by(message.text, final=True)
        self.set_focus(self.table)

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        from tui.screens.event_card import EventCardScreen

        self.app.push_screen(EventCardScreen(int(message.row[0])))

    def go_back(self) -> bool:
        if not self.filter_text:
            return False
        query = replace(self.table.query_now, conditions=())
        self.filter_text = ""
        self.show_query(query, "")
        return True

    def action_channels(self) -> None:
        """All channels."""
        from tui.screens.channels import ChannelsScreen

        self.app.push_screen(ChannelsScreen())

    def action_subscriber(self) -> None:
        """The card of the row's subscriber."""
        from tui.screens.subscriber_card import SubscriberCard

        row = self.table.current_row
        if row is not None:
            place = [column.name for column in self.table.source.columns].index("login")
            self.app.push_screen(SubscriberCard(str(row[1 + place])))


def _timed(database: Database, now_ms: int) -> tuple[EventCounts, float]:
    started = time.perf_counter()
    return event_counts(database, now_ms), time.perf_counter() - started
