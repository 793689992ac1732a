"""A paused channel in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from engine.events.pauses import Channel
from tui.event_words import moment

_MOST = 3


def pause_words(channel: Channel, zone: tzinfo) -> str:
    """`smsc is paused since 2026-11-21 14:02 until a person lifts it: wrong password`."""
    since = moment(channel.paused_at, zone)
    until = "a person lifts it" if channel.paused_until is None else moment(channel.paused_until,
                                                                            zone)  # fmt: skip
    return f"{channel.name} is paused since {since} until {until}: {channel.reason}"


def paused_lines(paused: Sequence[Channel], zone: tzinfo, sign: str) -> tuple[str, ...]:
    """A line for each of the first paused channels: `x smsc paused until lifted: wrong password`;
    what is behind them is counted."""
    lines = []
    for one in paused[:_MOST]:
        until = "lifted" if one.paused_until is None else moment(one.paused_until, zone)
        lines.append(f" {sign} {one.name} paused until {until}: {one.reason}")
    if len(paused) > _MOST:
        lines.append(f" {sign} and {len(paused) - _MOST} more: i shows them")
    return tuple(lines)
