"""A delivery with very much to do on one channel, with what cannot be done, and with nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from engine.events import delivery, outbox
from engine.events.record import add_actions
from engine.events.sender import Tell
from tests.events.books import (
    DONE,
    IVAN,
    NOW,
    FixedClock,
    Handed,
    Obedient,
    Outcome,
    deliver,
    ledger_with,
    open_event_books,
    rules,
)


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    yield opened
    opened.close()


def add_many(database: Database, kind: str, channel: str, number: int, expires: int | None) -> None:
    """So many actions of the newest event."""
    (event,) = database.row("SELECT MAX(id) FROM event")  # type: ignore[misc]
    payload = json.dumps({"login": "ivan", "discounts": []})
    rows = [
        (event, IVAN, kind, channel, 2 + place, f"{channel}-{place}", payload, "waiting", "", NOW,
         NOW, expires, None)
        for place in range(number)
    ]  # fmt: skip
    with database.transaction():
        add_actions(database, rows)


def test_what_is_done_here_keeps_no_provider_waiting(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", 500_00)
    add_many(database, "discount_removal", "own", 3 * delivery.OWN_AT_ONCE, None)
    left = []

    def answer(_: Handed) -> Outcome:
        left.append(
            database.integer(
                "SELECT COUNT(*) FROM action WHERE channel = 'own' AND state = 'waiting'"
            )
        )
        return DONE

    tally = deliver(database, {"sms": Obedient(answer)}, rules())
    assert left == [2 * delivery.OWN_AT_ONCE]
    assert tally.own == 3 * delivery.OWN_AT_ONCE


def test_very_many_expire_in_pieces(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", 500_00)
    add_many(database, "notice", "gone", 2 * outbox.EXPIRE_AT_ONCE + 1, NOW + 1)
    with database.transaction():
        assert outbox.expire(database, NOW + 1) == outbox.EXPIRE_AT_ONCE
    tally = deliver(database, {}, rules(), FixedClock(NOW + 1))
    assert tally.expired == outbox.EXPIRE_AT_ONCE + 1
    assert not outbox.has_expired(database, NOW + 1)


def test_what_waits_for_an_earlier_one_is_nothing_to_do(database: Database) -> None:
    clock = FixedClock(NOW)
    ledger = ledger_with(database, rules(), clock)
    ledger.payment("ivan", 100_00)
    ledger.payment("ivan", 200_00)
    busy = Obedient(lambda _: Outcome("retry", "busy"))
    deliver(database, {"sms": busy}, rules(), clock)
    assert len(busy.sent) == 1
    assert not outbox.has_work(database, {"sms"}, clock.now_ms())
    clock.advance(60_000)
    assert outbox.has_work(database, {"sms"}, clock.now_ms())


def test_what_is_unknown_is_asked_for_though_there_is_always_more_to_send(
    database: Database,
) -> None:
    clock = FixedClock(NOW)
    ledger = ledger_with(database, rules(), clock)
    for number in range(3):
        ledger.payment("ivan", 100_00 + number)
    clock.advance(60_000)
    with database.transaction():
        database.execute(
            "UPDATE action SET state = 'unknown', next_at = ? WHERE channel = 'sms' AND round = 1"
            " AND id = (SELECT n.id FROM (SELECT MIN(id) AS id FROM action"
            " WHERE channel = 'sms') n)",
            (NOW,),
        )
    seen: list[str] = []
    sender = Noting(seen)
    deliver(database, {"sms": sender}, rules(), clock)
    assert seen == ["ask", "send", "send"]


class Noting(Obedient):
    """Asks and sendings, one at a time, in their order."""

    def __init__(self, seen: list[str]) -> None:
        super().__init__(promise="reconcilable", parallel=1)
        self._seen = seen

    def send(self, action: Handed, tell: Tell) -> None:
        self._seen.append("send")
        super().send(action, tell)

    def ask(self, action: Handed, tell: Tell) -> None:
        self._seen.append("ask")
        super().ask(action, tell)
