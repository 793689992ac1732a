"""`billdeck balances NUMBER` and `billdeck import-mail PATH`: balances that operators report."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cli.output import fields
from cli.parser import add_command
from cli.progress import Progress
from cli.session import Session
from cli.signals import stop_on_signals
from engine.errors import InputError, Interrupted
from engine.money import format_amount
from engine.period import format_ms

if TYPE_CHECKING:
    from engine.balances.importer import ImportTally
    from engine.hooks import WorkHooks
    from engine.queries.numbers import NumberCard, Report
    from jobs.lease import Lease

T = TypeVar("T")

_JOB = "balance-import"
_BARS = "▁▂▃▄▅▆▇█"
_MISSING = "·"
_MOST_DAYS = 365


def register(subparsers: Any) -> None:
    parser = add_command(
        subparsers,
        "balances",
        run_balances,
        role="viewer",
        help="show a number: its balance status, reports and changes",
    )
    parser.add_argument("number", metavar="NUMBER", help="such as 9261234567")
    parser.add_argument("--days", metavar="N", default="14", help="of so many reports (14)")
    parser.add_argument("--mail", action="store_true", help="also the text of its last mail")
    load = add_command(
        subparsers,
        "import-mail",
        run_import,
        role="operator",
        help="take saved balance mails: a file, an mbox file or a folder",
        more="A mail that was taken before is only counted; one that was skipped is tried again.",
    )
    load.add_argument("path", metavar="PATH", type=Path)


def run_balances(args: argparse.Namespace, session: Session) -> int:
    """Prints one number."""
    from engine.queries.numbers import number_card

    if not args.days.isascii() or not args.days.isdigit() or not 0 < int(args.days) <= _MOST_DAYS:
        raise InputError(f"--days must be a number from 1 to {_MOST_DAYS}")
    card = number_card(session.database, args.number, int(args.days))
    zone = session.config.billing.timezone
    since = format_ms(card.status_since, zone) if card.status_since is not None else None
    data: dict[str, Any] = {
        "number": card.number,
        "operator": card.operator,
        "personal_account": card.personal_account,
        "tariff": card.tariff,
        "login": card.login,
        "status": card.status,
        "status_since": since,
        "reports": [
            {"day": one.day, "balance": _amount(one.balance)} for one in card.reports
        ],
        "changes": [
            {"at": format_ms(one.at, zone), "what": one.what, "before": one.before,
             "after": one.after}
            for one in card.changes
        ],
    }  # fmt: skip
    if args.mail:
        data["mail"] = card.mail
    session.out.result(data, _lines(card, session, since, args.mail))
    return 0


def _amount(balance: int | None) -> str | None:
    return None if balance is None else format_amount(balance)


def _lines(card: NumberCard, session: Session, since: str | None, mail: bool) -> Iterator[str]:
    from engine.balances.trend import TITLES

    zone = session.config.billing.timezone
    status = TITLES[card.status] if card.status else "none yet"
    yield from fields(
        [
            ("number", card.number),
            ("operator", card.operator),
            ("personal account", card.personal_account),
            ("tariff", card.tariff),
            ("subscriber", card.login),
            ("balance status", f"{status}, since {since}" if since else status),
            ("balances", sparkline(card.reports)),
        ]
    )
    if card.reports:
        yield ""
        yield from session.out.table(
            ["report", ">balance"],
            [[one.day, "missing" if one.balance is None else session.money(one.balance)]
             for one in card.reports],
        )  # fmt: skip
    if card.changes:
        yield ""
        yield from session.out.table(
            ["changed", "what", "before", "after"],
            [[format_ms(one.at, zone), one.what.replace("_", " "), one.before or "-",
              one.after or "-"] for one in card.changes],
        )  # fmt: skip
    if mail and card.mail:
        yield ""
        yield from card.mail.split("\n")


def sparkline(reports: list[Report]) -> str:
    """The balances as bars, the oldest first, a dot for a report that lacks the number."""
    known = [one.balance for one in reports if one.balance is not None]
    if not known:
        return ""
    low, span = min(known), max(known) - min(known)
    steps = len(_BARS) - 1
    return "".join(
        _MISSING
        if one.balance is None
        else _BARS[(one.balance - low) * steps // span if span else 3]
        for one in reversed(reports)
    )


def run_import(args: argparse.Namespace, session: Session) -> int:
    """Takes saved mails and prints what became of them; 1 when some were skipped."""
    from engine.balances.saved import saved_mails
    from engine.balances.setup import balance_importer
    from jobs.importing import words
    from jobs.lease import Lease

    config = session.config
    if not args.path.exists():
        raise InputError(f"there is no file or folder {args.path}. Nothing was taken.")
    lease = Lease(_JOB)
    with stop_on_signals() as stop, Progress(session.out) as progress:
        session.await_database(stop)
        hooks = _hooks(session, lease, stop)
        importer, reader = balance_importer(session.database, config, session.clock, hooks)
        lease.acquire(session.database)
        try:
            mails = saved_mails(
                args.path,
                reader.limit,
                lambda path: session.out.note(f"left out {path}: it does not begin as a mail does"),
            )
            # Few at a time, for one may be as large as the limit.
            while some := list(islice(mails, min(config.balance_import.chunk, 50))):
                if stop.is_set():
                    raise Interrupted(
                        f"stopped after {importer.tally.done} mails. Run it again to go on."
                    )
                importer.take([reader.read(raw) for raw in some], again=True)
                progress.step("mails", importer.tally.done, 0)
        finally:
            lease.release(session.database)
    return _report(importer.tally, words(importer.tally), session)


def _hooks(session: Session, lease: Lease, stop: Any) -> WorkHooks:
    from engine.hooks import WorkHooks
    from engine.retry import run_unit

    database, wait = session.database, session.config.database.wait_seconds
    return WorkHooks(
        unit=lambda work: run_unit(database, work, wait, stop, session.out.note),
        prove=lambda: lease.prove(database),
        stop=stop,
    )


def _report(tally: ImportTally, words: str, session: Session) -> int:
    lines = [f"{words[0].upper()}{words[1:]}."]
    if tally.skipped:
        lines.append("Why some were skipped: `billdeck export skipped-mails`.")
    session.out.result(vars(tally), lines)
    return 1 if tally.skipped else 0
