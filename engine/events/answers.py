"""What is said of a recorded event, read back from the database, so that a repeat answers alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from engine.database import Database
from engine.events.kinds import EventKind

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Told:
    """An event that was recorded now, or before (`repeated`). Times are epoch milliseconds, amounts
    minor units. `follows` are its actions: kind, channel, state."""

    event: int
    key: str
    kind: EventKind
    login: str
    at: int
    recorded_at: int
    is_late: bool
    amount: int | None
    content_hash: str
    follows: tuple[tuple[str, str, str], ...]
    repeated: bool = False


def read_told(database: Database, keys: Sequence[str]) -> list[Told]:
    """The events of these keys in the order of their numbers; a key that is none is not there."""
    found: list[Told] = []
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(part))
        rows = database.rows(
            "SELECT e.id, e.event_key, e.kind, s.login, e.at, e.recorded_at, e.is_late, e.amount,"
            " e.content_hash FROM event e JOIN subscriber s ON s.id = e.subscriber_id"
            f" WHERE e.event_key IN ({marks})",
            part,
        )
        follows = _follows(database, [int(row[0]) for row in rows])
        for number, key, kind, login, at, recorded_at, late, amount, hashed in rows:
            told = Told(
                int(number), key, kind, login, int(at), int(recorded_at), bool(late),
                None if amount is None else int(amount), hashed, tuple(follows[int(number)]),
            )  # fmt: skip
            found.append(told)
    return sorted(found, key=lambda told: told.event)


def _follows(database: Database, events: Sequence[int]) -> dict[int, list[tuple[str, str, str]]]:
    follows: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    if not events:
        return follows
    marks = ", ".join("?" * len(events))
    for event, kind, channel, state in database.rows(
        f"SELECT event_id, kind, channel, state FROM action WHERE event_id IN ({marks})"
        " AND round = 1 ORDER BY id",
        events,
    ):
        follows[int(event)].append((kind, channel, state))
    return follows
