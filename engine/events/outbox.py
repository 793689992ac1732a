"""The outbox: what is due, and handing it out. `results` keeps what became of it.

One delivery at a time works on it, which its lease proves in every transaction; persons may call
off what is not under way. What is handed out is committed as `sending` before anything is sent, so
after a crash it is known what may have been.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.database import Database
from engine.events.kinds import ActionKind

# Actions for which another one of the same subscriber and channel waits: what is put off to a later
# time holds up nobody.
_EARLIER = (
    "SELECT 1 FROM action e WHERE e.subscriber_id = a.subscriber_id AND e.channel = a.channel"
    " AND e.id < a.id AND (e.state IN ('sending', 'retrying')"
    " OR (e.state = 'waiting' AND e.next_at <= ?))"
)
_EXPIRED = " OR ".join(
    f"EXISTS (SELECT 1 FROM action WHERE state = '{state}' AND expires_at <= ?)"
    for state in ("waiting", "retrying")
)
EXPIRE_AT_ONCE = 500
"""So many are ended in one transaction because their time is over."""

COLUMNS = "id, event_id, subscriber_id, kind, channel, action_key, payload, attempts, sent_at"
"""What `handed` reads."""


@dataclass(frozen=True, slots=True)
class Handed:
    """An action that was handed out. `attempts` counts this sending; `sent_at` is when it began."""

    id: int
    event_id: int
    subscriber_id: int
    kind: ActionKind
    channel: str
    key: str
    payload: Mapping[str, Any]
    attempts: int
    sent_at: int


def hand_out(
    database: Database, channel: str, now_ms: int, most: int, in_flight: Collection[int]
) -> list[Handed]:
    """Marks up to `most` due actions of a channel as being sent, in the caller's transaction; the
    longest due first, of one subscriber in their order. `in_flight` are those of the caller that
    were handed out before."""
    # Marked already and not in flight: the commit succeeded and only its answer was lost.
    marked = database.rows(
        f"SELECT {COLUMNS} FROM action WHERE channel = ? AND state = 'sending' ORDER BY id",
        (channel,),
    )
    if missed := [row for row in marked if row[0] not in in_flight]:
        return handed(missed)
    candidates: list[tuple[int, int]] = []
    for state in ("waiting", "retrying"):
        candidates += database.rows(
            "SELECT a.next_at, a.id FROM action a WHERE a.channel = ? AND a.state = ?"
            " AND a.next_at <= ? AND (a.expires_at IS NULL OR a.expires_at > ?)"
            f" AND NOT EXISTS ({_EARLIER}) ORDER BY a.next_at, a.id LIMIT ?",
            (channel, state, now_ms, now_ms, now_ms, most),
        )
    # One that is being asked for may have been set to wait by a person: its answer comes first.
    numbers = [number for _, number in sorted(candidates)[:most] if number not in in_flight]
    if not numbers:
        return []
    marks = ", ".join("?" * len(numbers))
    # A person may have called one off since: locked, and looked at again.
    rows = database.rows(
        f"SELECT id FROM action WHERE id IN ({marks}) AND state IN ('waiting', 'retrying')"
        f" {database.dialect.lock_rows}",
        numbers,
    )
    numbers = [number for (number,) in rows]
    if not numbers:
        return []
    marks = ", ".join("?" * len(numbers))
    database.execute(
        "UPDATE action SET state = 'sending', attempts = attempts + 1, sent_at = ?, next_at = NULL"
        f" WHERE id IN ({marks})",
        (now_ms, *numbers),
    )
    return handed(
        database.rows(f"SELECT {COLUMNS} FROM action WHERE id IN ({marks}) ORDER BY id", numbers)
    )


def to_ask(database: Database, channel: str, now_ms: int, most: int) -> list[Handed]:
    """Actions of which it is unknown what became of them, and for which the provider can be asked
    now. They stay as they are: asking changes nothing."""
    return handed(
        database.rows(
            f"SELECT {COLUMNS} FROM action WHERE channel = ? AND state = 'unknown'"
            " AND next_at <= ? ORDER BY next_at, id LIMIT ?",
            (channel, now_ms, most),
        )
    )


def handed(rows: Sequence[Sequence[Any]]) -> list[Handed]:
    """Actions from rows of COLUMNS."""
    return [
        Handed(row[0], row[1], row[2], row[3], row[4], row[5], json.loads(row[6]), row[7], row[8])
        for row in rows
    ]


def expire(database: Database, now_ms: int) -> int:
    """Ends what came too late to be carried out, up to EXPIRE_AT_ONCE, in the caller's transaction;
    returns how many. After a day without a provider there may be very many: one statement over all
    of them would keep everybody else from writing."""
    ended = 0
    for state in ("waiting", "retrying"):
        numbers = [
            number
            for (number,) in database.rows(
                "SELECT id FROM action WHERE state = ? AND expires_at <= ? ORDER BY expires_at"
                " LIMIT ?",
                (state, now_ms, EXPIRE_AT_ONCE - ended),
            )
        ]
        if numbers:
            # A person may have given one its time anew since.
            ended += database.execute(
                "UPDATE action SET state = 'expired', next_at = NULL, ended_at = ?, reason ="
                " CASE WHEN reason = '' THEN 'its time was over' ELSE reason END"
                f" WHERE id IN ({', '.join('?' * len(numbers))}) AND state = ? AND expires_at <= ?",
                (now_ms, *numbers, state, now_ms),
            ).rowcount
    return ended


def has_expired(database: Database, now_ms: int) -> bool:
    """Whether there is anything for `expire`."""
    return bool(database.value(f"SELECT {_EXPIRED}", (now_ms, now_ms)))


def has_work(database: Database, channels: Collection[str], now_ms: int) -> bool:
    """Whether there is anything for a delivery that serves these channels."""
    if any(name in channels for name, _ in due_channels(database, now_ms)):
        return True
    lost = "EXISTS (SELECT 1 FROM action WHERE state = 'sending')"
    return bool(database.value(f"SELECT {lost} OR {_EXPIRED}", (now_ms, now_ms)))


def due_channels(database: Database, now_ms: int) -> list[tuple[str, int]]:
    """The channels that are not paused and have something due that waits for nothing else, each
    with its failures in a row."""
    due = " OR ".join(
        "EXISTS (SELECT 1 FROM action a WHERE a.channel = c.name"
        f" AND a.state = '{state}' AND a.next_at <= ?{condition})"
        for state, condition in (
            ("waiting", f" AND NOT EXISTS ({_EARLIER})"),
            ("retrying", f" AND NOT EXISTS ({_EARLIER})"),
            ("unknown", ""),
        )
    )
    return database.rows(
        "SELECT c.name, c.failures FROM channel c WHERE (c.paused_at IS NULL"
        f" OR c.paused_until <= ?) AND ({due}) ORDER BY c.name",
        (now_ms,) * 6,
    )
