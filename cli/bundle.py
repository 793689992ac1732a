"""`billdeck import DIR` and `billdeck export WHAT`: data in and out in bulk."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.files import open_result
from cli.parser import add_command
from cli.progress import Progress
from cli.session import Session
from engine.errors import InputError
from engine.money import format_amount
from engine.period import Period
from engine.text import safe

if TYPE_CHECKING:
    from engine.queries.export import Table

_KINDS = ("charges", "subscribers", "ledger")


def register(subparsers: Any) -> None:
    load = add_command(
        subparsers,
        "import",
        run_import,
        role="admin",
        help="load a bundle of CSV files, all of it or nothing",
        more="A key that exists already is an error; errors name file, line and column.",
    )
    load.add_argument("folder", metavar="DIR", type=Path)
    load.add_argument(
        "--first-period",
        metavar="P",
        help="the first period to be closed (the earliest of the usage)",
    )
    export = add_command(
        subparsers,
        "export",
        run_export,
        role="viewer",
        help="print charges, subscribers or the ledger as CSV or JSON",
    )
    export.add_argument("what", metavar="WHAT", type=_kind, help=", ".join(_KINDS))
    export.add_argument(
        "--period",
        metavar="P",
        help="charges: of this period (the last one with charges); ledger: entries dated in it",
    )
    export.add_argument(
        "--format", choices=("csv", "json"), help="csv, or json: one object a line (csv)"
    )
    export.add_argument("--out", metavar="FILE", type=Path, help="a new file in place of stdout")


def _kind(text: str) -> str:
    if text not in _KINDS:
        raise InputError(f"there is no export '{safe(text, 60)}': {', '.join(_KINDS)}")
    return text


def run_import(args: argparse.Namespace, session: Session) -> int:
    """Imports a bundle and prints what it had."""
    from engine.bundle.load import import_bundle

    first = Period.parse(args.first_period) if args.first_period is not None else None
    config = session.config
    with Progress(session.out) as progress:
        summary = import_bundle(
            session.database,
            args.folder,
            config.billing,
            session.clock,
            session.actor,
            first,
            progress.step,
            config.database.wait_seconds,
        )
    period = str(summary.first_period) if summary.first_period else None
    data = {
        "counts": summary.counts,
        "first_period": period,
        "opening_sum": format_amount(summary.opening_sum),
        "ignored": list(summary.ignored),
        "notes": list(summary.notes),
    }
    lines = [f"Imported {count} {name}." for name, count in summary.counts.items()]
    lines.append(f"Opening balances: {session.money(summary.opening_sum)} in all.")
    if period:
        lines.append(f"First period to be closed: {period}.")
    lines += [f"Ignored {name}: it is no part of a bundle." for name in summary.ignored]
    lines += summary.notes
    session.out.result(data, lines)
    return 0


def run_export(args: argparse.Namespace, session: Session) -> int:
    """Prints a table, or writes it into a file and says how many rows it has."""
    from engine.queries import export

    table = _table(args, session)
    as_json = args.format == "json" or (args.format is None and session.out.as_json)
    with open_result(args.out, session.out) as stream:
        count = export.write(table, "json" if as_json else "csv", stream)
    if args.out is not None:
        session.out.result(
            {"file": str(args.out), "rows": count}, [f"Wrote {count} rows to {args.out}."]
        )
    return 0


def _table(args: argparse.Namespace, session: Session) -> Table:
    from engine.queries import export

    period = Period.parse(args.period) if args.period is not None else None
    database = session.database
    if args.what == "ledger":
        return export.ledger(database, session.config.billing.timezone, period)
    if args.what == "charges":
        return export.charges(database, period or _last_charged(session))
    if period is not None:
        raise InputError("subscribers are exported as they are now: leave --period out")
    return export.subscribers(database)


def _last_charged(session: Session) -> Period:
    last = session.database.value("SELECT MAX(period) FROM close_record")
    if last is None:
        raise InputError("there are no charges yet: no period has been closed")
    return Period.parse(last)
