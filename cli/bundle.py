"""`billdeck import DIR`: a bundle of CSV files in."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cli.parser import add_command
from cli.progress import Progress
from cli.session import Session
from engine.money import format_amount
from engine.period import Period


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
