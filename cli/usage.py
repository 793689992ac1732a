"""`billdeck usage import FILE`: usage records into the periods of their time."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cli.parser import add_command, add_group
from cli.progress import Progress
from cli.session import Session
from cli.signals import stop_on_signals


def register(subparsers: Any) -> None:
    group = add_group(subparsers, "usage", help="import usage records")
    parser = add_command(
        group,
        "import",
        run,
        role="operator",
        help="import usage records from a CSV file; a record seen before is skipped",
        more="Columns: login,time,direction,bytes_in,bytes_out,record_key.",
    )
    parser.add_argument("file", metavar="FILE", type=Path)


def run(args: argparse.Namespace, session: Session) -> int:
    """Imports the file and prints what became of its records."""
    from engine.usage_import import import_usage

    config = session.config
    with stop_on_signals() as stop, Progress(session.out) as progress:
        summary = import_usage(
            session.database,
            args.file,
            config.billing,
            session.clock,
            progress.step,
            config.database.wait_seconds,
            stop,
        )
    data = {
        "rows": summary.rows,
        "added": summary.added,
        "skipped": summary.skipped,
        "differing": summary.differing,
        "late": summary.late,
    }
    lines = [f"{summary.rows} records: {summary.added} added, {summary.skipped} known already."]
    if summary.differing:
        lines.append(
            f"{summary.differing} of the known have other content now; what stands was kept."
        )
    if summary.late:
        lines.append(
            f"{summary.late} lie in a closed period: the next month close moves those of charged"
            " subscribers to the open one; the others stay."
        )
    session.out.result(data, lines)
    return 0
