"""The processes that a daemon has started, each with one run. They end with it.

A process of its own for each run keeps them apart: one that hangs, floods its log or takes too much
memory harms no other, and can be ended from outside.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from typing import NamedTuple

from engine.config import Config
from engine.text import safe
from jobs.detached import start_worker
from jobs.job import Job

_TAIL = 4_000


class Ended(NamedTuple):
    """A worker that has ended: its run and job, its exit status (negative: the signal that killed
    it), and the last that it complained of."""

    number: int
    job: str
    status: int
    words: str


class _Worker:
    """One process and what it says on standard error, of which the end is kept."""

    def __init__(self, number: int, job: Job, config: Config) -> None:
        self.number = number
        self.job = job
        self.process = start_worker(number, config)
        self._tail = b""
        self._reader = threading.Thread(target=self._read, name=f"run-{number}", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        stream = self.process.stderr
        while stream is not None and (piece := os.read(stream.fileno(), _TAIL)):
            self._tail = (self._tail + piece)[-_TAIL:]

    def ask_to_stop(self) -> None:
        if self.process.stdin:
            with suppress(OSError):
                self.process.stdin.close()
        self.process.send_signal(signal.SIGTERM)

    def close(self) -> str:
        """After the end: the last words. A process that left its standard error to others of its
        own is not waited for."""
        self._reader.join(1.0)
        for stream in (self.process.stdin, self.process.stderr):
            if stream and not self._reader.is_alive():
                with suppress(OSError):
                    stream.close()
        return safe(self._tail.decode("utf-8", "replace").strip(), 400)


class Workers:
    """The workers of one daemon, in two lanes: the long jobs have their own."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._workers: list[_Worker] = []

    def __len__(self) -> int:
        return len(self._workers)

    def jobs(self) -> list[str]:
        """The jobs that are being run, in the order of their start."""
        return [worker.job.name for worker in self._workers]

    def room_for(self, job: Job) -> bool:
        """Whether one more run of this job may be started. One job is run once at a time."""
        if job.name in self.jobs():
            return False
        most = self.config.daemon.long_workers if job.long else self.config.daemon.workers
        return sum(worker.job.long == job.long for worker in self._workers) < most

    def start(self, number: int, job: Job) -> None:
        """Starts the run. Raises OSError."""
        self._workers.append(_Worker(number, job, self.config))

    def reap(self) -> list[Ended]:
        """Those that have ended since; they are no longer counted."""
        ended = []
        for worker in list(self._workers):
            status = worker.process.poll()
            if status is not None:
                self._workers.remove(worker)
                ended.append(Ended(worker.number, worker.job.name, status, worker.close()))
        return ended

    def ask_to_stop(self) -> None:
        """Asks all to end at their next safe point."""
        for worker in self._workers:
            worker.ask_to_stop()

    def kill(self) -> None:
        """Ends all at once; what they had not committed is undone."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            with suppress(subprocess.TimeoutExpired):
                worker.process.wait(10)

    def end_overdue(self, over: set[int]) -> None:
        """Kills the workers of these runs: they no longer may write, and do not see it."""
        for worker in self._workers:
            if worker.number in over:
                worker.process.kill()
