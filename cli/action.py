"""`billdeck action list|show|retry|cancel|mark-done|resend`: what follows events, and what persons
do about it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from cli import action_resend, action_show
from cli.parser import add_command, add_group, row_number
from cli.session import Session
from engine.errors import InputError, NeedsConfirmation
from engine.events.kinds import ACTION_KINDS, STATES
from engine.period import format_ms

if TYPE_CHECKING:
    from engine.events.by_hand import Answer, Hand
    from engine.queries.actions import ActionRow

_MOST = 1_000
_HEADS = (">id", "since", "login", "event", "action", "channel", "state", ">tries", "next or end",
          "why")  # fmt: skip


def register(subparsers: Any) -> None:
    group = add_group(subparsers, "action", help="what follows events: notices, receipts, bonuses")
    parser = add_command(group, "list", list_all, role="viewer", help="list actions, newest first")
    parser.add_argument("--state", choices=STATES, metavar="STATE", help=", ".join(STATES))
    parser.add_argument(
        "--kind", choices=ACTION_KINDS, metavar="KIND", help=", ".join(ACTION_KINDS)
    )
    parser.add_argument("--login", metavar="LOGIN", help="only of this subscriber")
    parser.add_argument(
        "--limit", metavar="N", type=int, default=20, help=f"how many, from 1 to {_MOST} (20)"
    )
    action_show.add(group)
    _with_ids(group, "retry", retry, "operator", "try dead, unknown or expired ones again")
    parser = _with_ids(group, "cancel", cancel, "operator", "call off what was not carried out yet")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why, for those who ask later")
    parser = _with_ids(group, "mark-done", mark_done, "admin", "mark as done what was seen to")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="how it was seen to")
    action_resend.add(group)


def _with_ids(
    group: Any, name: str, run: Callable[[argparse.Namespace, Session], int], role: str, words: str
) -> argparse.ArgumentParser:
    parser = add_command(
        group,
        name,
        run,
        role=role,
        help=words,
        more="What is being sent at the moment is left alone. Exit status 1 when any was refused.",
    )
    parser.add_argument(
        "ids", metavar="ID", type=row_number, nargs="+", help="the number of the action"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser


def list_all(args: argparse.Namespace, session: Session) -> int:
    """Prints the newest actions of a state, a kind, a login."""
    from engine.queries.actions import actions

    if not 1 <= args.limit <= _MOST:
        raise InputError(f"--limit is a number of actions from 1 to {_MOST}")
    zone = session.config.billing.timezone
    rows = actions(
        session.database, state=args.state, kind=args.kind, login=args.login, limit=args.limit
    )
    lines = session.out.table(_HEADS, [_cells(row, zone) for row in rows])
    data = {"actions": [row_data(row, zone) for row in rows]}
    session.out.result(data, lines if rows else ["There are no such actions."])
    return 0


def row_data(row: ActionRow, zone: tzinfo) -> dict[str, Any]:
    """An action as JSON facts."""
    times = ("created_at", "next_at", "sent_at", "expires_at", "ended_at")
    return {
        "id": row.id,
        "event": row.event_id,
        "login": row.login,
        "event_kind": row.event_kind,
        "kind": row.kind,
        "channel": row.channel,
        "round": row.round,
        "state": row.state,
        "reason": row.reason,
        "attempts": row.attempts,
        **{name: time_or_none(getattr(row, name), zone) for name in times},
    }


def time_or_none(at: int | None, zone: tzinfo) -> str | None:
    """A time as JSON has it."""
    return None if at is None else format_ms(at, zone)


def _cells(row: ActionRow, zone: tzinfo) -> list[str]:
    then = row.next_at if row.next_at is not None else row.ended_at
    return [
        str(row.id), _short(row.created_at, zone), row.login, row.event_kind, row.kind, row.channel,
        row.state, str(row.attempts), "" if then is None else _short(then, zone), row.reason,
    ]  # fmt: skip


def _short(at: int, zone: tzinfo) -> str:
    return format_ms(at, zone)[:19].replace("T", " ")


def retry(args: argparse.Namespace, session: Session) -> int:
    """Lets actions be tried again now; asks where one may be carried out twice."""
    from engine.events import by_hand
    from engine.events.setup import rules_of

    answer = session.confirmed(
        args.yes,
        lambda confirmed: by_hand.retry(
            session.database, rules_of(session.config), args.ids, hand(session), confirmed
        ),
    )
    return tell(answer, "set to be tried again", session)


def cancel(args: argparse.Namespace, session: Session) -> int:
    """Calls actions off."""
    from engine.events import by_hand

    _ask(args, session, "called off: nothing of it is carried out any more")
    answer = by_hand.cancel(session.database, args.ids, args.reason, hand(session))
    return tell(answer, "called off", session)


def mark_done(args: argparse.Namespace, session: Session) -> int:
    """Marks actions as done that somebody has seen to otherwise."""
    from engine.events import by_hand

    _ask(args, session, "marked as done: nothing of it is carried out any more")
    answer = by_hand.mark_done(session.database, args.ids, args.reason, hand(session))
    return tell(answer, "marked as done", session)


def _ask(args: argparse.Namespace, session: Session, words: str) -> None:
    if args.yes:
        return
    number = len(set(args.ids))
    question = f"{number} action{' is' if number == 1 else 's are'} {words}."
    if not session.at_terminal():
        raise NeedsConfirmation(f"{question} Nothing was done. Use --yes to go on.")
    if not session.ask(question):
        raise NeedsConfirmation("nothing was done.")


def hand(session: Session) -> Hand:
    """Who acts, and when."""
    from engine.events.by_hand import Hand

    return Hand(session.actor, session.clock.now_ms(), session.config.database.wait_seconds)


def tell(answer: Answer, words: str, session: Session) -> int:
    """Prints what was changed and what was refused; the exit status for it."""
    number, refused = len(answer.changed), answer.refused
    data = {
        "changed": list(answer.changed),
        "added": list(answer.added),
        "refused": [{"id": one.action, "reason": one.reason} for one in refused],
    }
    left = f" {len(refused)} left as they are:" if refused else ""
    lines = [f"{number} action{'' if number == 1 else 's'} {words}.{left}"]
    lines += [f"  {one.action}: {one.reason}" for one in refused]
    session.out.result(data, lines)
    return 1 if refused else 0
