"""What stands above the list of actions: how many have which state, which channels are paused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.database import Database
from engine.events.pauses import Channel, read_channels

_AT_ONCE = 900


@dataclass(frozen=True, slots=True)
class EventCounts:
    """`counts` are the actions by state, those without any left out; `receipts_wrong` are receipts
    in error; `paused` are the channels that are paused now."""

    counts: Mapping[str, int]
    receipts_wrong: int
    paused: tuple[Channel, ...]

    @property
    def actions(self) -> int:
        """All of them."""
        return sum(self.counts.values())


def event_counts(database: Database, now_ms: int) -> EventCounts:
    """The counts as they are now. Reads an index of all actions."""
    counts = database.rows("SELECT state, COUNT(*) FROM action GROUP BY state")
    wrong = database.integer("SELECT COUNT(*) FROM receipt WHERE state = 'error'")
    paused = tuple(one for one in read_channels(database) if is_paused(one, now_ms))
    return EventCounts({str(state): int(count) for state, count in counts}, wrong, paused)


def is_paused(channel: Channel, now_ms: int) -> bool:
    """Whether nothing goes by the channel now."""
    if channel.paused_at is None:
        return False
    return channel.paused_until is None or channel.paused_until > now_ms


def counts_of(database: Database, ids: Sequence[int]) -> Counter[tuple[str, str]]:
    """How many of these actions are of which kind and in which state: (kind, state)."""
    found: Counter[tuple[str, str]] = Counter()
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(part))
        for kind, state, count in database.rows(
            f"SELECT kind, state, COUNT(*) FROM action WHERE id IN ({marks}) GROUP BY kind, state",
            part,
        ):
            found[str(kind), str(state)] += int(count)
    return found
