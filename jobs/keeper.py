"""The keeper of a run: a thread beside the one that works, with a connection of its own.

It renews the lease while the job shows signs of life, writes the log, and hears that the run was
cancelled. It never writes what the job decides. Where the database is away it waits; the job itself
finds that out in its own time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import peewee

from engine.database import Database
from engine.errors import BilldeckError, LeaseHeld
from jobs.context import RunContext
from jobs.job import Job
from jobs.lease import TTL_MS
from jobs.record import RunRecord, write_lines

BEAT_SECONDS = 1.0
# A transaction of the job renews the lease, too; the keeper only fills longer gaps.
_RENEW_SECONDS = TTL_MS / 1_000 / 3


class Keeper:
    """Use it as a context around the work. `open_database` opens a connection for its thread;
    `on_hang` is called in it when the job shows no sign of life for longer than it may.

    `reason` tells afterwards why the run was asked to stop: '', 'cancelled', 'time_limit', 'lost'.
    """

    def __init__(
        self,
        open_database: Callable[[], Database],
        job: Job,
        record: RunRecord,
        context: RunContext,
        on_hang: Callable[[], None],
    ) -> None:
        self.reason = ""
        self._open = open_database
        self._job = job
        self._record = record
        self._context = context
        self._on_hang = on_hang
        self._database: Database | None = None
        self._began = time.monotonic()
        self._renewed = time.monotonic()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def __enter__(self) -> Keeper:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(TTL_MS / 1_000)

    def _run(self) -> None:
        while not self._ending.wait(BEAT_SECONDS):
            if self._context.life.silent_for() > self._job.silence_seconds:
                self._on_hang()
                return
            try:
                self._beat(self._connected())
            except LeaseHeld:
                self._ask_to_stop("lost")
                break
            except (peewee.PeeweeException, BilldeckError, OSError):
                self._disconnect()
        self._disconnect()

    def _connected(self) -> Database:
        if self._database is None:
            self._database = self._open()
        return self._database

    def _disconnect(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _beat(self, database: Database) -> None:
        limit = self._job.limit_seconds
        if limit is not None and time.monotonic() - self._began > limit:
            self._ask_to_stop("time_limit")
        held = database.row("SELECT cancelled_by, token FROM job_run WHERE id = ?",
                            (self._record.number,))  # fmt: skip
        if held is None or held[1] != self._record.lease.token:
            raise self._record.lease.lost()
        if held[0] is not None:
            self._ask_to_stop("cancelled")
        lines = self._context.log_lines.take()
        now = time.monotonic()
        if not lines and now - self._renewed < _RENEW_SECONDS:
            return
        try:
            with database.transaction():
                self._record.lease.prove(database)
                self._record.alive_on(database)
                write_lines(database, self._record.number, lines)
        except BaseException:
            self._context.log_lines.give_back(lines)
            raise
        self._renewed = now

    def _ask_to_stop(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._context.stop.set()
