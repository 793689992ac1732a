"""`billdeck jobs`: the runs so far, with their progress."""

from __future__ import annotations

import argparse
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from cli.parser import add_command
from cli.session import Session
from engine.errors import InputError
from engine.period import format_ms

if TYPE_CHECKING:
    from engine.queries.runs import JobRun

_MOST = 1_000_000


def register(subparsers: Any) -> None:
    parser = add_command(
        subparsers, "jobs", run, role="viewer", help="show the runs of jobs, with their progress"
    )
    parser.add_argument(
        "--limit", metavar="N", type=int, default=20, help="how many runs, newest first (20)"
    )


def run(args: argparse.Namespace, session: Session) -> int:
    """Prints the newest runs and who holds a lease."""
    from engine.queries.runs import leases, recent_runs

    timezone = session.config.billing.timezone
    now = session.clock.now_ms()
    if not 1 <= args.limit <= _MOST:
        raise InputError(f"--limit is a number of runs from 1 to {_MOST}")
    runs = recent_runs(session.database, now, args.limit)
    held = leases(session.database, now)
    data = {
        "runs": [run_data(run, timezone) for run in runs],
        "leases": [
            {"name": one.name, "holder": one.holder, "until": format_ms(one.expires_at, timezone)}
            for one in held
        ],
    }
    lines = [run_line(run, timezone) for run in runs] or ["No job has run yet."]
    lines += [
        f"lease {one.name}: {one.holder} until {format_ms(one.expires_at, timezone)}"
        for one in held
    ]
    session.out.result(data, lines)
    return 0


def run_data(run: JobRun, timezone: tzinfo) -> dict[str, Any]:
    """A run as JSON facts."""
    return {
        "id": run.number,
        "job": run.job,
        "subject": run.subject,
        "state": run.state,
        "alive": run.alive,
        "gone": run.gone,
        "holder": run.holder,
        "actor": run.actor,
        "started_at": format_ms(run.started_at, timezone),
        "heartbeat_at": format_ms(run.heartbeat_at, timezone),
        "finished_at": format_ms(run.finished_at, timezone) if run.finished_at else None,
        "done": run.done,
        "total": run.total,
        "already": run.already,
        "per_second": round(run.rate) if run.rate else None,
        "seconds_left": round(run.seconds_left) if run.seconds_left is not None else None,
        "note": run.note,
    }


def run_line(run: JobRun, timezone: tzinfo) -> str:
    """A run as one line: `12 month-close 2026-10 running 40 % ...`."""
    state = "ended without a word" if run.gone else run.state
    parts = [str(run.number), run.job, run.subject, state]
    if run.state == "running" and not run.alive and not run.gone:
        parts.append(f"(silent since {format_ms(run.heartbeat_at, timezone)})")
    if run.total:
        parts.append(f"{run.done * 100 // run.total} % ({run.done} of {run.total})")
    if run.rate:
        parts.append(f"{run.rate:.0f}/s")
    if run.seconds_left is not None:
        parts.append(f"{run.seconds_left:.0f} s left")
    parts.append(f"since {format_ms(run.started_at, timezone)} by {run.actor}")
    if run.note:
        parts.append(f"- {run.note}")
    return " ".join(part for part in parts if part)
