"""What a job's function is given: the run that it is, and what it must not do without."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from engine.clock import Clock
from engine.config import Config
from engine.database import Database
from engine.errors import Interrupted
from engine.retry import run_unit
from jobs.job import Values
from jobs.log import Level, RunLog
from jobs.record import Begun, RunRecord

T = TypeVar("T")


@dataclass
class RunHooks:
    """How a run reaches whoever started it: `step(done, total)` after each piece of work, `note` of
    anything worth a line; `stop` asks it to end at the next safe point."""

    step: Callable[[int, int], None] = lambda done, total: None
    note: Callable[[str], None] = lambda text: None
    stop: threading.Event = field(default_factory=threading.Event)


class LifeSigns:
    """When the job last showed that it works, on a clock that nobody sets."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def show(self) -> None:
        """It works."""
        self.last = time.monotonic()

    def silent_for(self) -> float:
        """Seconds since."""
        return time.monotonic() - self.last


class RunContext:
    """One run, for the function that does it. All methods belong to the thread of that function."""

    def __init__(
        self,
        database: Database,
        config: Config,
        clock: Clock,
        begun: Begun,
        record: RunRecord,
        hooks: RunHooks,
    ) -> None:
        self.database = database
        self.config = config
        self.clock = clock
        self.parameters: Values = begun.parameters
        self.actor = begun.actor
        self.slot = begun.slot
        self.attempt = begun.attempt
        self.stop = hooks.stop
        self.log_lines = RunLog()
        self.log_lines.go_on_after(begun.last_line)
        self.life = LifeSigns()
        self._record = record
        self._hooks = hooks

    def prove(self) -> None:
        """Proves the lease in the caller's transaction, as every transaction that writes must.
        Raises LeaseHeld."""
        self.life.show()
        self._record.lease.prove(self.database)

    def check(self) -> None:
        """Looks whether the lease still holds, right before a call to the outside. Raises LeaseHeld
        and Interrupted."""
        self.safe_point()
        self._record.lease.check(self.database)

    def safe_point(self) -> None:
        """Here the run may end: raises Interrupted when it was asked to."""
        self.life.show()
        if self.stop.is_set():
            raise Interrupted("stopped at a safe point. What was committed stays; run it again.")

    def about(self, subject: str) -> None:
        """Says what the run is about, such as a period."""

        def work() -> None:
            with self.database.transaction():
                self.prove()
                self._record.about(subject)

        self.unit(work)

    def progress(self, done: int, total: int, already: int = 0, note: str = "") -> None:
        """Notes in the caller's transaction how far the run is, `already` of the `done` before it
        began; `total` 0 is not known."""
        self.life.show()
        self._record.progress(done, total, already, note)

    def step(self, done: int, total: int) -> None:
        """Tells whoever waits how far the run is."""
        self.life.show()
        self._hooks.step(done, total)

    def log(self, text: str, level: Level = "info") -> None:
        """A line for the log of the run."""
        self.log_lines.put(self.clock.now_ms(), text, level)
        self._hooks.note(text)

    def unit(self, work: Callable[[], T]) -> T:
        """Does a unit of work that is safe to repeat, again and again while the database is in the
        way; see `engine.retry.run_unit`."""
        wait = self.config.database.wait_seconds
        return run_unit(self.database, work, wait, self.stop, self.log)
