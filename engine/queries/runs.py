"""The runs of jobs, with their progress, as any process may see them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.database import Database, Row

# A run writes its heartbeat every few seconds; after this long without one it is taken for dead.
SILENT_AFTER_MS = 60_000


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run. Times are epoch milliseconds; `alive` says whether a running one shows signs of life;
    `rate` is units of work a second, `seconds_left` an estimate, None without ground for one."""

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
    note: str
    alive: bool
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
    rows = database.rows(
        "SELECT id, job, subject, state, holder, actor, started_at, heartbeat_at, finished_at,"
        " done, total, note FROM job_run ORDER BY id DESC LIMIT ?",
        (limit,),
    )
    return [_job_run(row, now_ms) for row in rows]


def leases(database: Database, now_ms: int) -> list[Lease]:
    """The leases held now, by name."""
    rows = database.rows(
        "SELECT name, holder, expires_at FROM lease"
        " WHERE holder IS NOT NULL AND expires_at > ? ORDER BY name",
        (now_ms,),
    )
    return [Lease(*row) for row in rows]


def _job_run(row: Row, now_ms: int) -> JobRun:
    number, job, subject, state, holder, actor, started, beat, finished, done, total, note = row
    seconds = ((finished or beat) - started) / 1000
    rate = done / seconds if seconds > 0 and done else None
    running = state == "running"
    return JobRun(
        number=number,
        job=job,
        subject=subject,
        state=state,
        holder=holder,
        actor=actor,
        started_at=started,
        heartbeat_at=beat,
        finished_at=finished,
        done=done,
        total=total,
        note=note,
        alive=running and now_ms - beat < SILENT_AFTER_MS,
        rate=rate,
        seconds_left=(total - done) / rate if running and rate and total >= done else None,
    )
