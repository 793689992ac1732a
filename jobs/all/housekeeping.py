"""housekeeping: removes old runs of jobs, their logs, files about runs and faults, and actions that
are over since long, by age."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.job import Job, Outcome

if TYPE_CHECKING:
    from engine.events.kinds import ActionKind
    from jobs.context import RunContext

JOB = Job(
    name="housekeeping",
    title="Housekeeping",
    help="removes old runs, their logs and files about them, and old actions, by age",
    danger=1,
    resumable=True,
    schedule="daily 04:20 catch_up=latest window=1d",
)

_DAY_SECONDS = 86_400
# Removed in one transaction, so that nobody waits long for it.
_AT_A_TIME = 1_000
# What billdeck writes into the state folder: logs of detached runs, faults, long copied texts.
_FILES = ("run-*.log", "run-*.txt", "crash-*.txt", "error-*.txt", "copied-*.txt")


def run(context: RunContext) -> Outcome:
    """Removes what is older than the settings say. Of each job the newest run stays."""
    keep = context.config.housekeeping
    now = context.clock.now_ms()
    logs = _remove(
        context,
        "SELECT l.run_id, l.line FROM job_log l JOIN job_run r ON r.id = l.run_id"
        " WHERE r.finished_at < ? LIMIT ?",
        ("DELETE FROM job_log WHERE run_id = ? AND line = ?",),
        now - keep.keep_logs_days * _DAY_SECONDS * 1_000,
    )
    runs = _remove(
        context,
        "SELECT r.id FROM job_run r WHERE r.finished_at < ? AND r.state <> 'running'"
        " AND r.state <> 'queued' AND EXISTS (SELECT 1 FROM job_run newer WHERE newer.job = r.job"
        " AND newer.id > r.id AND newer.state = r.state) ORDER BY r.id LIMIT ?",
        ("DELETE FROM job_log WHERE run_id = ?", "DELETE FROM job_run WHERE id = ?"),
        now - keep.keep_runs_days * _DAY_SECONDS * 1_000,
    )
    files = _remove_files(context, time.time() - keep.keep_files_days * _DAY_SECONDS)
    actions = _remove_actions(context, now - keep.keep_events_days * _DAY_SECONDS * 1_000)
    return Outcome(
        f"removed {runs} runs, {logs} lines of logs, {files} files, {actions} actions",
        data={"runs": runs, "log_lines": logs, "files": files, "actions": actions},
    )


def _remove(context: RunContext, find: str, removals: tuple[str, ...], before: int) -> int:
    """Removes the rows that `find` names, some at a time, each with the statements `removals`."""
    database = context.database

    def some() -> int:
        rows = database.rows(find, (before, _AT_A_TIME))
        if rows:
            with database.transaction():
                context.prove()
                for statement in removals:
                    database.write_many(statement, rows)
        return len(rows)

    removed = 0
    while True:
        context.safe_point()
        number = context.unit(some)
        removed += number
        if number < _AT_A_TIME:
            return removed


def _remove_actions(context: RunContext, before: int) -> int:
    from engine.events.kinds import ACTION_KINDS

    return sum(_remove_kind(context, kind, before) for kind in ACTION_KINDS)


def _remove_kind(context: RunContext, kind: ActionKind, before: int) -> int:
    from engine.events.retention import remove_some

    removed, after = 0, 0
    while True:
        context.safe_point()
        some = partial(remove_some, context.database, kind, before, after, context.prove)
        found = context.unit(some)
        removed += found.number
        if found.last is None:
            return removed
        after = found.last


def _remove_files(context: RunContext, before: float) -> int:
    from engine.faults import state_folder

    removed = 0
    for pattern in _FILES:
        for path in state_folder().glob(pattern):
            context.safe_point()
            removed += _remove_file(path, before, context.log)
    return removed


def _remove_file(path: Path, before: float, log: Callable[[str], None]) -> int:
    try:
        if path.is_symlink() or path.stat().st_mtime >= before:
            return 0
        path.unlink()
    except OSError as error:
        log(f"{path.name}: {error.strerror}")
        return 0
    return 1
