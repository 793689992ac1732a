"""Recording events with their actions, in the transaction of what caused them: the only door.

An event is one row by its key, its actions are rows beside it, so both are there or neither. For
many events it takes as many statements as for one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import peewee

from engine.database import Database, Row
from engine.dialect import is_duplicate
from engine.events.facts import Facts, Happened
from engine.events.known import read_facts
from engine.events.plan import Moment, Planned, plan
from engine.events.settings import Rules

LATE_MS = 10 * 60_000
"""An event that is recorded so long after it happened is late."""

_AT_ONCE = 100
_EVENT_COLUMNS = {
    "event_key": "VARCHAR(150)", "content_hash": "CHAR(64)", "kind": "VARCHAR(20)",
    "subscriber_id": "BIGINT", "at": "BIGINT", "recorded_at": "BIGINT", "is_late": "SMALLINT",
    "source": "VARCHAR(10)", "caused_by": "VARCHAR(10)", "actor": "VARCHAR(64)",
    "amount": "BIGINT", "entry_id": "BIGINT", "comment": "VARCHAR(300)",
}  # fmt: skip
_ACTION_COLUMNS = {
    "event_id": "BIGINT", "subscriber_id": "BIGINT", "kind": "VARCHAR(20)",
    "channel": "VARCHAR(50)", "round": "INTEGER", "action_key": "CHAR(36)", "payload": "MEDIUMTEXT",
    "state": "VARCHAR(12)", "reason": "VARCHAR(300)", "created_at": "BIGINT", "next_at": "BIGINT",
    "expires_at": "BIGINT", "ended_at": "BIGINT",
}  # fmt: skip


def content_hash(happened: Happened) -> str:
    """SHA-256 (hex) over what makes two events of one key the same."""
    parts = [happened.kind, happened.subscriber_id, happened.amount, happened.by]
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()


def record(database: Database, rules: Rules, moment: Moment, happened: Sequence[Happened]) -> None:
    """Adds the events and the actions that follow, in the caller's transaction. A key that is taken
    raises peewee.IntegrityError (`engine.dialect.is_duplicate`)."""
    if not happened:
        return
    database.fill("event", _EVENT_COLUMNS, [_event_row(one, moment.now_ms) for one in happened])
    if rules.events.mode == "off":
        return
    known = _facts_of(database, rules, happened)
    planned: list[tuple[Happened, list[Planned]]] = []
    for one in happened:
        facts = known.get(one.subscriber_id) if one.facts is None else one.facts
        if facts is not None and (found := plan(one, _before(facts, one), rules, moment)):
            planned.append((one, found))
    numbers = numbers_of(database, [one.key for one, _ in planned])
    rows: list[Row] = []
    for one, found in planned:
        rows += action_rows(numbers[one.key], one.subscriber_id, found, rules, moment)
    add_actions(database, rows)


def _event_row(one: Happened, now_ms: int) -> Row:
    return (
        one.key, content_hash(one), one.kind, one.subscriber_id, one.at, now_ms,
        int(now_ms - one.at > LATE_MS), one.source, one.by, one.actor, one.amount, one.entry_id,
        one.comment,
    )  # fmt: skip


def numbers_of(database: Database, keys: Sequence[str]) -> dict[str, int]:
    """The numbers of events by their keys; a key that is none is not there. One look-up for each,
    all the same in few statements: of a list MariaDB may think that walking through the whole index
    is as quick."""
    found: dict[str, int] = {}
    one = "SELECT event_key, id FROM event WHERE event_key = ?"
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        rows = database.rows(" UNION ALL ".join([one] * len(part)), part)
        found |= {str(key): int(number) for key, number in rows}
    return found


def _facts_of(
    database: Database, rules: Rules, happened: Sequence[Happened]
) -> Mapping[int, Facts]:
    """The facts of those that something may follow."""
    wanted = {
        one.subscriber_id
        for one in happened
        if one.facts is None and rules.events.follows.get(one.kind)
    }
    return read_facts(database, sorted(wanted)) if wanted else {}


def _before(facts: Facts, happened: Happened) -> Facts:
    """The facts with what the event itself has changed taken out."""
    if happened.facts is None:
        facts = replace(facts, balance_before=facts.balance - happened.moved)
    if happened.discounts is not None:
        facts = replace(facts, discounts=happened.discounts)
    return facts


def action_rows(
    event: int,
    subscriber: int,
    planned: Sequence[Planned],
    rules: Rules,
    moment: Moment,
    round: int = 1,
) -> list[Row]:
    """The rows of actions to be; in a dry run they are suppressed from the beginning."""
    dry = rules.events.mode == "dry"
    now = moment.now_ms
    return [
        (
            event, subscriber, one.kind, one.channel, round, str(uuid4()),
            json.dumps(one.payload, ensure_ascii=False), "suppressed" if dry else "waiting",
            "a dry run: mode = dry in [events]" if dry else "", now, None if dry else one.next_at,
            one.expires_at, now if dry else None,
        )
        for one in planned
    ]  # fmt: skip


def add_actions(database: Database, rows: Sequence[Row]) -> None:
    """Adds rows of `action_rows`, and the channels that are not known yet."""
    if not rows:
        return
    channels = sorted({str(row[3]) for row in rows})
    marks = ", ".join("?" * len(channels))
    known: set[Any] = {
        name
        for (name,) in database.rows(f"SELECT name FROM channel WHERE name IN ({marks})", channels)
    }
    for name in channels:
        if name not in known:
            _add_channel(database, name)
    database.fill("action", _ACTION_COLUMNS, rows)


def _add_channel(database: Database, name: str) -> None:
    try:
        database.execute("INSERT INTO channel (name) VALUES (?)", (name,))
    except peewee.IntegrityError as error:
        # Somebody else had an action for it first.
        if not is_duplicate(error):
            raise
