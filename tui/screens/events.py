"""Events: how many actions have which state, which channels are paused, and the actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from engine.queries.event_counts import EventCounts, event_counts
from tui import messages
from tui.channel_words import paused_lines
from tui.event_words import ShownActions
from tui.keymap import bindings
from tui.screens.counted import COUNTS, COUNTS_TITLE, CountedScreen
from tui.widgets.drawn import OneLiners, Sentences
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle
from tui.widgets.state_counts import RECEIPTS, StateCounts, States

if TYPE_CHECKING:
    from engine.database import Database

ROW_KIND = "action"
TABLE = "actions"
_NOTHING = (
    "Nothing has happened yet, or nothing follows: [events] mode in the configuration is off until"
    " you set it to dry (it only shows what would be done) or on."
)


class EventsScreen(CountedScreen):
    """Counts above, one table of `engine.queries.event_list` below."""

    row_kind = ROW_KIND
    TABLE_ID = TABLE
    SHOWN = ShownActions
    AUTO_FOCUS = f"#{TABLE}"
    BINDINGS = bindings("events")
    HINT = "/ filter  v views  tab counts  enter event  x actions  i channels"

    def body(self) -> ComposeResult:
        source = ShownActions(self.console.zone, self.console.glyphs)
        yield PaneTitle("Actions by state", id=COUNTS_TITLE)
        yield StateCounts(id=COUNTS)
        yield OneLiners(id="paused")
        yield Sentences(id="sentence")
        yield PaneTitle(source.title, table_id=TABLE)
        table = PagedTable(source, id=TABLE)
        table.empty = "no action yet"
        yield table

    def counted(self, database: Database, now_ms: int) -> EventCounts:
        """See the base."""
        return event_counts(database, now_ms)

    def counts_came(self, found: EventCounts) -> None:
        """See the base."""
        console = self.console
        counts = {**found.counts, RECEIPTS: found.receipts_wrong}
        self.query_one(StateCounts).show(States(counts, console.glyphs))
        lines = paused_lines(found.paused, console.zone, console.glyphs.bad)
        self.query_one(OneLiners).show(lines)
        words = self.query_one(Sentences)
        words.display = not found.actions
        words.show("" if found.actions else _NOTHING)

    def on_filter_chosen(self, message: messages.FilterChosen) -> None:
        """A count was chosen: its actions are shown."""
        self.filter_by(message.text, final=True)
        self.set_focus(self.table)

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        from tui.screens.event_card import EventCardScreen

        self.app.push_screen(EventCardScreen(int(message.row[0])))

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
