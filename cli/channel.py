"""`billdeck channel list|pause|lift`: the ways that actions go by, and their pauses."""

from __future__ import annotations

import argparse
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from cli.action import hand, time_or_none
from cli.parser import add_command, add_group
from cli.session import Session
from engine.period import format_ms

if TYPE_CHECKING:
    from engine.queries.actions import ChannelRow

_STATES = ("waiting", "sending", "retrying", "unknown", "dead")
_HEADS = ("channel", ">waiting", ">sending", ">retrying", ">unknown", ">dead", "paused", "why")


def register(subparsers: Any) -> None:
    group = add_group(subparsers, "channel", help="providers and NAS that actions go by")
    add_command(group, "list", list_all, role="viewer", help="list them, with what waits on each")
    parser = add_command(
        group,
        "pause",
        pause,
        role="admin",
        help="hand nothing more out on a channel, until it is lifted",
    )
    parser.add_argument("name", metavar="NAME", help="the channel")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why")
    parser = add_command(group, "lift", lift, role="admin", help="end the pause of a channel")
    parser.add_argument("name", metavar="NAME", help="the channel")


def list_all(_args: argparse.Namespace, session: Session) -> int:
    """Prints the channels."""
    from engine.queries.actions import channels

    zone = session.config.billing.timezone
    found = channels(session.database)
    lines = session.out.table(_HEADS, [_cells(one, zone) for one in found])
    data = {"channels": [_data(one, zone) for one in found]}
    session.out.result(data, lines if found else ["No action went by any channel yet."])
    return 0


def _data(row: ChannelRow, zone: tzinfo) -> dict[str, Any]:
    channel = row.channel
    return {
        "name": channel.name,
        "paused_at": time_or_none(channel.paused_at, zone),
        "paused_until": time_or_none(channel.paused_until, zone),
        "paused_by": channel.paused_by,
        "reason": channel.reason,
        "failures": channel.failures,
        **{state: getattr(row, state) for state in _STATES},
    }


def _cells(row: ChannelRow, zone: tzinfo) -> list[str]:
    channel, paused = row.channel, ""
    if channel.paused_at is not None:
        until = "it is lifted"
        if channel.paused_until is not None:
            until = format_ms(channel.paused_until, zone)[:19].replace("T", " ")
        paused = f"by {channel.paused_by} until {until}"
    return [
        channel.name, *(str(getattr(row, state)) for state in _STATES), paused, channel.reason,
    ]  # fmt: skip


def pause(args: argparse.Namespace, session: Session) -> int:
    """Pauses a channel; what is being sent comes to its end."""
    from engine.events import channel_hand

    change = channel_hand.pause(session.database, args.name, args.reason, hand(session))
    words = f"{change.after.name} is paused until it is lifted: what is due waits."
    session.out.result({"channel": change.after.name, "changed": change.changed}, [words])
    return 0


def lift(args: argparse.Namespace, session: Session) -> int:
    """Ends a pause, whoever made it."""
    from engine.events import channel_hand

    change = channel_hand.lift(session.database, args.name, hand(session))
    words = "is not paused any more" if change.changed else "was not paused"
    data = {"channel": change.after.name, "changed": change.changed}
    session.out.result(data, [f"{change.after.name} {words}."])
    return 0
