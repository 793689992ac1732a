"""Running a job in this process: lease, record, keeper, the work, and how it ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import NamedTuple, TypeVar

import peewee

from engine import faults
from engine.clock import Clock
from engine.config import Config
from engine.database import Database
from engine.errors import (
    BilldeckError,
    ConfigError,
    DatabaseUnavailable,
    InputError,
    Interrupted,
    LeaseHeld,
    NeedsConfirmation,
)
from engine.retry import run_unit
from engine.text import safe
from jobs.context import RunContext, RunHooks
from jobs.job import Job, Outcome, Values
from jobs.keeper import Keeper
from jobs.record import MOST_ATTEMPTS, STOPPED, Begun, RunRecord

Work = Callable[[RunContext], Outcome]
T = TypeVar("T")

# On the way out of an error: the error matters more than the record.
_LAST_SECONDS = 1.0


class _End(NamedTuple):
    """How a run ended: its state in the table, one word of reason, words for people."""

    state: str
    reason: str
    note: str


class Runner:
    """Runs jobs on one connection, one after the other.

    `open_database` opens the keeper's own connection; without it there is no keeper: the job's own
    transactions renew the lease, and nobody hears of a cancel. `on_hang` is called in the keeper's
    thread; what it leaves, others take over when the lease ends.
    """

    def __init__(
        self,
        database: Database,
        config: Config,
        clock: Clock,
        hooks: RunHooks,
        open_database: Callable[[], Database] | None = None,
        on_hang: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._config = config
        self._clock = clock
        self._hooks = hooks
        self._open = open_database
        self._on_hang = on_hang

    def here(
        self, job: Job, parameters: Values, actor: str, work: Work, subject: str = ""
    ) -> Outcome:
        """Runs the job now, for who sits here. Raises what the job raises, LeaseHeld while another
        run of it goes on."""
        record = RunRecord(self._database, self._clock, job)
        begun = self._unit(partial(record.begin_here, parameters, actor, subject))
        return self._run(job, record, begun, work, hand_back=False)

    def queued(self, job: Job, number: int, work: Work, hand_back: bool) -> Outcome:
        """Runs what waits in the queue under this number. `hand_back`: when it is stopped, a run
        that can go on waits in the queue again. Raises as `here` does."""
        record = RunRecord(self._database, self._clock, job)
        begun = self._unit(partial(record.begin_queued, number))
        return self._run(job, record, begun, work, hand_back)

    def _run(
        self, job: Job, record: RunRecord, begun: Begun, work: Work, hand_back: bool
    ) -> Outcome:
        context = RunContext(
            self._database, self._config, self._clock, begun, record, self._hooks
        )  # fmt: skip
        keeper = self._keeper(job, record, context)
        try:
            with keeper or nullcontext():
                outcome = work(context)
        except LeaseHeld:
            raise
        except BaseException as error:
            reason = keeper.reason if keeper else ""
            if reason == "lost":
                raise record.lease.lost() from None
            end = _end_of(error, reason, hand_back and job.resumable, begun.attempt)
            self._end_badly(record, context, end)
            raise
        state, why = ("done", "complete") if outcome.complete else ("failed", "failures")
        lines = context.log_lines.close(self._clock.now_ms())
        self._unit(partial(record.finish, state, why, outcome.note, lines))
        return outcome

    def _keeper(self, job: Job, record: RunRecord, context: RunContext) -> Keeper | None:
        if self._open is None:
            return None
        return Keeper(self._open, job, record, context, self._on_hang)

    def _end_badly(self, record: RunRecord, context: RunContext, end: _End) -> None:
        """Writes the end down if that can be done quickly."""
        lines = context.log_lines.close(self._clock.now_ms())
        finish = partial(record.finish, *end, lines)
        try:
            run_unit(self._database, finish, _LAST_SECONDS, threading.Event())
        except (BilldeckError, peewee.PeeweeException) as error:
            self._hooks.note(f"on the way out: {safe(error)}")

    def _unit(self, work: Callable[[], T]) -> T:
        wait = self._config.database.wait_seconds
        return run_unit(self._database, work, wait, self._hooks.stop, self._hooks.note)


def _end_of(error: BaseException, asked: str, may_go_on: bool, attempt: int) -> _End:
    """The end of a run that did not come to its own. `asked` is why it was asked to stop."""
    if isinstance(error, Interrupted):
        if asked == "cancelled":
            return _End("cancelled", asked, "cancelled; what was committed stays")
        if asked:
            return _End("interrupted", asked, "it took too long; what was committed stays")
        if may_go_on:
            return _End("queued", STOPPED, "stopped at a safe point; it goes on where it was")
        return _End("interrupted", "signal", error.message)
    if isinstance(error, DatabaseUnavailable):
        again = may_go_on and attempt < MOST_ATTEMPTS
        return _End("queued" if again else "failed", "database", error.message)
    if isinstance(error, (InputError, ConfigError, NeedsConfirmation)):
        return _End("failed", "refused", error.message)
    if isinstance(error, BilldeckError):
        return _End("failed", "error", error.message)
    if isinstance(error, peewee.PeeweeException):
        return _End("failed", "database", f"the database failed: {safe(error)}")
    if not isinstance(error, Exception):
        return _End("interrupted", "signal", "broken off; what was committed stays")
    kept = faults.keep(error, "error-")
    words = f"internal error: {type(error).__name__} at {faults.place(error)}; details: {kept}"
    return _End("failed", "internal_error", words)
