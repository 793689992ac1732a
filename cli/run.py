"""`billdeck run JOB`: one job, here and now, with its progress; Ctrl-C stops at a safe point."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from cli.close_progress import CloseProgress
from cli.close_view import preview_data, preview_lines, report_data, report_lines, subscribers
from cli.parser import add_command
from cli.session import Session
from cli.signals import stop_on_signals
from engine.errors import NeedsConfirmation
from engine.period import Period

if TYPE_CHECKING:
    from jobs.month_close import CloseOptions

_JOBS = ("month-close",)


def register(subparsers: Any) -> None:
    parser = add_command(
        subparsers,
        "run",
        run,
        role=None,
        help="run a job now",
        more="month-close closes ended periods, oldest first, each subscriber exactly once;"
        " killed or interrupted, it goes on where it was when run again.",
    )
    parser.add_argument("job", metavar="JOB", choices=_JOBS, help=", ".join(_JOBS))
    parser.add_argument("--period", metavar="P", help="only this period, such as 2026-10")
    parser.add_argument(
        "--dry-run", action="store_true", help="show what it would do, and leave no trace"
    )
    parser.add_argument("--late", action="store_true", help="on another day than the 1st")
    parser.add_argument(
        "--confirm", metavar="DIGEST", help="only if it would do what the dry run said"
    )
    parser.add_argument(
        "--accept-failures",
        action="store_true",
        help="close the period although some could not be rated; they are charged 0.00",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask at the terminal")


def run(args: argparse.Namespace, session: Session) -> int:
    """Runs the month close; 1 when failures remain."""
    from engine.close.hooks import Hooks
    from jobs.month_close import CloseOptions, MonthClose

    session.require("operator" if args.dry_run else "admin")
    options = CloseOptions(
        period=Period.parse(args.period) if args.period is not None else None,
        late=args.late,
        accept_failures=args.accept_failures,
        digest=args.confirm.lower() if args.confirm is not None else None,
    )
    with stop_on_signals() as stop:
        session.await_database(stop)
    if not (args.dry_run or args.yes or args.confirm):
        _ask(options, session)
    title = "Dry run" if args.dry_run else "Month close"
    with stop_on_signals() as stop, CloseProgress(session.out, title) as progress:
        hooks = Hooks(
            progress=lambda tally, total: progress.step(tally.done, total),
            note=session.out.note,
            stop=stop,
        )
        close = MonthClose(session.database, session.config, session.clock, session.actor, hooks)
        if args.dry_run:
            preview = close.preview(options)
        else:
            report = close.run(options)
    if args.dry_run:
        session.out.result(preview_data(preview), preview_lines(preview, session))
        return 0
    session.out.result(report_data(report), report_lines(report, session))
    return 0 if report.complete else 1


def _ask(options: CloseOptions, session: Session) -> None:
    """Asks whoever sits at a terminal; a job without one was asked for by its schedule."""
    from engine.close.hooks import Hooks
    from engine.queries.close import left_to_close, sum_of
    from jobs.month_close import MonthClose

    if not session.at_terminal():
        return
    database = session.database
    close = MonthClose(database, session.config, session.clock, session.actor, Hooks())
    period = close.due(options)
    if period is None:
        return
    before = period.previous()
    question = (
        f"Close {period}: {subscribers(left_to_close(database, period))} will be charged or noted."
        f" {before} came to {session.money(sum_of(database, before))}."
        " `--dry-run` shows exactly what it would do."
    )
    if not session.ask(question):
        raise NeedsConfirmation("not confirmed. Nothing was changed.")
