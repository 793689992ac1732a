"""The receipts that a provider has accepted, as rows: added when it has, read when they are due."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.database import Database
from engine.events.kinds import State
from engine.integrations.komtet import TaskState

FIRST_SECONDS = 5
LONGEST_SECONDS = 600

COLUMNS = (
    "a.id, a.action_key, a.event_id, a.subscriber_id, a.round, a.state, a.payload, r.task,"
    " r.state, r.accepted_at, r.asked, r.detail"
)
"""What `known` reads, of `action a` and `receipt r`."""


@dataclass(frozen=True, slots=True)
class Known:
    """A receipt that was accepted, with the action it is of. `key` is our name for it, `task`
    theirs; `action_state` is that of the action, `state` that of the receipt. `asked` is how often
    its state was asked for, `detail` what was said last."""

    action: int
    key: str
    event: int
    subscriber: int
    round: int
    action_state: State
    payload: Mapping[str, Any]
    task: str
    state: TaskState
    accepted_at: int
    asked: int
    detail: str


def known(rows: Sequence[Sequence[Any]]) -> list[Known]:
    """Receipts from rows of COLUMNS."""
    return [Known(*(*row[:6], json.loads(row[6]), *row[7:])) for row in rows]


def wait_ms(asked: int, after_seconds: float | None = None) -> int:
    """Milliseconds from one question, the `asked`-th (0: the acceptance), to the next: 5 s, 10 s,
    twice as long each time, 10 minutes at most, but never less than they ask us to wait. Pure."""
    seconds = min(FIRST_SECONDS * 2 ** min(asked, 30), LONGEST_SECONDS)
    return int(max(seconds, after_seconds or 0) * 1_000)


def accept(
    database: Database, rows: Sequence[tuple[int, str, int]], there: Collection[int] = ()
) -> None:
    """Adds receipts that were accepted, in the caller's transaction: rows of action, task, and when
    (epoch milliseconds). From now on their state is asked for. `there` are the actions that have a
    receipt from before: where that failed, and a person has sent the action again, it is asked for
    anew."""
    added = [(*row, row[2] + wait_ms(0)) for row in rows if row[0] not in there]
    if added:
        database.write_many(
            "INSERT INTO receipt (action_id, task, state, accepted_at, next_at)"
            " VALUES (?, ?, 'new', ?, ?)",
            added,
        )
    for action, task, at in rows:
        if action in there:
            database.execute(
                "UPDATE receipt SET task = ?, state = 'new', accepted_at = ?, next_at = ?,"
                " ended_at = NULL, asked = 0 WHERE action_id = ? AND state = 'error'",
                (task, at, at + wait_ms(0), action),
            )


def due(
    database: Database, channel: str, now_ms: int, most: int, careful_after: int
) -> list[Known]:
    """Up to `most` receipts of a channel whose state is to be asked for now, the longest due first;
    none while the channel is paused. One only where it has failed `careful_after` times in a row:
    that one tries whether it is back."""
    row = database.row(
        "SELECT failures FROM channel WHERE name = ? AND (paused_at IS NULL OR paused_until <= ?)",
        (channel, now_ms),
    )
    if row is None:
        return []
    return known(
        database.rows(
            f"SELECT {COLUMNS} FROM receipt r {database.dialect.ordered_join} action a"
            " ON a.id = r.action_id WHERE r.state = 'new' AND r.next_at <= ? AND a.channel = ?"
            " ORDER BY r.next_at, r.action_id LIMIT ?",
            (now_ms, channel, 1 if row[0] >= careful_after else most),
        )
    )


def is_any_due(database: Database, channel: str, now_ms: int) -> bool:
    """Whether there is anything to ask for now."""
    return bool(due(database, channel, now_ms, 1, 1))
