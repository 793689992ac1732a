"""`billdeck jobs`: what is due, what goes on, how it went; the log of a run; calling one off."""

from __future__ import annotations

import argparse
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from cli.parser import add_command, add_global_options, row_number
from cli.session import Session
from engine.errors import InputError
from engine.period import format_ms

if TYPE_CHECKING:
    from engine.queries.daemons import DaemonState
    from engine.queries.job_list import JobState
    from engine.queries.runs import JobRun, LogLine

_MOST = 1_000_000
_MOST_LINES = 1_000


def register(subparsers: Any) -> None:
    parser = add_command(
        subparsers,
        "jobs",
        run,
        role="viewer",
        help="show the jobs: when they are due, what goes on, how the last runs ended",
    )
    parser.add_argument(
        "--limit", metavar="N", type=int, default=20, help="how many runs, newest first (20)"
    )
    ways = parser.add_subparsers(metavar="show|cancel|again", dest="way")
    for name, does, role, words in (
        ("show", show, "viewer", "one run with its log"),
        ("cancel", cancel, "operator", "call a run off: at once, or at its next safe point"),
        ("again", again, "admin", "run once more what was missed, failed, cancelled or cut off"),
    ):
        way = ways.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
        add_global_options(way, before_command=False)
        way.set_defaults(handler=does, role=role)
        way.add_argument("run", metavar="RUN", type=row_number, help="the number of the run")


def run(args: argparse.Namespace, session: Session) -> int:
    """Prints the jobs, the newest runs, the daemons and who holds a lease."""
    from engine.queries.daemons import daemons
    from engine.queries.job_list import job_states
    from engine.queries.runs import leases, recent_runs
    from jobs.registry import schedules

    config = session.config
    zone = config.billing.timezone
    now = session.clock.now_ms()
    if not 1 <= args.limit <= _MOST:
        raise InputError(f"--limit is a number of runs from 1 to {_MOST}")
    database = session.database
    states = job_states(database, now, schedules(config), zone)
    runs = recent_runs(database, now, args.limit)
    known = daemons(database)
    held = leases(database)
    data = {
        "jobs": [job_data(state, zone) for state in states],
        "daemons": [daemon_data(one, zone) for one in known],
        "runs": [run_data(run, zone) for run in runs],
        "leases": [
            {"name": one.name, "holder": one.holder, "until": format_ms(one.expires_at, zone)}
            for one in held
        ],
    }
    heads = ["job", "due", "next", "now", "last"]
    lines = session.out.table(heads, [_job_cells(state, zone) for state in states])
    lines += ["", *(daemon_line(one) for one in known if one.fresh)]
    if not any(one.fresh for one in known):
        lines.append("No daemon is running: nothing is started by the schedule.")
    lines += ["", *(run_line(run, zone) for run in runs)] if runs else ["", "No job has run yet."]
    lines += [
        f"lease {one.name}: {one.holder} until {format_ms(one.expires_at, zone)}" for one in held
    ]
    session.out.result(data, lines)
    return 0


def show(args: argparse.Namespace, session: Session) -> int:
    """Prints a run and the newest lines of its log."""
    from engine.queries.runs import one_run, run_log

    zone = session.config.billing.timezone
    found = one_run(session.database, session.clock.now_ms(), args.run)
    if found is None:
        raise InputError(f"there is no run {args.run}; `billdeck jobs` lists them.")
    lines = run_log(session.database, args.run, _MOST_LINES)
    data = {**run_data(found, zone), "log": [_line_data(line, zone) for line in lines]}
    session.out.result(data, [run_line(found, zone), *(_log_line(line, zone) for line in lines)])
    return 0


def cancel(args: argparse.Namespace, session: Session) -> int:
    """Calls a run off."""
    from jobs.queue import cancel as call_off

    when = call_off(session.database, session.clock, args.run, session.actor)
    words = "is called off" if when == "now" else "will stop at its next safe point"
    session.out.result({"run": args.run, "cancelled": when}, [f"Run {args.run} {words}."])
    return 0


def again(args: argparse.Namespace, session: Session) -> int:
    """Sends a run to the queue once more."""
    from cli.background import tell
    from jobs.queue import ask_again

    asked = ask_again(session.database, session.clock, args.run, session.actor)
    return tell(asked, session)


def job_data(state: JobState, zone: tzinfo) -> dict[str, Any]:
    """A job as JSON facts."""
    return {
        "name": state.name,
        "schedule": state.schedule,
        "next": format_ms(state.next_at, zone) if state.next_at is not None else None,
        "running": state.running.number if state.running else None,
        "waiting": state.waiting,
        "missed": state.missed,
        "last": run_data(state.last, zone) if state.last else None,
    }


