"""One event: what happened, the actions that follow, and of one of them all that came of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from engine.errors import InputError
from engine.queries.actions import event_card, event_of
from engine.queries.columns import Column
from tui import messages
from tui.event_details import detail_lines, event_facts
from tui.event_words import kind_words, state_words
from tui.keymap import bindings
from tui.listed import Listed
from tui.screens.base import ConsoleScreen
from tui.screens.events import ROW_KIND
from tui.screens.reading import Text
from tui.widgets.facts import Facts
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle

if TYPE_CHECKING:
    from engine.database import Database
    from engine.queries.actions import ActionCard, EventCard
    from tui.widgets.table_body import Position

_ACTIONS = "actions"
_CARD = "card"
# The table is as high as it has rows, up to this part of the screen.
_SHARE = 6
_COLUMNS = (
    Column("id", "Action", "", "number", 7),
    Column("kind", "What", "", "choice", 16),
    Column("channel", "Channel", "", "choice", 12),
    Column("state", "State", "", "choice", 12),
    Column("attempts", "Tries", "", "number", 5),
    Column("next_at", "Next", "", "date", 16),
    Column("reason", "Reason", "", "text", 30),
)


class EventCardScreen(ConsoleScreen):
    """The card of the event that this action follows; the cursor stands on the action."""

    row_kind = ROW_KIND
    BINDINGS = bindings("events")
    HINT = "x actions   tab replies   u subscriber   i channels   esc back   ? help"

    def __init__(self, action: int) -> None:
        super().__init__()
        self._first: int | None = action
        self._action = action
        self._event: EventCard | None = None
        self._shown: Content | None = None
        self._listed = Listed(_ACTIONS, "Actions", _COLUMNS)

    def body(self) -> ComposeResult:
        yield PaneTitle("Events", id="whose")
        with Horizontal(id="facts"):
            yield Facts(id="what")
            yield Facts(id="how")
        yield PaneTitle(self._listed.title, table_id=_ACTIONS)
        table = PagedTable(self._listed, id=_ACTIONS)
        table.empty = "nothing follows this event"
        yield table
        yield PaneTitle("", id="of_action")
        with Text(id="detail"):
            yield Static(id="text")

    # Reading

    def refresh_data(self) -> None:
        self.load(_CARD, partial(_card, action=self._action))

    def loaded(self, message: messages.Loaded) -> None:
        event: EventCard = message.value
        self._event = event
        console = self.console
        whose = self.query_one("#whose", PaneTitle)
        title = f"{kind_words(event.kind)} {event.id} of {event.login}"
        whose.show(title=f"Events {console.glyphs.crumb} {title}")
        whose.fresh(message.as_of_ms)
        self.query_one("#of_action", PaneTitle).fresh(message.as_of_ms)
        what, how = event_facts(event, console.zone, console.config.billing.currency)
        self.query_one("#what", Facts).show(what)
        self.query_one("#how", Facts).show(how)
        self._listed.rows = [self._row(one) for one in event.actions]
        table = self.query_one(PagedTable)
        table.styles.height = 1 + max(1, min(self.size.height // _SHARE, len(event.actions)))
        table.read_again()
        self._show_action()

    def _row(self, card: ActionCard) -> tuple[Any, ...]:
        one = card.row
        state = state_words(one.state, self.console.glyphs)
        return (one.id, one.id, kind_words(one.kind), one.channel, state, one.attempts,
                one.next_at, one.reason)  # fmt: skip

    def position_changed(self, table_id: str | None, position: Position) -> None:
        """See the base; what is told below is of the action under the cursor."""
        super().position_changed(table_id, position)
        table = self.query_one(PagedTable)
        if self._first is not None and position.total:
            ids = [row[0] for row in self._listed.rows]
            first, self._first = self._first, None
            if first in ids:
                table.move_to(ids.index(first))
        self._follow(table)

    def on_page_arrived(self, message: messages.PageArrived) -> None:
        """See the base."""
        super().on_page_arrived(message)
        self._follow(self.query_one(PagedTable))

    def _follow(self, table: PagedTable) -> None:
        row = table.current_row
        if row is not None and row[0] != self._action:
            self._action = int(row[0])
            self._show_action()

    def _show_action(self) -> None:
        cards = self._event.actions if self._event is not None else ()
        card = next((one for one in cards if one.row.id == self._action), None)
        if card is None:
            return
        title = f"{kind_words(card.row.kind)} {self.console.glyphs.dot} {card.row.channel}"
        self.query_one("#of_action", PaneTitle).show(title=title)
        lines = detail_lines(card, self.console)
        content = Content("\n").join(lines)
        if content != self._shown:
            self._shown = content
            self.query_one("#text", Static).update(content)

    def load_failed(self, message: messages.LoadFailed) -> None:
        self.query_one("#whose", PaneTitle).failed(message.error_text)

    # What is done here

    def apply_filter(self, text: str, final: bool) -> None:
        if final and text:
            self.console.tell("A card has no filter; 6 goes back to all actions.")

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        """Enter: to what came of the action, to read it."""
        self.set_focus(self.query_one("#detail", Text))

    def action_channels(self) -> None:
        """All channels."""
        from tui.screens.channels import ChannelsScreen

        self.app.push_screen(ChannelsScreen())

    def action_subscriber(self) -> None:
        """The card of the event's subscriber."""
        from tui.screens.subscriber_card import SubscriberCard

        if self._event is not None:
            self.app.push_screen(SubscriberCard(self._event.login))


def _card(database: Database, action: int) -> EventCard:
    event = event_of(database, action)
    found = None if event is None else event_card(database, event)
    if found is None:
        raise InputError(f"there is no action {action}; 6 lists them.")
    return found
