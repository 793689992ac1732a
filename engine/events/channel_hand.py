"""Pausing a channel by hand, and lifting a pause, whoever made it. Audited, safe to repeat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.audit import AuditLine, is_audited, write_audit
from engine.database import Database
from engine.errors import InputError
from engine.events.by_hand import Hand, require_words
from engine.events.pauses import Channel, keep_channel, read_channels
from engine.retry import run_unit
from engine.text import safe

_REASON_LENGTH = 300


@dataclass(frozen=True, slots=True)
class ChannelChange:
    """A channel before and after; the same when nothing was to be done."""

    before: Channel
    after: Channel

    @property
    def changed(self) -> bool:
        """Whether anything was."""
        return self.before != self.after


def pause(database: Database, name: str, reason: str, hand: Hand) -> ChannelChange:
    """Pauses a channel until a person lifts it: what is being sent ends, nothing more is handed
    out. Raises InputError without a reason, and for a channel that nothing ever went by."""
    words = safe(require_words(reason, "a reason"), _REASON_LENGTH)
    return _change(
        database,
        Channel(name, hand.now_ms, None, hand.actor, words),
        "channel pause",
        hand,
    )


def lift(database: Database, name: str, hand: Hand) -> ChannelChange:
    """Ends the pause of a channel, and forgets its failures: what is due is handed out again."""
    return _change(database, Channel(name), "channel lift", hand)


def _change(database: Database, wanted: Channel, action: str, hand: Hand) -> ChannelChange:
    kept: ChannelChange | None = None

    def attempt() -> ChannelChange:
        nonlocal kept
        with database.transaction():
            found = read_channels(database, [wanted.name])
            if not found:
                raise _no_channel(database, wanted.name)
            line = _line(found[0], wanted, action, hand)
            if kept is not None and is_audited(database, _line(*_pair(kept), action, hand)):
                return kept
            kept = ChannelChange(found[0], wanted)
            if kept.changed:
                keep_channel(database, wanted)
                write_audit(database, line)
            return kept

    return run_unit(database, attempt, hand.wait_seconds)


def _pair(change: ChannelChange) -> tuple[Channel, Channel]:
    return change.before, change.after


def _line(before: Channel, after: Channel, action: str, hand: Hand) -> AuditLine:
    return AuditLine(
        hand.now_ms, hand.actor, action, f"channel:{before.name}", _state(before), _state(after)
    )


def _state(channel: Channel) -> dict[str, Any] | None:
    if channel.paused_at is None:
        return None
    return {
        "paused_at": channel.paused_at,
        "paused_until": channel.paused_until,
        "paused_by": channel.paused_by,
        "reason": channel.reason,
    }


def _no_channel(database: Database, name: str) -> InputError:
    known = ", ".join(channel.name for channel in read_channels(database)[:40])
    return InputError(
        f"there is no channel '{safe(name, 60)}': {safe(known, 2000) or 'nothing went by any yet'}."
        " Nothing was changed."
    )
