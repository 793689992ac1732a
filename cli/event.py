"""`billdeck event`: what a hook script of another system calls when something happened there."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cli.parser import add_command
from cli.session import Session
from engine.money import format_amount, parse_amount
from engine.period import format_ms, parse_when
from engine.text import safe

if TYPE_CHECKING:
    from engine.events.answers import Told

_MINUTE_MS = 60_000


def register(subparsers: Any) -> None:
    parser = add_command(
        subparsers,
        "event",
        run,
        role="operator",
        help="record what happened to a subscriber elsewhere, with what follows from it",
        more="TYPE is payment, refund, limit, credit, tariff-change, freeze, block, unblock, delete"
        " or real-ip; UID the subscriber's external uid, else the login.",
    )
    parser.add_argument("type", metavar="TYPE")
    parser.add_argument("uid", metavar="UID")
    parser.add_argument("--payment", metavar="ID", help="the payment's name in the other system")
    parser.add_argument("--amount", metavar="A", help="such as 1234.05; of a limit, the new one")
    parser.add_argument(
        "--time", metavar="T", help="when it happened, such as 2026-10-05T14:30:00 (now)"
    )
    parser.add_argument(
        "--key", metavar="K", help="a name for the event that makes a repeat harmless"
    )
    parser.add_argument(
        "--by",
        choices=("subscriber", "staff", "system"),
        help="who changed the plan, of a tariff-change (staff)",
    )


def run(args: argparse.Namespace, session: Session) -> int:
    """Records one event and prints its number and what follows."""
    from engine.events.hook import Given, Hook, kind_of
    from engine.events.setup import rules_of

    config = session.config
    given = Given(
        kind_of(args.type),
        args.uid,
        args.payment,
        None if args.amount is None else parse_amount(args.amount),
        None if args.time is None else parse_when(args.time, config.billing.timezone),
        args.key,
        args.by,
    )
    hook = Hook(
        session.database,
        rules_of(config),
        config.billing,
        session.clock,
        session.actor,
        config.database.wait_seconds,
    )
    if not config.mikbill.is_there:
        _tell([hook.record(given)], session)
        return 0
    from engine.mikbill.hook import call

    answer = call(hook, config.mikbill, given)
    if answer.remark:
        session.out.note(answer.remark)
    _tell(answer.events, session)
    return 0


def _tell(events: Sequence[Told], session: Session) -> None:
    data = {"events": [_data(told, session) for told in events]}
    session.out.result(data, [line for told in events for line in _lines(told, session)])


def _data(told: Told, session: Session) -> dict[str, Any]:
    zone = session.config.billing.timezone
    return {
        "event": told.event,
        "repeated": told.repeated,
        "kind": told.kind,
        "login": told.login,
        "amount": None if told.amount is None else format_amount(told.amount),
        "at": format_ms(told.at, zone),
        "recorded_at": format_ms(told.recorded_at, zone),
        "late": told.is_late,
        "actions": [
            {"kind": kind, "channel": channel, "state": state}
            for kind, channel, state in told.follows
        ],
    }


def _lines(told: Told, session: Session) -> list[str]:
    kind = told.kind.replace("_", " ")
    amount = "" if told.amount is None else f" {session.money(told.amount)}"
    when = format_ms(told.at, session.config.billing.timezone)
    lines = [f"Event {told.event}: {kind}{amount}, {safe(told.login, 64)}, {when}."]
    if told.repeated:
        lines.insert(0, "This event was recorded before. Nothing was changed.")
    if told.is_late:
        lines.append(f"It was late: {duration(told.recorded_at - told.at)} after the {kind}.")
    follows = ", ".join(
        f"{action.replace('_', ' ')} ({safe(channel, 60)}{', suppressed' if dry else ''})"
        for action, channel, dry in (
            (action, channel, state == "suppressed") for action, channel, state in told.follows
        )
    )
    return [*lines, f"What follows: {follows or 'nothing'}."]


def duration(ms: int) -> str:
    """A stretch of time for people: `1 h 3 min`, `2 days 4 h`."""
    minutes = ms // _MINUTE_MS
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} day{'' if days == 1 else 's'} {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
