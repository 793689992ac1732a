"""The runs of jobs, with their progress, as any process may see them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.database import Database
from engine.holder import is_gone
from engine.models import operations

# A run writes its heartbeat every few seconds; after this long without one it is taken for dead.
SILENT_AFTER_MS = 60_000


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run. Times are epoch milliseconds. Of the `done` units of work `already` were done before
    this run. `alive` says whether a running one shows signs of life, `gone` that its process no
    longer exists although `state` is still running. `rate` is units a second, `seconds_left` an
    estimate, None without ground for one."""

    number: int
    job: str
    subject: str
    state: str
    holder: str
    actor: str
    started_at: int
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


def leases(database: Database, now_ms: int) -> list[Lease]:
    """The leases held now, by name."""
    rows = database.rows(
        "SELECT name, holder, expires_at FROM lease"
        " WHERE holder IS NOT NULL AND expires_at > ? ORDER BY name",
        (now_ms,),
    )
    return [Lease(*row) for row in rows]


def shows_life(holder: str, heartbeat_at: int, now_ms: int) -> bool:
    """Whether a run that has not ended in the table can be taken to go on."""
    return now_ms - heartbeat_at < SILENT_AFTER_MS and not is_gone(holder)


def _job_run(run: operations.JobRun, now_ms: int) -> JobRun:
    seconds = ((run.finished_at or run.heartbeat_at) - run.started_at) / 1000
    own, left = run.done - run.already, run.total - run.done
    rate = own / seconds if seconds > 0 and own > 0 else None
    running = run.state == "running"
    alive = running and shows_life(run.holder, run.heartbeat_at, now_ms)
    return JobRun(
        number=run.id,
        job=run.job,
        subject=run.subject,
        state=run.state,
        holder=run.holder,
        actor=run.actor,
        started_at=run.started_at,
        heartbeat_at=run.heartbeat_at,
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
