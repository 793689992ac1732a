"""`billdeck run JOB`: one job, here and now, with its progress; Ctrl-C stops at a safe point."""

from __future__ import annotations

import argparse
from typing import Any

from cli import run_close
from cli.background import tell
from cli.parser import Parser, add_global_options
from cli.run_progress import RunProgress
from cli.session import Session
from cli.signals import stop_on_signals
from engine.errors import NeedsConfirmation
from jobs.job import Job, Outcome, Values
from jobs.registry import all_jobs, checked, function_of, job_named


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "run",
        help="run a job now",
        description="Run a job now. Killed or interrupted, a job goes on where it was when it is"
        " run again.",
    )
    add_global_options(parser, before_command=False)
    parser.set_defaults(handler=run, role=None)
    ways = parser.add_subparsers(metavar="JOB", dest="job", required=True)
    for job in all_jobs().values():
        _add_job(ways, job)


def _add_job(ways: Any, job: Job) -> None:
    parser: Parser = ways.add_parser(
        job.name, help=job.help, description=f"{job.title}: {job.help}."
    )
    add_global_options(parser, before_command=False)
    for one in job.parameters:
        if one.flag:
            parser.add_argument(f"--{one.name}", action="store_true", help=one.help)
        else:
            parser.add_argument(f"--{one.name}", metavar=one.metavar, help=one.help)
    if job.dry_run:
        parser.add_argument(
            "--dry-run", action="store_true", help="show what it would do, and leave no trace"
        )
    parser.add_argument(
        "--background", action="store_true", help="leave it to the daemon and do not wait"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask at the terminal")


def run(args: argparse.Namespace, session: Session) -> int:
    """Runs the job; 1 when failures remain."""
    job = job_named(args.job)
    dry_run = job.dry_run and args.dry_run
    session.require("operator" if dry_run else job.role)
    values = checked(
        job, {one.name: getattr(args, one.name.replace("-", "_")) for one in job.parameters}
    )
    with stop_on_signals() as stop:
        session.await_database(stop)
    if dry_run:
        return run_close.dry_run(values, session)
    if not args.yes:
        _ask(job, values, session)
    if args.background:
        return _leave(job, values, session)
    outcome = _run(job, values, session)
    _report(job, outcome, session)
    return 0 if outcome.complete else 1


def _leave(job: Job, values: Values, session: Session) -> int:
    from jobs.queue import ask

    return tell(ask(session.database, session.clock, job, values, session.actor), session)


def _run(job: Job, values: Values, session: Session) -> Outcome:
    from engine.database import open_database
    from jobs.context import RunHooks
    from jobs.runner import Runner

    if job.name == run_close.NAME:
        run_close.refuse_early(values, session)
    with stop_on_signals() as stop, RunProgress(session.out, job.title) as progress:
        hooks = RunHooks(step=progress.step, note=session.out.note, stop=stop)
        config = session.config
        runner = Runner(
            session.database, config, session.clock, hooks, lambda: open_database(config.database)
        )
        return runner.here(job, values, session.actor, function_of(job))


def _ask(job: Job, values: Values, session: Session) -> None:
    """Asks whoever sits at a terminal; a job without one was asked for by a script."""
    if not session.at_terminal() or not job.danger:
        return
    question: str | None = f"{job.title}: {job.help}."
    if job.name == run_close.NAME:
        question = run_close.question(values, session)
    if question is not None and not session.ask(question):
        raise NeedsConfirmation("not confirmed. Nothing was changed.")


def _report(job: Job, outcome: Outcome, session: Session) -> None:
    if job.name == run_close.NAME:
        run_close.report(outcome, session)
        return
    data = {"job": job.name, "complete": outcome.complete, "note": outcome.note, **outcome.data}
    session.out.result(data, [f"{job.title}: {outcome.note}"])
