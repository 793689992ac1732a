"""When a channel is paused, and when it goes on.

A provider that does not let us in is left alone until a person has seen to it. One that fails again
and again is left alone for a while; then one action tries whether it is back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from engine.database import Database
from engine.events.outcome import Outcome
from engine.events.settings import EventsConfig
from engine.text import safe

BY_ITSELF = "event-delivery"
_REASON_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as stored. It is paused while `paused_at` is set: until `paused_until`, or, where
    that is None, until a person lifts it. Epoch milliseconds."""

    name: str
    paused_at: int | None = None
    paused_until: int | None = None
    paused_by: str = ""
    reason: str = ""
    failures: int = 0


def after(channel: Channel, outcomes: Iterable[Outcome], rules: EventsConfig, now: int) -> Channel:
    """The channel after some outcomes, in their order. Pure. A pause that a person made, or has to
    lift, is left as it is."""
    for outcome in outcomes:
        by_hand = channel.paused_at is not None and channel.paused_until is None
        if outcome.verdict == "denied":
            if not by_hand:
                channel = _paused(channel, now, None, outcome.detail)
        elif not outcome.is_outage:
            was_down = channel.failures >= rules.pause_after
            channel = replace(channel, failures=0)
            # The time that the provider itself has asked for is not over because it has answered
            # something that was under way.
            if channel.paused_until is not None and (was_down or channel.paused_until <= now):
                channel = Channel(channel.name)
        else:
            channel = replace(channel, failures=channel.failures + 1)
            wait = int((outcome.after_seconds or 0) * 1_000)
            if channel.failures >= rules.pause_after:
                wait = max(wait, rules.pause_minutes * 60_000)
            until = max(now + wait, channel.paused_until or 0)
            if wait and not by_hand:
                channel = _paused(channel, now, until, outcome.detail)
    return channel


def _paused(channel: Channel, now: int, until: int | None, reason: str) -> Channel:
    return replace(
        channel, paused_at=now, paused_until=until, paused_by=BY_ITSELF, reason=reason
    )  # fmt: skip


def read_channels(database: Database, names: Sequence[str] | None = None) -> list[Channel]:
    """The channels of these names, or all, in the order of their names. With names they are
    locked until the transaction ends, for whoever is about to change them."""
    where, lock, values = "", "", list(names or ())
    if names is not None:
        where = f"WHERE name IN ({', '.join('?' * len(values))})"
        # A person may pause one at the same moment: the later of two changes sees the earlier.
        lock = database.dialect.lock_rows
    return [
        Channel(*row)
        for row in database.rows(
            "SELECT name, paused_at, paused_until, paused_by, reason, failures FROM channel"
            f" {where} ORDER BY name {lock}",
            values,
        )
    ]


def keep_channel(database: Database, channel: Channel) -> None:
    """Stores the channel, in the caller's transaction."""
    database.execute(
        "UPDATE channel SET paused_at = ?, paused_until = ?, paused_by = ?, reason = ?,"
        " failures = ? WHERE name = ?",
        (
            channel.paused_at, channel.paused_until, channel.paused_by,
            safe(channel.reason, _REASON_LENGTH), channel.failures, channel.name,
        ),
    )  # fmt: skip
