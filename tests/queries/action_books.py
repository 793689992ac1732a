"""Actions of every kind and state, many alike; and what a filter of their list means, said a second
time in Python."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

from engine.database import Database, Row
from engine.events.kinds import ACTION_KINDS, EVENT_KINDS, OPEN_STATES, STATES
from engine.queries.columns import Sort
from engine.queries.event_list import ActionList
from engine.queries.filters import Condition

LIST = ActionList(UTC)
LOGINS = ("ivan", "Ivan", "iva", "Иван", "900")
CHANNELS = ("smsc", "smsc_social", "komtet", "nas:m1", "bonus")
_DAY_MS = 86_400_000
_NEW_YEAR = 1_767_225_600_000  # 2026-01-01 in UTC


def fill(database: Database, seed: int, events: int = 150) -> None:
    """Makes events with up to five actions each."""
    dice = random.Random(seed)
    with database.transaction():
        database.execute("INSERT INTO subscriber_group VALUES (1, 'main', 'Main', 1)")
        for number, login in enumerate(LOGINS, 1000):
            database.execute("INSERT INTO account (id, balance) VALUES (?, 0)", (number,))
            database.execute(
                "INSERT INTO subscriber (id, login, group_id, created_at) VALUES (?, ?, 1, 0)",
                (number, login),
            )
        database.write_many(
            "INSERT INTO event (id, event_key, content_hash, kind, subscriber_id, at, recorded_at,"
            " is_late, source, caused_by, actor, amount) VALUES (?, ?, '', ?, ?, 0, 0, ?, 'ledger',"
            " 'staff', 'anna', 5)",
            [(event, f"k{event}", dice.choice(EVENT_KINDS), 1000 + event % len(LOGINS),
              int(dice.random() < 0.1)) for event in range(1, events + 1)],
        )  # fmt: skip
        rows = [
            _action(dice, event, channel)
            for event in range(1, events + 1)
            for channel in dice.sample(CHANNELS, dice.randint(0, len(CHANNELS)))
        ]
        database.write_many(
            "INSERT INTO action (id, event_id, subscriber_id, kind, channel, action_key, payload,"
            " state, reason, attempts, created_at, next_at, sent_at)"
            " VALUES (?, ?, ?, ?, ?, ?, '{}', ?, ?, ?, ?, ?, 0)",
            [(number, *row) for number, row in enumerate(rows, 1)],
        )
        database.write_many(
            "INSERT INTO receipt (action_id, task, state, accepted_at, next_at)"
            " VALUES (?, 't', ?, 0, 0)",
            [(number, dice.choice(("new", "done", "error")))
             for number, row in enumerate(rows, 1) if row[2] == "receipt" and dice.random() < 0.7],
        )  # fmt: skip


def _action(dice: random.Random, event: int, channel: str) -> tuple[Any, ...]:
    state = dice.choice((*STATES, "done", "done"))
    moment = _NEW_YEAR + dice.choice((0, 1, 31, 400, -1)) * _DAY_MS
    next_at = moment if state in ("waiting", "retrying") or dice.random() < 0.2 else None
    reason = dice.choice(("", "no money", "wrong number"))
    return (
        event, 1000 + event % len(LOGINS), dice.choice(ACTION_KINDS), channel,
        f"{event} {channel}", state, reason, dice.randint(0, 3), moment, next_at,
    )  # fmt: skip


def all_of(database: Database) -> list[Row]:
    """All actions as rows of the list, put together in Python; behind them the number of the event
    and whether it is late."""
    logins = dict(database.rows("SELECT id, login FROM subscriber"))
    events = {row[0]: row[1:] for row in database.rows("SELECT id, kind, is_late FROM event")}
    receipts = dict(database.rows("SELECT action_id, state FROM receipt"))
    return [
        (number, number, at, logins[subscriber], kind, channel, state, events[event][0], attempts,
         next_at, reason, receipts.get(number), event, events[event][1])
        for number, at, subscriber, kind, channel, state, event, attempts, next_at, reason
        in database.rows(
            "SELECT id, created_at, subscriber_id, kind, channel, state, event_id, attempts,"
            " next_at, reason FROM action"
        )
    ]  # fmt: skip


def shown(rows: list[Row]) -> list[Row]:
    """The rows as the list has them."""
    return [row[: 1 + len(LIST.columns)] for row in rows]


def expected(
    rows: list[Row], conditions: tuple[Condition, ...], sorts: tuple[Sort, ...]
) -> list[Row]:
    """The rows that fulfil all conditions, in order."""
    chosen = [row for row in rows if all(_fulfils(row, one) for one in conditions)]
    chosen.sort(key=lambda row: row[0], reverse=bool(sorts) and sorts[0].descending)
    for sort in reversed(sorts):
        chosen.sort(key=lambda row: value(row, sort.column), reverse=sort.descending)
    return chosen


def value(row: Row, column: str) -> Any:
    names = [one.name for one in LIST.columns] + ["event_id", "late"]
    return row[1 + names.index(column)]


def _fulfils(row: Row, condition: Condition) -> bool:
    return _plainly(row, condition) != condition.negated


def _plainly(row: Row, condition: Condition) -> bool:
    name, operator, wanted = condition.column, condition.operator, condition.value
    if name == "is":
        return _is(row, str(wanted))
    given = value(row, name or "login")
    if wanted == "" and operator in (":", "="):
        return given in (None, "")
    if given is None:
        return False
    if name in ("at", "next_at"):
        given = datetime.fromtimestamp(given / 1000, UTC).strftime("%Y-%m-%d")
        given = given[: len(str(wanted))]
    if operator == ":":
        return bool(given.startswith(wanted))
    if operator == "~":
        return wanted in given
    return bool({"=": given == wanted, "<": given < wanted, "<=": given <= wanted,
                 ">": given > wanted, ">=": given >= wanted}[operator])  # fmt: skip


def _is(row: Row, what: str) -> bool:
    if what == "late":
        return bool(value(row, "late"))
    is_open = value(row, "state") in OPEN_STATES
    if what == "open":
        return is_open
    return value(row, "kind") == "receipt" and (is_open or value(row, "receipt") == "new")
