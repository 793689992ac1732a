"""The record of a run in job_run: there for whoever watches, from any process.

A run begins in one transaction with its lease and ends in one with giving it back. Only the holder
of the run's token changes it meanwhile.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.clock import Clock
from engine.database import Database
from engine.errors import LeaseHeld
from engine.holder import is_gone
from engine.models.operations import JobRun
from jobs.job import Job, Values
from jobs.lease import Lease
from jobs.log import Line

# A run that dies time and again is not taken over for ever.
MOST_ATTEMPTS = 3
# How the open_key of a run begins that somebody runs here and now, without the queue.
HERE = "here:"
# Why a run is back in the queue that was stopped in order: that attempt does not count.
STOPPED = "stopped"
_NOTE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that has begun: its number, what it was asked for with, and by whom; `last_line` is the
    last number in its log so far."""

    number: int
    parameters: Values
    actor: str
    slot: int | None
    attempt: int
    last_line: int


class RunRecord:
    """One run on one connection. `clock` gives the times that people read."""

    def __init__(self, database: Database, clock: Clock, job: Job) -> None:
        self._database = database
        self._clock = clock
        self._job = job
        self._key = HERE + secrets.token_hex(16)
        self.lease = Lease(job.name)
        self.number = 0

    def begin_here(self, parameters: Values, actor: str, subject: str) -> Begun:
        """Begins a run that waits in no queue. Raises LeaseHeld; safe to repeat."""
        now = self._clock.now_ms()
        with self._database.transaction():
            self.lease.take(self._database)
            self._settle_others()
            mine = {"token": self.lease.token, "heartbeat_at": now}
            again = JobRun.update(**mine).where(JobRun.open_key == self._key)
            if self._database.write(again) == 0:
                self._database.write(JobRun.insert(
                    **mine, job=self._job.name, open_key=self._key, subject=subject,
                    parameters=json.dumps(parameters, ensure_ascii=False), state="running",
                    holder=self.lease.holder, attempt=1, actor=actor, asked_at=now, started_at=now,
                ))  # fmt: skip
            return self._begun(JobRun.open_key == self._key)

    def begin_queued(self, number: int) -> Begun:
        """Begins the run of this number, which waits in the queue. Raises LeaseHeld when another
        has begun it or runs the job; safe to repeat."""
        now = self._clock.now_ms()
        with self._database.transaction():
            self.lease.take(self._database)
            self._settle_others(but=number)
            waiting = (JobRun.state == "queued") | (
                (JobRun.state == "running") & (JobRun.holder == self.lease.holder)
            )
            taken = JobRun.update(
                state="running", holder=self.lease.holder, token=self.lease.token,
                attempt=JobRun.attempt + 1, started_at=now, heartbeat_at=now, note="",
            ).where(JobRun.id == number, JobRun.job == self._job.name, waiting)  # fmt: skip
            if self._database.write(taken) != 1:
                raise LeaseHeld(f"run {number} of {self._job.name} waits no longer.")
            return self._begun(JobRun.id == number)

    def _begun(self, which: Any) -> Begun:
        (run,) = self._database.objects(JobRun.select().where(which))
        self.number = run.id
        last = "SELECT COALESCE(MAX(line), 0) FROM job_log WHERE run_id = ?"
        return Begun(
            run.id, json.loads(run.parameters), run.actor, run.slot, run.attempt,
            self._database.integer(last, (run.id,)),
        )  # fmt: skip

    def _settle_others(self, but: int = 0) -> None:
        """Whoever begins holds the lease, so no other run of the job is alive."""
        for run in open_runs(self._database):
            if run.job == self._job.name and run.state == "running" and run.number != but:
                settle(self._database, self._job, run)

    def about(self, subject: str) -> None:
        """What the run is about, such as a period; in the caller's transaction."""
        self._set(subject=subject[:40])

    def progress(self, done: int, total: int, already: int, note: str = "") -> None:
        """How far the run is, `already` of the `done` before it began; in the caller's
        transaction, so it never says more than is true."""
        self._set(done=done, total=total, already=already, note=note[:_NOTE_LENGTH])

    def alive_on(self, database: Database) -> None:
        """The run goes on; in a transaction of that connection."""
        alive = JobRun.update(heartbeat_at=self._clock.now_ms())
        database.write(alive.where(*self._mine()))

    def _set(self, **columns: Any) -> None:
        changed = JobRun.update(heartbeat_at=self._clock.now_ms(), **columns)
        self._database.write(changed.where(*self._mine()))

    def _mine(self) -> tuple[Any, ...]:
        return (JobRun.id == self.number, JobRun.token == self.lease.token,
                JobRun.state == "running")  # fmt: skip

    def finish(self, state: str, reason: str, note: str, lines: Sequence[Line] = ()) -> None:
        """Ends the run with a state and one word of reason, or puts it back into the queue
        (`queued`), and gives the lease back. A run that has lost its lease changes nothing."""
        now = self._clock.now_ms()
        ends: dict[str, Any] = {"finished_at": now, "open_key": None}
        if state == "queued":
            ends = {"holder": ""}
            if reason == STOPPED:
                ends["attempt"] = JobRun.attempt - 1
        with self._database.transaction():
            ended = JobRun.update(
                state=state, exit_reason=reason, note=note[:_NOTE_LENGTH], heartbeat_at=now, **ends
            ).where(*self._mine())
            if self._database.write(ended):
                write_lines(self._database, self.number, lines)
            self.lease.give_back(self._database)


