"""`billdeck payment`, `refund`, `correct`, `writeoff`, `reverse`: movements of money."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from cli.parser import add_command
from cli.session import Session
from engine.money import format_amount, parse_amount
from engine.period import format_ms, parse_when
from engine.text import safe

if TYPE_CHECKING:
    from engine.ledger.answers import Recorded
    from engine.ledger.operations import Ledger

_STANDARD = "standard"


def register(subparsers: Any) -> None:
    payment = _amount_command(
        subparsers, "payment", "record money that a subscriber paid", "AMOUNT is positive."
    )
    payment.add_argument(
        "--vat",
        metavar="RATE",
        nargs="?",
        const=_STANDARD,
        help="take VAT out of the payment: RATE percent, without it the rate of the payment's date",
    )
    _amount_command(
        subparsers, "refund", "record money paid back to a subscriber", "AMOUNT is positive."
    )
    _amount_command(
        subparsers,
        "correct",
        "correct a subscriber's balance by hand",
        "AMOUNT has a sign: -5.00 takes from the subscriber.",
    )
    _amount_command(subparsers, "writeoff", "give up a subscriber's debt", "AMOUNT is positive.")
    reverse = add_command(
        subparsers,
        "reverse",
        run,
        role="operator",
        help="take an entry back by its opposite, once",
        more="Of a close entry it takes back the charge of one subscriber, given by --login.",
    )
    reverse.add_argument("entry", metavar="ENTRY", help="the number of the entry")
    reverse.add_argument("--login", metavar="L", help="whose charge of a close entry")
    _add_record_options(reverse)


def _amount_command(subparsers: Any, name: str, help: str, more: str) -> argparse.ArgumentParser:
    parser = add_command(subparsers, name, run, role="operator", help=help, more=more)
    parser.add_argument("login", metavar="LOGIN")
    parser.add_argument("amount", metavar="AMOUNT", help="such as 1234.05")
    parser.add_argument(
        "--date", metavar="D", help="date or time of the movement, such as 2026-10-05 (now)"
    )
    _add_record_options(parser)
    parser.add_argument("--yes", action="store_true", help="go on without asking")
    return parser


def _add_record_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--comment", metavar="T", default="", help="a remark kept with the entry")
    parser.add_argument(
        "--key", metavar="K", help="a name for this movement that makes a repeat harmless"
    )


def run(args: argparse.Namespace, session: Session) -> int:
    """Records one movement and prints its entry and the balance after it."""
    from engine.events.setup import rules_of
    from engine.ledger.inputs import parse_entry
    from engine.ledger.operations import Ledger

    config = session.config
    ledger = Ledger(
        session.database,
        config.billing,
        session.clock,
        session.actor,
        config.database.wait_seconds,
        rules_of(config),
    )
    if args.command == "reverse":
        recorded = ledger.reverse(parse_entry(args.entry), args.login, args.comment, args.key)
    else:
        recorded = _move(args, session, ledger)
    session.out.result(_data(recorded, session), _lines(args.command, recorded, session))
    return 0


def _move(args: argparse.Namespace, session: Session, ledger: Ledger) -> Recorded:
    from engine.ledger.inputs import parse_vat

    amount = parse_amount(args.amount)
    timezone = session.config.billing.timezone
    when = None if args.date is None else parse_when(args.date, timezone)
    login, comment, key = args.login, args.comment, args.key
    if args.command == "payment":
        return ledger.payment(login, amount, parse_vat(args.vat), when, comment, key)
    if args.command == "correct":
        return ledger.correct(login, amount, when, comment, key)
    asking = ledger.refund if args.command == "refund" else ledger.writeoff
    return session.confirmed(
        args.yes, lambda confirmed: asking(login, amount, when, comment, key, confirmed)
    )


def _data(recorded: Recorded, session: Session) -> dict[str, Any]:
    return {
        "entry": recorded.entry_id,
        "repeated": recorded.repeated,
        "login": recorded.login,
        "amount": format_amount(recorded.amount),
        "vat": format_amount(recorded.vat),
        "balance": format_amount(recorded.balance),
        "effective_at": format_ms(recorded.effective_at, session.config.billing.timezone),
    }


def _lines(command: str, recorded: Recorded, session: Session) -> list[str]:
    what = {"correct": "correction", "writeoff": "write-off", "reverse": "reversal"}
    when = format_ms(recorded.effective_at, session.config.billing.timezone)
    vat = f", of it VAT {session.money(recorded.vat)}" if recorded.vat else ""
    lines = [
        f"Entry {recorded.entry_id}: {what.get(command, command)}"
        f" {session.money(recorded.amount)}{vat}, {safe(recorded.login, 64)}, {when}.",
        f"Balance: {session.money(recorded.balance)}.",
    ]
    if recorded.repeated:
        lines.insert(0, "This key was recorded before. Nothing was changed.")
    return lines
