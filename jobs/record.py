"""The record of a run in job_run: there for whoever watches, from any process."""

from __future__ import annotations

from engine.clock import Clock
from engine.database import Database


class RunRecord:
    """One run. Times come from the clock; `progress` runs in the caller's transaction."""

    def __init__(self, database: Database, clock: Clock, job: str, holder: str, actor: str) -> None:
        self._database = database
        self._clock = clock
        self._job = job
        self._holder = holder
        self._actor = actor
        self._id = 0

    def start(self, subject: str) -> None:
        """Begins the record. Runs of the job that never ended are marked as interrupted: whoever
        starts holds the lease, so none of them is alive."""
        database, now = self._database, self._clock.now_ms()
        with database.transaction():
            database.execute(
                "UPDATE job_run SET state = 'interrupted', finished_at = heartbeat_at,"
                " note = 'ended without a word' WHERE job = ? AND state = 'running'",
                (self._job,),
            )
            self._id = database.insert(
                "INSERT INTO job_run (job, subject, state, holder, actor, started_at, heartbeat_at)"
                " VALUES (?, ?, 'running', ?, ?, ?, ?)",
                (self._job, subject, self._holder, self._actor, now, now),
            )

    def progress(self, done: int, total: int, note: str = "") -> None:
        """How far the run is; in the caller's transaction, so it never says more than is true."""
        self._database.execute(
            "UPDATE job_run SET done = ?, total = ?, note = ?, heartbeat_at = ? WHERE id = ?",
            (done, total, note[:300], self._clock.now_ms(), self._id),
        )

    def finish(self, state: str, note: str) -> None:
        """Ends the record: `state` done, failed or interrupted."""
        now = self._clock.now_ms()
        with self._database.transaction():
            self._database.execute(
                "UPDATE job_run SET state = ?, note = ?, heartbeat_at = ?, finished_at = ?"
                " WHERE id = ?",
                (state, note[:300], now, now, self._id),
            )