def _job_cells(state: JobState, zone: tzinfo) -> list[str]:
    now = []
    if state.running:
        now.append(f"run {state.running.number} {state.running.progress}".rstrip())
    if state.waiting:
        now.append(f"{state.waiting} waiting")
    if state.missed:
        now.append(f"{state.missed} missed")
    last = ""
    if state.last:
        ended = state.last.finished_at or state.last.heartbeat_at
        last = f"{state.last.state} {_minute(ended, zone)}"
    following = _minute(state.next_at, zone) if state.next_at is not None else "-"
    return [state.name, state.schedule, following, ", ".join(now) or "-", last or "never ran"]


def _minute(ms: int, zone: tzinfo) -> str:
    return format_ms(ms, zone)[:16].replace("T", " ")


def daemon_data(one: DaemonState, zone: tzinfo) -> dict[str, Any]:
    """A daemon as JSON facts."""
    return {
        "holder": one.holder,
        "version": one.version,
        "state": one.state,
        "fresh": one.fresh,
        "heard_seconds_ago": max(0, one.age_ms) // 1_000,
        "started_at": format_ms(one.started_at, zone),
        "note": one.note,
    }


def daemon_line(one: DaemonState) -> str:
    """`daemon active on db1, process 4711, heard of 3 s ago: 2 running`."""
    host, pid = [*one.holder.split(" "), "?"][:2]
    heard = f"heard of {max(0, one.age_ms) // 1_000} s ago"
    return f"daemon {one.state} on {host}, process {pid}, {heard}: {one.note}".removesuffix(": ")


def _line_data(line: LogLine, zone: tzinfo) -> dict[str, Any]:
    return {"line": line.number, "at": format_ms(line.at, zone), "level": line.level,
            "text": line.text}  # fmt: skip


def _log_line(line: LogLine, zone: tzinfo) -> str:
    mark = "" if line.level == "info" else f"{line.level.upper()} "
    return f"  {format_ms(line.at, zone)[:19].replace('T', ' ')}  {mark}{line.text}"


def run_data(run: JobRun, zone: tzinfo) -> dict[str, Any]:
    """A run as JSON facts."""
    return {
        "id": run.number,
        "job": run.job,
        "slot": format_ms(run.slot, zone) if run.slot is not None else None,
        "subject": run.subject,
        "parameters": run.parameters,
        "state": run.state,
        "exit_reason": run.exit_reason,
        "alive": run.alive,
        "gone": run.gone,
        "holder": run.holder,
        "attempt": run.attempt,
        "actor": run.actor,
        "cancelled_by": run.cancelled_by,
        "asked_at": format_ms(run.asked_at, zone),
        "started_at": format_ms(run.started_at, zone) if run.started_at is not None else None,
        "heartbeat_at": format_ms(run.heartbeat_at, zone),
        "finished_at": format_ms(run.finished_at, zone) if run.finished_at else None,
        "done": run.done,
        "total": run.total,
        "already": run.already,
        "per_second": round(run.rate) if run.rate else None,
        "seconds_left": round(run.seconds_left) if run.seconds_left is not None else None,
        "note": run.note,
    }


def run_line(run: JobRun, zone: tzinfo) -> str:
    """A run as one line: `12 month-close 2026-10 running 40 % ...`."""
    state = "ended without a word" if run.gone else run.state
    parts = [str(run.number), run.job, run.subject, state]
    if run.state == "running" and not run.alive and not run.gone:
        parts.append(f"(silent since {format_ms(run.heartbeat_at, zone)})")
    if run.state == "missed":
        parts.append(f"({'the run before was still open' if run.exit_reason == 'skipped' else ''}"
                     f"{'no daemon was there' if run.exit_reason == 'down' else ''})")  # fmt: skip
    if run.attempt > 1:
        parts.append(f"attempt {run.attempt}")
    parts += [run.progress, f"{run.rate:.0f}/s" if run.rate else ""]
    if run.seconds_left is not None:
        parts.append(f"{run.seconds_left:.0f} s left")
    if run.cancelled_by and run.state == "running":
        parts.append(f"called off by {run.cancelled_by}")
    due = "due" if run.slot is not None and run.started_at is None else "since"
    parts.append(f"{due} {format_ms(run.since, zone)} by {run.actor}")
    if run.note:
        parts.append(f"- {run.note}")
    return " ".join(part for part in parts if part)
