"""The export of events: one line for each, also for those that nothing followed. The actions are a
list (`event_list`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from engine.database import Database
from engine.money import format_amount
from engine.period import Period, format_ms
from engine.queries.export import Cell, Table

_EVENTS = (
    "event", "kind", "login", "at", "recorded_at", "late", "amount", "by", "source", "actor",
    "key", "entry", "actions", "done", "failed", "open",
)  # fmt: skip


def events(database: Database, tz: tzinfo, period: Period | None = None) -> Table:
    """The events in the order of their recording; with `period`, those recorded in it. `actions`
    counts what followed, and of that `done`, `failed` (dead, expired) and `open` what is done, what
    will not be by itself, and what is not over."""
    where, parameters = "", []
    if period is not None:
        where = "WHERE e.recorded_at >= ? AND e.recorded_at < ?"
        parameters = [period.start_ms(tz), period.end_ms(tz)]
    join = database.dialect.ordered_join
    found = database.stream(
        "SELECT e.id, e.kind, s.login, e.at, e.recorded_at, e.is_late, e.amount, e.caused_by,"
        " e.source, e.actor, e.event_key, e.entry_id, COUNT(a.id),"
        " COALESCE(SUM(a.state = 'done'), 0), COALESCE(SUM(a.state IN ('dead', 'expired')), 0),"
        " COALESCE(SUM(a.state IN ('waiting', 'sending', 'retrying', 'unknown')), 0)"
        f" FROM event e {join} subscriber s ON s.id = e.subscriber_id"
        f" LEFT JOIN action a ON a.event_id = e.id {where} GROUP BY e.id ORDER BY e.id",
        parameters,
    )

    def rows() -> Iterator[tuple[Cell, ...]]:
        for number, kind, login, at, recorded_at, late, amount, *rest in found:
            by, source, actor, key, entry, *counts = rest
            yield (
                number, kind, login, format_ms(at, tz), format_ms(recorded_at, tz),
                "yes" if late else "no", None if amount is None else format_amount(amount), by,
                source, actor, key, entry, *map(int, counts),
            )  # fmt: skip

    return Table(_EVENTS, rows())
