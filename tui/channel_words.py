"""A paused channel in words."""

from __future__ import annotations

from datetime import tzinfo

from engine.events.pauses import Channel
from tui.event_words import moment


def pause_words(channel: Channel, zone: tzinfo) -> str:
    """`smsc is paused since 2026-11-21 14:02 until a person lifts it: wrong password`."""
    since = moment(channel.paused_at, zone)
    until = "a person lifts it" if channel.paused_until is None else moment(channel.paused_until,
                                                                            zone)  # fmt: skip
    return f"{channel.name} is paused since {since} until {until}: {channel.reason}"
