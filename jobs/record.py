"""The record of a run in job_run: there for whoever watches, from any process."""

from __future__ import annotations

from typing import Any

from engine.clock import Clock
from engine.database import Database
from engine.models.operations import JobRun


class RunRecord:
    """One run. Times come from the clock; `progress` runs in the caller's transaction."""

    def __init__(self, database: Database, clock: Clock, job: str, holder: str, actor: str) -> None:
        self._database = database
        self._clock = clock
        self._run = {"job": job, "holder": holder, "actor": actor}
        self._id = 0

    def start(self, subject: str) -> None:
        """Begins the record. Runs of the job that never ended are marked as interrupted: whoever
        starts holds the lease, so none of them is alive."""
        now = self._clock.now_ms()
        left = JobRun.update(
            state="interrupted", finished_at=JobRun.heartbeat_at, note="ended without a word"
        ).where(JobRun.job == self._run["job"], JobRun.state == "running")
        begun = JobRun.insert(
            **self._run, subject=subject, state="running", started_at=now, heartbeat_at=now
        )
        with self._database.transaction():
            self._database.write(left)
            self._id = self._database.write(begun)

    def progress(self, done: int, total: int, already: int, note: str = "") -> None:
        """How far the run is, `already` of the `done` before it began; in the caller's
        transaction, so it never says more than is true."""
        now = self._clock.now_ms()
        self._set(now, done=done, total=total, already=already, note=note[:300])

    def finish(self, state: str, note: str) -> None:
        """Ends the record: `state` done, failed or interrupted."""
        now = self._clock.now_ms()
        with self._database.transaction():
            self._set(now, state=state, note=note[:300], finished_at=now)

    def _set(self, now_ms: int, **columns: Any) -> None:
        alive = JobRun.update(heartbeat_at=now_ms, **columns).where(JobRun.id == self._id)
        self._database.write(alive)
