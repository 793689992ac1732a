"""Receipts to look at and to ask for: what is found, along indexes however many are done."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from engine.database import Database
from engine.events import receipt_rows
from engine.queries import receipts as reading
from tests.queries.measures import cheap

MANY = 3_000
NOW = 1_780_000_000_000
PAYLOAD = json.dumps({"intent": "sellReturn", "total": 500_05, "login": "u", "phone": ""})


@pytest.fixture
def made(many: Database) -> Database:
    """A receipt for each of `MANY` subscribers: every 300th is new, every 500th an error."""
    with many.transaction():
        people = [number for (number,) in many.rows("SELECT id FROM subscriber ORDER BY id")]
        numbered = list(enumerate(people[:MANY], start=1))
        many.write_many(
            "INSERT INTO event (id, event_key, content_hash, kind, subscriber_id, at, recorded_at,"
            " is_late, source, caused_by, actor, amount) VALUES (?, ?, 'h', 'payment', ?, ?, ?, 0,"
            " 'ledger', 'staff', 'anna', 50000)",
            [(place, f"k{place}", number, NOW, NOW) for place, number in numbered],
        )
        many.write_many(
            "INSERT INTO action (id, event_id, subscriber_id, kind, channel, action_key, payload,"
            " state, created_at) VALUES (?, ?, ?, 'receipt', 'komtet', ?, ?, ?, ?)",
            [(place, place, number, f"key{place}", PAYLOAD, "done" if place % 500 else "dead", NOW)
             for place, number in numbered],
        )  # fmt: skip
        rows = []
        for place, _ in numbered:
            state = "new" if place % 300 == 0 else "done" if place % 500 else "error"
            rows.append((place, str(place), state, NOW, NOW - place if state == "new" else None))
        many.write_many(
            "INSERT INTO receipt (action_id, task, state, accepted_at, next_at)"
            " VALUES (?, ?, ?, ?, ?)",
            rows,
        )
        many.execute("INSERT INTO channel (name) VALUES ('komtet')")
    if many.dialect.name == "mariadb":
        many.rows("ANALYZE TABLE receipt, action, event, subscriber")
    else:
        many.execute("ANALYZE")
    return many


QUESTIONS: dict[str, Callable[[Database], object]] = {
    "newest": lambda one: reading.receipts(one),
    "new": lambda one: reading.receipts(one, "new"),
    "error": lambda one: reading.receipts(one, "error"),
    "done": lambda one: reading.receipts(one, "done"),
    "one": lambda one: reading.receipt_of(one, 7),
    "due": lambda one: receipt_rows.due(one, "komtet", NOW, 5, 20),
    "nothing due": lambda one: receipt_rows.is_any_due(one, "komtet", 1),
}


@pytest.mark.parametrize("what", QUESTIONS)
def test_they_are_found_by_indexes(made: Database, what: str) -> None:
    cheap(made, QUESTIONS[what], what)


def test_the_newest_first(made: Database) -> None:
    assert [row.action for row in reading.receipts(made, limit=2)] == [MANY, MANY - 1]
    assert [row.action for row in reading.receipts(made, "new", 2)] == [3_000, 2_700]
    assert [row.action for row in reading.receipts(made, "error", 9)] == [2_500, 2_000, 1_000, 500]
    assert reading.receipts(made, limit=-1) == []
    assert len(reading.receipts(made, limit=10**9)) == reading.MOST_ROWS
    row = reading.receipt_of(made, 7)
    assert row is not None
    assert (row.amount, row.is_return, row.key, row.task) == (500_05, True, "key7", "7")
    assert reading.receipt_of(made, 10**6) is None


def test_the_longest_due_first(made: Database) -> None:
    def due(now: int, most: int = 2, careful_after: int = 20) -> list[int]:
        found = receipt_rows.due(made, "komtet", now, most, careful_after)
        return [one.action for one in found]

    assert due(NOW) == [3_000, 2_700]
    assert due(NOW - 2_700) == [3_000, 2_700]
    assert due(NOW - 2_701) == [3_000]
    assert due(NOW - 3_001) == []
    made.execute("UPDATE channel SET failures = 20")
    assert due(NOW, most=5) == [3_000]
    assert receipt_rows.due(made, "another", NOW, 5, 20) == []
    made.execute("UPDATE channel SET paused_at = 1, paused_until = ?", (NOW,))
    assert due(NOW - 1) == []
    assert due(NOW) == [3_000]
