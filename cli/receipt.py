"""`billdeck receipt list|show|callback|again`: what became of fiscal receipts."""

from __future__ import annotations

import argparse
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from cli.action import hand, time_or_none
from cli.output import fields
from cli.parser import add_command, add_group, row_number
from cli.session import Session
from engine.errors import ConfigError, InputError, JobFailed, NeedsConfirmation
from engine.money import format_amount
from engine.period import format_ms

if TYPE_CHECKING:
    from engine.events.receipt_call import CallAnswer
    from engine.queries.receipts import ReceiptRow

# engine.queries.receipts has the same, and is not imported for a help text.
_STATES = ("new", "done", "error")
_MOST = 1_000
_HEADS = (">action", "accepted", "login", ">amount", "state", ">asked", "link or why")


def register(subparsers: Any) -> None:
    group = add_group(subparsers, "receipt", help="what became of fiscal receipts")
    parser = add_command(
        group,
        "list",
        list_all,
        role="viewer",
        help="list receipts that the provider has accepted, newest first",
        more="Those that it has not are listed by `billdeck action list --kind receipt`.",
    )
    parser.add_argument("--state", choices=_STATES, metavar="STATE", help=", ".join(_STATES))
    parser.add_argument(
        "--limit", metavar="N", type=int, default=20, help=f"how many, from 1 to {_MOST} (20)"
    )
    parser = add_command(group, "show", show, role="viewer", help="show a receipt")
    parser.add_argument(
        "action", metavar="ACTION", type=row_number, help="the number of its action"
    )
    _add_callback(group)
    parser = add_command(
        group,
        "again",
        again,
        role="admin",
        help="make a receipt again that could not be made",
        more="It becomes a new action of its event, made by the settings of now under a new name;"
        " the old one is ended.",
    )
    parser.add_argument(
        "action", metavar="ACTION", type=row_number, help="the number of its action"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _add_callback(group: Any) -> None:
    parser = add_command(
        group,
        "callback",
        callback,
        role="operator",
        help="take a call of the provider that tells what became of a receipt",
        more="For the script behind the web server; the body of the call is read from stdin as it"
        " came. A call that is not signed by the provider changes nothing: exit status 4.",
    )
    parser.add_argument("--method", metavar="METHOD", default="POST", help="its method (POST)")
    parser.add_argument(
        "--url", metavar="URL", help="the address that was called ([komtet] callback_url)"
    )
    parser.add_argument(
        "--signature", metavar="HEX", required=True, help="its header X-HMAC-Signature"
    )


def list_all(args: argparse.Namespace, session: Session) -> int:
    """Prints the newest receipts of a state."""
    from engine.queries.receipts import receipts

    if not 1 <= args.limit <= _MOST:
        raise InputError(f"--limit is a number of receipts from 1 to {_MOST}")
    zone = session.config.billing.timezone
    rows = receipts(session.database, args.state, args.limit)
    lines = session.out.table(_HEADS, [_cells(row, zone) for row in rows])
    data = {"receipts": [_data(row, zone) for row in rows]}
    session.out.result(data, lines if rows else ["There are no such receipts."])
    return 0


def _cells(row: ReceiptRow, zone: tzinfo) -> list[str]:
    sign = "-" if row.is_return else ""
    return [
        str(row.action), format_ms(row.accepted_at, zone)[:19].replace("T", " "), row.login,
        f"{sign}{format_amount(row.amount)}", row.state, str(row.asked), row.link or row.detail,
    ]  # fmt: skip


def _data(row: ReceiptRow, zone: tzinfo) -> dict[str, Any]:
    times = ("accepted_at", "next_at", "ended_at")
    return {
        "action": row.action,
        "event": row.event,
        "login": row.login,
        "amount": format_amount(row.amount),
        "kind": "return" if row.is_return else "sale",
        "round": row.round,
        "key": row.key,
        "action_state": row.action_state,
        "task": row.task,
        "state": row.state,
        **{name: time_or_none(getattr(row, name), zone) for name in times},
        "asked": row.asked,
        "link": row.link,
        "detail": row.detail,
    }


def show(args: argparse.Namespace, session: Session) -> int:
    """Prints one receipt."""
    from engine.queries.receipts import receipt_of

    row = receipt_of(session.database, args.action)
    if row is None:
        raise InputError(
            f"no receipt of action {args.action} was accepted; `billdeck action show"
            f" {args.action}` tells about the action, `billdeck receipt list` lists receipts."
        )
    zone = session.config.billing.timezone
    shown = [
        ("action", f"{row.action} of event {row.event}: {row.action_state}"),
        ("login", row.login),
        ("amount", f"{session.money(row.amount)}, {'return' if row.is_return else 'sale'}"),
        ("round", row.round if row.round > 1 else None),
        ("our name", row.key),
        ("their task", row.task),
        ("state", row.state),
        ("accepted", format_ms(row.accepted_at, zone)),
        ("asked", f"{row.asked} times"),
        ("next", time_or_none(row.next_at, zone)),
        ("ended", time_or_none(row.ended_at, zone)),
        ("link", row.link),
        ("detail", row.detail),
    ]
    session.out.result(_data(row, zone), fields(shown))
    return 0


def callback(args: argparse.Namespace, session: Session) -> int:
    """Keeps what a call of the provider tells, if it is theirs."""
    from engine.events.plan import Moment
    from engine.events.receipt_call import Call, take_call
    from engine.events.receipts import Books
    from engine.events.setup import rules_of

    config = session.config
    url = args.url or config.komtet.callback_url
    if url is None:
        raise ConfigError("[komtet] has no callback_url; set it, or give --url")
    body = _body(session)
    billing = config.billing
    moment = Moment(session.clock.now_ms(), billing.timezone, billing.currency)
    answer = take_call(
        session.database,
        Call(args.method, url, args.signature, body),
        Books(rules_of(config), config.komtet, moment),
        config.database.wait_seconds,
    )
    data = {"action": answer.action, "state": answer.state, "effect": answer.effect}
    session.out.result(data, [_said(answer)])
    return 0


def _body(session: Session) -> bytes:
    from engine.events.receipt_call import MOST_BYTES

    if session.at_terminal() or session.stdin is None:
        raise InputError("the body of the call is read from stdin; no receipt was changed")
    # One byte more tells that it is too long.
    return session.stdin.buffer.read(MOST_BYTES + 1)


def _said(answer: CallAnswer) -> str:
    words = {
        "kept": f"is {answer.state} now",
        "known": "was known already: nothing changed",
        "sending": "is being sent at this moment: its state will be asked for",
        "contradicted": "was told otherwise before: its action is dead now, for a person to look"
        f" at: `billdeck receipt show {answer.action}`",
    }
    return f"What became of receipt {answer.action} {words[answer.effect]}."


def again(args: argparse.Namespace, session: Session) -> int:
    """Makes a receipt again that could not be made, after asking."""
    from engine.events.plan import Moment
    from engine.events.receipt_again import failed_receipt, make_again
    from engine.events.setup import rules_of

    failed = failed_receipt(session.database, args.action)
    what = "return receipt" if failed.is_return else "receipt"
    question = (
        f"A new {what} of {session.money(failed.amount)} is made for {failed.login}, by the"
        f" settings of now. The old one, action {failed.action}: {failed.reason or 'no reason'}."
    )
    if failed.is_doubtful:
        question += " IT MAY HAVE BEEN MADE at an earlier attempt: look at the provider's first."
    if not args.yes and not session.at_terminal():
        raise NeedsConfirmation(f"{question} Nothing was done. Use --yes to go on.")
    if not args.yes and not session.ask(question):
        raise NeedsConfirmation("nothing was done.")
    billing = session.config.billing
    moment = Moment(session.clock.now_ms(), billing.timezone, billing.currency)
    answer = make_again(
        session.database, rules_of(session.config), moment, args.action, hand(session)
    )
    for refusal in answer.refused:
        raise JobFailed(f"receipt {refusal.action} was not made again: {refusal.reason}")
    named = ", ".join(map(str, answer.added))
    data = {"action": args.action, "added": list(answer.added)}
    session.out.result(data, [f"Receipt {args.action} is made again as action {named}."])
    return 0
