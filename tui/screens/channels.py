"""The channels that actions go by: providers, NAS, and our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from engine.queries.actions import channels
from engine.queries.columns import Column
from engine.queries.event_counts import is_paused
from tui import messages
from tui.channel_words import pause_words
from tui.listed import Listed
from tui.screens.base import ConsoleScreen
from tui.widgets.drawn import Sentences
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle

if TYPE_CHECKING:
    from engine.queries.actions import ChannelRow
    from tui.widgets.table_body import Position

ROW_KIND = "channel"
_TABLE = "channels"
_COLUMNS = (
    Column("name", "Channel", "", "text", 12),
    Column("state", "State", "", "choice", 10),
    Column("open", "Open", "", "number", 6),
    Column("unknown", "Unknown", "", "number", 7),
    Column("dead", "Dead", "", "number", 6),
    Column("failures", "Failures", "", "number", 8),
    Column("paused_until", "Paused until", "", "date", 16),
    Column("paused_by", "By", "", "text", 14),
    Column("reason", "Reason", "", "text", 24),
)
_WHAT_TO_DO = (
    "x pauses a channel or lifts its pause; enter shows what of it is not over. One that did not"
    " let us in waits for a person; one that failed again and again is tried again later."
)


class ChannelsScreen(ConsoleScreen):
    """One table; `x` has what can be done with a channel."""

    row_kind = ROW_KIND
    HINT = ": command   enter its actions   x pause, lift   esc back   ? help"

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[str, ChannelRow] = {}
        self._listed = Listed(_TABLE, "Channels", _COLUMNS)

    def body(self) -> ComposeResult:
        yield PaneTitle(f"Events {self.console.glyphs.crumb} channels", id="about")
        yield Sentences(id="sentence")
        table = PagedTable(self._listed, id=_TABLE)
        table.empty = "no action went by any channel yet"
        yield table
        yield Sentences(id="whole")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#sentence", Sentences).show(_WHAT_TO_DO)

    def refresh_data(self) -> None:
        self.load(_TABLE, channels)

    def loaded(self, message: messages.Loaded) -> None:
        found: list[ChannelRow] = message.value
        self._listed.rows = [self._row(one) for one in found]
        self._found = {one.channel.name: one for one in found}
        self._say()
        self.query_one(PagedTable).read_again()
        self.query_one("#about", PaneTitle).fresh(message.as_of_ms)

    def position_changed(self, table_id: str | None, position: Position) -> None:
        """See the base; a pause is told in full."""
        super().position_changed(table_id, position)
        self._say()

    def on_page_arrived(self, message: messages.PageArrived) -> None:
        """See the base."""
        super().on_page_arrived(message)
        self._say()

    def _say(self) -> None:
        row = self.query_one(PagedTable).current_row
        found = None if row is None else self._found.get(str(row[0]))
        is_told = found is not None and self._is_paused(found)
        words = pause_words(found.channel, self.console.zone) if found and is_told else ""
        self.query_one("#whole", Sentences).show(words)

    def _row(self, one: ChannelRow) -> tuple[object, ...]:
        channel, glyphs = one.channel, self.console.glyphs
        state = f"{glyphs.warning} failing" if channel.failures else f"{glyphs.good} open"
        if self._is_paused(one):
            state = f"{glyphs.bad} paused"
        return (
            channel.name, channel.name, state, one.waiting + one.sending + one.retrying,
            one.unknown, one.dead, channel.failures, channel.paused_until, channel.paused_by,
            channel.reason,
        )  # fmt: skip

    def _is_paused(self, one: ChannelRow) -> bool:
        return is_paused(one.channel, self.console.clock.now_ms())

    def known(self) -> dict[str, str]:
        """See the base: the channel under the cursor."""
        targets = self.targets()
        return {"channel": str(targets[0])} if len(targets) == 1 else {}

    def apply_filter(self, text: str, final: bool) -> None:
        if final and text:
            self.console.tell("The channels have no filter; they are few.")

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        """The actions of the channel that are not over."""
        from engine.queries.filters import Condition, filter_text

        conditions = [Condition("channel", "=", str(message.row[0])), Condition("is", "=", "open")]
        self.console.pop_screen()
        self.console.show_mode("events", filter_text(conditions, ()))