def write_lines(database: Database, number: int, lines: Sequence[Line]) -> None:
    """Adds lines to the log of a run, in the caller's transaction; a line that is there already, by
    a commit whose answer was lost, is kept."""
    if not lines:
        return
    there = "SELECT COALESCE(MAX(line), 0) FROM job_log WHERE run_id = ?"
    last = database.integer(there, (number,))
    fresh = [(number, *line) for line in lines if line.number > last]
    if fresh:
        database.write_many(
            "INSERT INTO job_log (run_id, line, at, level, text) VALUES (?, ?, ?, ?, ?)", fresh
        )


class OpenRun(NamedTuple):
    """A run that waits or goes on. For one that waits `holder` has reserved it at `heartbeat_at`;
    for one that goes on `in_force` says whether its lease is. `here`: it did not come through the
    queue."""

    number: int
    job: str
    state: str
    holder: str
    token: int
    attempt: int
    here: bool
    cancelled_by: str | None
    heartbeat_at: int | None
    in_force: bool

    @property
    def is_over(self) -> bool:
        """Whether it goes on by the table only."""
        return self.state == "running" and (not self.in_force or is_gone(self.holder))


def open_runs(database: Database) -> list[OpenRun]:
    """All runs that wait or go on, in the order in which they were asked for."""
    rows = database.rows(
        "SELECT r.id, r.job, r.state, r.holder, r.token, r.attempt,"
        " COALESCE(r.open_key, '') LIKE 'here:%', r.cancelled_by, r.heartbeat_at,"
        f" l.expires_at > {database.dialect.now_ms} AND l.holder = r.holder AND l.token = r.token"
        " FROM job_run r LEFT JOIN lease l ON l.name = r.job"
        " WHERE r.state IN ('queued', 'running') ORDER BY r.asked_at, r.id"
    )
    return [OpenRun(*row)._replace(here=bool(row[6]), in_force=bool(row[9])) for row in rows]


def settle(database: Database, job: Job | None, run: OpenRun) -> str:
    """Ends a run whose process is gone, in the caller's transaction: one from the queue that can go
    on waits again, any other is interrupted. Returns its new state, '' when another process was
    quicker. `job` is None for one that no longer exists."""
    mine = (JobRun.id == run.number, JobRun.token == run.token, JobRun.state == "running")
    if job is not None and job.resumable and not run.here and not run.cancelled_by:
        if run.attempt < MOST_ATTEMPTS:
            again = JobRun.update(
                state="queued", holder="", exit_reason="gone",
                note="its process ended without a word; it goes on where it was",
            )  # fmt: skip
            return "queued" if database.write(again.where(*mine)) else ""
        state, note = "failed", f"its process ended without a word {run.attempt} times"
    else:
        state = "cancelled" if run.cancelled_by else "interrupted"
        note = "ended without a word"
    ended = JobRun.update(
        state=state, exit_reason="gone", note=note, finished_at=JobRun.heartbeat_at, open_key=None
    )
    return state if database.write(ended.where(*mine)) else ""
