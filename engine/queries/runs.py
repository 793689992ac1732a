"""The runs of jobs, with their progress, as any process may see them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from engine.database import Database
from engine.holder import is_gone
from engine.models import operations

# A run writes its heartbeat every few seconds; after this long without one it is taken for dead.
SILENT_AFTER_MS = 60_000
STATES = ("queued", "running", "done", "failed", "interrupted", "cancelled", "missed")
ENDED = ("done", "failed", "interrupted", "cancelled")


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run. Times are epoch milliseconds; `slot` is when it was due by the schedule,
    `heartbeat_at` when it was last heard of. Of the `done` units of work `already` were done before
    this attempt. `exit_reason` is one word on how it ended. `alive` says whether a running one
    shows signs of life, `gone` that its process no longer exists although `state` is still running.
    `rate` is units a second, `seconds_left` an estimate, None without ground for one."""

    number: int
    job: str
    slot: int | None
    subject: str
    parameters: dict[str, Any]
    state: str
    exit_reason: str
    holder: str
    attempt: int
    actor: str
    cancelled_by: str | None
    asked_at: int
    started_at: int | None
    heartbeat_at: int
    finished_at: int | None
    done: int
    total: int
    already: int
    note: str
    alive: bool
    gone: bool
    rate: float | None
    seconds_left: float | None

    @property
    def since(self) -> int:
        """When it began; before that, when it was asked for or due."""
        return self.started_at if self.started_at is not None else self.asked_at

    @property
    def progress(self) -> str:
        """`40 % (400 of 1000)`, '' while nothing is known."""
        if not self.total:
            return f"{self.done} done" if self.done else ""
        return f"{self.done * 100 // self.total} % ({self.done} of {self.total})"

    @property
    def is_open(self) -> bool:
        """Whether it waits or goes on."""
        return self.state in ("queued", "running")


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may run a job now, until when (epoch milliseconds)."""

    name: str
    holder: str
    expires_at: int


def recent_runs(database: Database, now_ms: int, limit: int = 20) -> list[JobRun]:
    """The newest runs, newest first."""
    newest = operations.JobRun.select().order_by(operations.JobRun.id.desc()).limit(limit)
    return [_job_run(run, now_ms) for run in database.objects(newest)]


def one_run(database: Database, now_ms: int, number: int) -> JobRun | None:
    """The run of this number, None when there is none."""
    found = operations.JobRun.select().where(operations.JobRun.id == number)
    return next((_job_run(run, now_ms) for run in database.objects(found)), None)


def running_now(database: Database, now_ms: int) -> JobRun | None:
    """The newest run that goes on, None without one."""
    number = _newest(database, "running")
    return one_run(database, now_ms, number) if number else None


def now_or_last(database: Database, now_ms: int) -> JobRun | None:
    """The run that goes on, else the newest of those that have ended; what waits or was missed is
    neither."""
    number = _newest(database, "running") or max(_newest(database, state) for state in ENDED)
    return one_run(database, now_ms, number) if number else None


def _newest(database: Database, state: str) -> int:
    """The number of the newest run of a state, 0 without one."""
    return database.integer("SELECT MAX(id) FROM job_run WHERE state = ?", (state,))


def leases(database: Database) -> list[Lease]:
    """The leases held now, by name; the database's clock decides."""
    rows = database.rows(
        "SELECT name, holder, expires_at FROM lease"
        f" WHERE holder IS NOT NULL AND expires_at > {database.dialect.now_ms} ORDER BY name"
    )
    return [Lease(*row) for row in rows]


def last_runs(database: Database, now_ms: int, job: str, limit: int = 20) -> list[JobRun]:
    """The newest runs of one job, newest first."""
    newest = (
        operations.JobRun.select()
        .where(operations.JobRun.job == job)
        .order_by(operations.JobRun.id.desc())
        .limit(limit)
    )
    return [_job_run(run, now_ms) for run in database.objects(newest)]


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a run's log; `at` epoch milliseconds."""

    number: int
    at: int
    level: str
    text: str


def run_log(
    database: Database, number: int, limit: int = 200, before: int | None = None
) -> list[LogLine]:
    """The newest lines of a run's log (before that line, if one is given), the oldest first."""
    rows = database.rows(
        "SELECT line, at, level, text FROM job_log WHERE run_id = ? AND line < ?"
        " ORDER BY line DESC LIMIT ?",
        (number, before if before is not None else 2**31 - 1, limit),
    )
    return [LogLine(*row) for row in reversed(rows)]


def shows_life(holder: str, heartbeat_at: int, now_ms: int) -> bool:
    """Whether a run that has not ended in the table can be taken to go on."""
    return now_ms - heartbeat_at < SILENT_AFTER_MS and not is_gone(holder)


def _job_run(run: operations.JobRun, now_ms: int) -> JobRun:
    running = run.state == "running"
    heartbeat_at = run.heartbeat_at if run.heartbeat_at is not None else run.asked_at
    alive = running and shows_life(run.holder, heartbeat_at, now_ms)
    rate = _rate(run)
    left = run.total - run.done
    return JobRun(
        number=run.id,
        job=run.job,
        slot=run.slot,
        subject=run.subject,
        parameters=json.loads(run.parameters),
        state=run.state,
        exit_reason=run.exit_reason,
        holder=run.holder,
        attempt=run.attempt,
        actor=run.actor,
        cancelled_by=run.cancelled_by,
        asked_at=run.asked_at,
        started_at=run.started_at,
        heartbeat_at=heartbeat_at,
        finished_at=run.finished_at,
        done=run.done,
        total=run.total,
        already=run.already,
        note=run.note,
        alive=alive,
        gone=running and is_gone(run.holder),
        rate=rate,
        seconds_left=left / rate if alive and rate and left >= 0 else None,
    )


def _rate(run: operations.JobRun) -> float | None:
    until = run.finished_at or run.heartbeat_at
    if run.started_at is None or until is None:
        return None
    seconds, own = (until - run.started_at) / 1000, run.done - run.already
    return own / seconds if seconds > 0 and own > 0 else None
