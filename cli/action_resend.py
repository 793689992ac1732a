"""`billdeck action resend`: failed notices are sent once more, many at a time, after a preview."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cli.parser import add_command, row_number
from cli.session import Session
from engine.errors import InputError, NeedsConfirmation
from engine.period import parse_when

if TYPE_CHECKING:
    from engine.events.resend import FailedNotices

_DAYS = 7
_DAY_MS = 86_400_000
# engine.events.resend has the same, and is not imported for a help text.
_STATES = ("dead", "expired", "cancelled", "unknown")


def add(group: Any) -> None:
    """Declares the command."""
    parser = add_command(
        group,
        "resend",
        run,
        role="admin",
        help="send failed notices once more",
        more="Each becomes a new action of its event, to the subscriber's number of now. Shows"
        " what it is about, and asks for the count.",
    )
    parser.add_argument("ids", metavar="ID", type=row_number, nargs="*", help="only these actions")
    parser.add_argument("--since", metavar="T", help=f"of events since then ({_DAYS} days ago)")
    parser.add_argument("--until", metavar="T", help="of events before then (now)")
    parser.add_argument(
        "--state",
        metavar="S",
        choices=_STATES,
        action="append",
        help=f"{', '.join(_STATES)}; may be given again (dead and expired)",
    )
    parser.add_argument("--channel", metavar="C", help="only what failed on this channel")
    parser.add_argument("--dry-run", action="store_true", help="show what it is about, no more")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace, session: Session) -> int:
    """Shows which notices failed, asks, and sends them once more."""
    from cli.action import hand, tell
    from engine.events.plan import Moment
    from engine.events.resend import resend
    from engine.events.setup import rules_of

    found = _found(args, session)
    if args.dry_run or not found.ids:
        session.out.result(_data(found), [*_lines(found), "Nothing was sent."])
        return 0
    if not args.yes:
        _ask(found, session)
    billing, now = session.config.billing, session.clock.now_ms()
    moment = Moment(now, billing.timezone, billing.currency)
    answer = resend(
        session.database, rules_of(session.config), moment, found.ids, hand(session), True
    )
    return tell(answer, "sent again", session)


def _found(args: argparse.Namespace, session: Session) -> FailedNotices:
    from engine.events.resend import FAILED, failed_notices, failed_of

    chosen = (args.since, args.until, args.state, args.channel)
    if args.ids:
        if any(one is not None for one in chosen):
            raise InputError("actions named by their numbers need no --since, --state or the like")
        return failed_of(session.database, args.ids)
    zone = session.config.billing.timezone
    since = session.clock.now_ms() - _DAYS * _DAY_MS
    return failed_notices(
        session.database,
        since if args.since is None else parse_when(args.since, zone),
        None if args.until is None else parse_when(args.until, zone),
        args.state or FAILED,
        args.channel,
    )


def _ask(found: FailedNotices, session: Session) -> None:
    lines = list(_lines(found))
    if not session.at_terminal():
        raise NeedsConfirmation("\n".join(lines) + "\nNothing was sent. Use --yes to go on.")
    if not session.asked_for(str(len(found.ids)), lines):
        raise NeedsConfirmation("that was not the count. Nothing was sent.")


def _data(found: FailedNotices) -> dict[str, Any]:
    return {
        "count": len(found.ids),
        "groups": [
            {
                "state": one.state,
                "channel": one.channel,
                "reason": one.reason,
                "count": one.count,
            }
            for one in found.groups
        ],
        "first_logins": list(found.logins),
    }


def _lines(found: FailedNotices) -> Iterator[str]:
    number = len(found.ids)
    yield f"{number} notice{'' if number == 1 else 's'} to send again."
    for one in found.groups:
        doubt = ": IT MAY HAVE COME ALREADY" if one.state == "unknown" else ""
        yield f"  {one.count} {one.state} on {one.channel}: {one.reason or 'no reason'}{doubt}"
    if found.logins:
        yield f"The first are of {', '.join(found.logins)}."
