"""What of events and their actions a person should look at. It is asked for every second, so it
looks at a part of what is open, and at nothing that is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from engine.database import Database
from engine.events.pauses import read_channels

TroubleKind = Literal[
    "actions_dead", "actions_unknown", "receipt_errors", "receipts_late", "channel_paused"
]

_DAYS = 7
_DAY_MS = 86_400_000
_LATE_MS = 3_600_000
# Of the dead and the unknown so many are looked at, the newest; of what waits the oldest.
_MOST = 1_000
_MOST_WAITING = 5_000
_FEW_CHANNELS = 3


class Trouble(NamedTuple):
    """One thing to look at: a channel's name or "actions", and a sentence for people, not made
    safe."""

    kind: TroubleKind
    subject: str
    text: str


def event_trouble(database: Database, now_ms: int) -> Iterator[Trouble]:
    """The troubles in the order of their weight."""
    receipts, others = _dead(database, now_ms - _DAYS * _DAY_MS)
    if receipts:
        yield Trouble(
            "receipt_errors",
            "receipts",
            f"{_so_many(receipts, 'receipt')} could not be made:"
            " `billdeck action list --kind receipt --state dead` names them, `action show ID` tells"
            " why; `billdeck receipt again` or mark-done sees to them.",
        )
    if number := _late_receipts(database, now_ms - _LATE_MS):
        yield Trouble(
            "receipts_late",
            "receipts",
            f"{_so_many(number, 'receipt')} {'is' if number == 1 else 'are'} not made after more"
            " than an hour: `billdeck channel list` tells whether the provider takes them.",
        )
    if others:
        yield Trouble(
            "actions_dead",
            "actions",
            f"{_so_many(others, 'action')} failed for good in the last {_DAYS} days:"
            " `billdeck action list --state dead` names them; retry, resend, cancel or mark-done"
            " sees to them.",
        )
    if number := _unknown(database):
        yield Trouble(
            "actions_unknown",
            "actions",
            f"Whether {_so_many(number, 'action')} {'was' if number == 1 else 'were'} carried out"
            " nobody knows: `billdeck action list --state unknown` names them; mark-done, retry or"
            " cancel decides.",
        )
    yield from _paused(database, now_ms)


def _so_many(number: int, what: str) -> str:
    if number >= _MOST:
        return f"{number} or more {what}s"
    return f"{number} {what}{'' if number == 1 else 's'}"


def _dead(database: Database, since: int) -> tuple[int, int]:
    """The receipts, which are owed until somebody sees to them, and since then all others."""
    by_state = database.dialect.by_index("action_state")
    row = database.row(
        "SELECT SUM(CASE WHEN n.kind = 'receipt' THEN 1 ELSE 0 END), SUM(CASE WHEN"
        " n.kind <> 'receipt' AND n.ended_at > ? THEN 1 ELSE 0 END) FROM (SELECT a.kind, a.ended_at"
        f" FROM action a {by_state} WHERE a.state = 'dead' ORDER BY a.id DESC LIMIT ?) n",
        (since, _MOST),
    )
    receipts, others = row or (0, 0)
    return int(receipts or 0), int(others or 0)


def _unknown(database: Database) -> int:
    by_state = database.dialect.by_index("action_state")
    return database.integer(
        f"SELECT COUNT(*) FROM (SELECT a.next_at FROM action a {by_state} WHERE"
        " a.state = 'unknown' ORDER BY a.id DESC LIMIT ?) n WHERE n.next_at IS NULL",
        (_MOST,),
    )


def _late_receipts(database: Database, before: int) -> int:
    """Those that the provider has not accepted, and those that it has not made, since then."""
    by_receipt, by_state = map(database.dialect.by_index, ("receipt_state", "action_state"))
    late = database.integer(
        f"SELECT COUNT(*) FROM (SELECT r.accepted_at FROM receipt r {by_receipt} WHERE"
        " r.state = 'new' LIMIT ?) n WHERE n.accepted_at < ?",
        (_MOST_WAITING, before),
    )
    for state in ("waiting", "retrying"):
        late += database.integer(
            f"SELECT COUNT(*) FROM (SELECT a.kind, a.created_at FROM action a {by_state} WHERE"
            " a.state = ? ORDER BY a.id LIMIT ?) n WHERE n.kind = 'receipt' AND n.created_at < ?",
            (state, _MOST_WAITING, before),
        )
    return late


def _paused(database: Database, now_ms: int) -> Iterator[Trouble]:
    """The channels that are left alone. One whose time is over is tried again by itself."""
    paused = [
        channel
        for channel in read_channels(database)
        if channel.paused_at is not None
        and (channel.paused_until is None or channel.paused_until > now_ms)
    ]
    if len(paused) > _FEW_CHANNELS:
        named = ", ".join(channel.name for channel in paused[:_FEW_CHANNELS])
        yield Trouble(
            "channel_paused",
            "",
            f"{len(paused)} channels are paused, {named} among them: `billdeck channel list` tells"
            " why.",
        )
        return
    for channel in paused:
        if channel.paused_until is None:
            then = f"when that is mended: `billdeck channel lift {channel.name}`."
        else:
            minutes = -(-(channel.paused_until - now_ms) // 60_000)
            then = f"it is tried again in {minutes} min."
        text = f"{channel.name} is paused by {channel.paused_by}: {channel.reason}; {then}"
        yield Trouble("channel_paused", channel.name, text)
