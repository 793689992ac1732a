"""What needs attention as a table: the rows of `engine.queries.attention`, their signs, and the
view that each leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.clock import Clock
from engine.queries.columns import Column
from engine.queries.filters import Condition, filter_text
from engine.queries.short_list import ShortList
from tui.glyphs import Glyphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.config import Config
    from engine.database import Database, Row
    from engine.queries.attention import Attention
    from engine.queries.paging import Query

# What a row is called, and where enter leads.
_KINDS = {
    "no_period": ("no period", "month_close"),
    "period_ended": ("to close", "month_close"),
    "close_failures": ("not charged", "month_close"),
    "no_daemon": ("no daemon", "jobs"),
    "run_ended_badly": ("run failed", "jobs"),
    "slots_missed": ("missed", "jobs"),
    "run_in_progress": ("running", "jobs"),
    "mails_skipped": ("mails skipped", "balances"),
    "numbers_terminated": ("terminated", "balances"),
    "receipt_errors": ("no receipt", "events"),
    "receipts_late": ("receipts late", "events"),
    "actions_dead": ("failed", "events"),
    "actions_unknown": ("unknown", "events"),
    "channel_paused": ("paused", "events"),
}
_FILTERS = {
    "numbers_terminated": "status:terminated",
    "receipt_errors": "kind:receipt state:dead",
    "receipts_late": "is:no_receipt",
    "actions_dead": "state:dead",
    "actions_unknown": "state:unknown",
}


def view_of(row: Row) -> str:
    """The mode that tells more of a row of the table."""
    return _KINDS[str(row[0]).partition(" ")[0]][1]


def filter_of(row: Row) -> str | None:
    """The filter with which that view shows what the row is about; None: as it is."""
    kind, _, subject = str(row[0]).partition(" ")
    if kind in _FILTERS:
        return _FILTERS[kind]
    if kind == "channel_paused" and subject:
        return filter_text([Condition("channel", "=", subject)], ())
    if kind != "slots_missed":
        return None
    return filter_text([Condition("job", "=", subject), Condition("state", "=", "missed")], ())


class AttentionSource(ShortList):
    """All rows at once, in the order of their weight; there are a few at most. A row is
    'KIND SUBJECT' and the columns."""

    name = "attention"
    title = "Needs attention"
    columns: tuple[Column, ...] = (
        Column("what", "What", "", "choice", 13),
        Column("about", "About", "", "choice", 12),
        Column("text", "In words", "", "text", 48),
    )

    def __init__(self, clock: Clock, config: Config, glyphs: Glyphs) -> None:
        self._clock = clock
        self._config = config
        self._glyphs = glyphs

    def some(
        self, database: Database, query: Query, start: int, size: int
    ) -> Sequence[tuple[Any, ...]]:
        """See the base."""
        return [self._row(one) for one in self._found(database)][start : start + size]

    def count(self, database: Database, query: Query) -> int:
        """How many there are."""
        return len(self._found(database))

    def _found(self, database: Database) -> list[Attention]:
        # Not above: it brings the models, which take their time; this is the loader's thread.
        from engine.queries.attention import what_needs_attention

        config = self._config
        return what_needs_attention(
            database, self._clock.now_ms(), config.billing.timezone, config.balance_import
        )

    def _row(self, one: Attention) -> Row:
        words, _ = _KINDS[one.kind]
        sign = self._glyphs.warning
        if one.kind in ("close_failures", "run_ended_badly", "no_daemon", "receipt_errors"):
            sign = self._glyphs.bad
        if one.kind == "run_in_progress" and one.run is not None:
            sign = self._glyphs.good if one.run.alive else self._glyphs.bad
            words = words if one.run.alive else "silent"
        return (f"{one.kind} {one.subject}", f"{sign} {words}", one.subject, one.text)
