"""The export of events: one line each, with what became of their actions."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from engine.config import DatabaseConfig
from engine.period import Period
from engine.queries.export_events import events
from tests.events.books import (
    DONE,
    Obedient,
    Outcome,
    deliver,
    ledger_with,
    open_event_books,
    rules,
)

MOSCOW = ZoneInfo("Europe/Moscow")


def test_events_with_and_without_actions(database_config: DatabaseConfig) -> None:
    database = open_event_books(database_config)
    ledger = ledger_with(database, rules())
    ledger.payment("ivan", 500_00, key="p1")
    ledger.refund("olga", 1_00, confirmed=True)
    refusing = Obedient(lambda action: Outcome("refused", "a bad number"))
    deliver(database, {"sms": refusing, "komtet": Obedient(lambda _: DONE, "idempotent")}, rules())
    with database.transaction():
        database.execute("DELETE FROM receipt")
        database.execute("DELETE FROM attempt")
        database.execute("DELETE FROM action WHERE event_id = 2")
    table = events(database, MOSCOW)
    found = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    shown = ("event", "kind", "login", "amount", "late", "actions", "done", "failed", "open")
    assert [tuple(row[name] for name in shown) for row in found] == [
        (1, "payment", "ivan", "500.00", "no", 2, 1, 1, 0),
        (2, "refund", "olga", "1.00", "no", 0, 0, 0, 0),
    ]
    assert (found[0]["at"], found[0]["entry"]) == ("2026-06-15T12:00:00+03:00", 1)
    assert list(events(database, MOSCOW, Period.parse("2026-05")).rows) == []
    assert len(list(events(database, MOSCOW, Period.parse("2026-06")).rows)) == 2
    database.close()
