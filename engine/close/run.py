"""The month close of one period: chunk after chunk, then the end of the period.

Nothing here is held in memory that matters: killed anywhere, the next run reads from the database
what is done (close_record) and goes on.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import NamedTuple, TypeVar

from engine.clock import Clock
from engine.close.catalogue import load_catalogue
from engine.close.chunk import Chunk, ChunkResult, Dating, together
from engine.close.conditions import ConditionsBook
from engine.close.hooks import Hooks, Tally
from engine.close.late import LateUsage, pending_periods
from engine.close.pace import Pace
from engine.close.switched import SwitchEvents
from engine.config import Config
from engine.database import Database
from engine.errors import Interrupted
from engine.events.setup import rules_of
from engine.period import Period
from engine.periods import ensure_period
from engine.retry import run_unit

T = TypeVar("T")

# From how many subscribers on a second thread is worth its start.
_READ_AHEAD = 20_000


class StatusSum(NamedTuple):
    """Subscribers of a status, their charges in minor units, how many are marked for blocking."""

    subscribers: int
    amount: int
    blocked: int


@dataclass(frozen=True)
class PeriodSummary:
    """How the close of a period ended: `state` complete, partial (failures remain) or dry run.

    `statuses` speak of the whole period, runs before this one included (empty in a dry run);
    `tally` of this run.
    """

    period: str
    state: str
    tally: Tally
    total: int
    seconds: float
    statuses: dict[str, StatusSum]

    def of(self, status: str) -> StatusSum:
        """The sums of a status."""
        return self.statuses.get(status, StatusSum(0, 0, 0))


class PeriodClose:
    """The close of one period over one connection."""

    def __init__(
        self,
        database: Database,
        config: Config,
        clock: Clock,
        actor: str,
        period: Period,
        hooks: Hooks,
    ) -> None:
        self._database = database
        self._config = config
        self._clock = clock
        self._actor = actor
        self.period = period
        self._hooks = hooks
        self._tally = Tally()
        self._after = self._tally  # as it will be once the chunk under way is committed
        self._total = 0
        self._pending: list[tuple[str, int]] = []

    def run(self, accept_failures: bool = False, keep: bool = True) -> PeriodSummary:
        """Closes what is left of the period and ends it if nobody failed.

        `keep` False does the same and leaves no trace (a dry run). Raises Interrupted when asked to
        stop, DatabaseUnavailable when the database stayed away; both leave a period that the next
        run goes on with.
        """
        with _no_garbage_collection():
            return self._run(accept_failures, keep)

    def _run(self, accept_failures: bool, keep: bool) -> PeriodSummary:
        started = time.monotonic()
        lowest, highest = self._unit(lambda: self._begin(keep))
        chunk = self._chunk()
        try:
            while lowest < highest:
                self._close_range(chunk, lowest, highest, keep)
                # Subscribers may have been added meanwhile.
                lowest, highest = highest, self._unit(self._highest)
        except Interrupted:
            if keep:
                self._unit(self._report_interruption)
            raise
        finally:
            chunk.end()
        state: str = "dry run"
        statuses: dict[str, StatusSum] = {}
        if keep:
            state, statuses = self._unit(lambda: self._end(accept_failures))
        seconds = time.monotonic() - started
        return PeriodSummary(str(self.period), state, self._tally, self._total, seconds, statuses)

    def _unit(self, work: Callable[[], T]) -> T:
        """Does one unit of work, however often the database is in the way."""
        hooks = self._hooks
        wait = self._config.database.wait_seconds
        return run_unit(self._database, work, wait, hooks.stop, hooks.note)

    def _begin(self, keep: bool) -> tuple[int, int]:
        """Marks the period as closing and counts what an earlier run did; the range of ids.

        Usage that was imported before is seen by every chunk: that much is swept already.
        """
        database, period = self._database, str(self.period)
        with database.transaction(keep):
            database.execute(
                "UPDATE billing_period SET state = 'closing', swept_version = usage_version"
                " WHERE period = ? AND state = 'open'",
                (period,),
            )
            self._tally = Tally(
                already=database.integer(
                    "SELECT COUNT(*) FROM close_record WHERE period = ?", (period,)
                )
            )
            self._total = database.integer("SELECT COUNT(*) FROM subscriber WHERE alias_of IS NULL")
            self._pending = pending_periods(database)
            lowest = database.integer("SELECT MIN(id) FROM subscriber") - 1
            return lowest, self._highest()

    def _highest(self) -> int:
        return self._database.integer("SELECT MAX(id) FROM subscriber")

    def _chunk(self) -> Chunk:
        database, period = self._database, self.period
        catalogue = self._unit(lambda: load_catalogue(database))
        book = ConditionsBook(catalogue, period, self._config.month_close.exempt_states)
        sources = [source for source, _ in self._pending]
        late = LateUsage(database, sources, str(period), self._clock.now_ms())
        # What is read ahead does not know of late usage that the chunk itself moves.
        ahead = database.dialect.tells_commits and not sources and self._total >= _READ_AHEAD
        billing = self._config.billing
        switched = SwitchEvents(
            database, str(period), rules_of(self._config), billing.timezone, billing.currency
        )
        return Chunk(database, book, period, late, switched, ahead)

    def _close_range(self, chunk: Chunk, lowest: int, highest: int, keep: bool) -> None:
        """Closes all subscribers with `lowest < id <= highest`, a chunk at a time."""
        billing = self._config.billing
        dating = Dating(self.period.charge_ms(billing.timezone), self._clock.now_ms(), self._actor)
        pace = Pace(billing.close_chunk, billing.close_latency_ms)
        span = (lowest, min(lowest + pace.size, highest))
        while span[0] < highest:
            if self._hooks.stop.is_set():
                raise Interrupted(
                    f"stopped: {self._tally.done} of {self._total} subscribers of {self.period}"
                    " are closed. Run the same command again to go on."
                )
            following = (span[1], min(span[1] + pace.size, highest))
            began = time.monotonic()
            inside = partial(self._inside, [])
            self._unit(partial(chunk.close, span, following, dating, inside, keep))
            pace.adapt((time.monotonic() - began) * 1000)
            self._tally = self._after
            self._hooks.progress(self._tally, self._total)
            span = following

    def _inside(self, attempts: list[ChunkResult], result: ChunkResult) -> None:
        """What must commit with a chunk or stop it. `attempts`: the results of those before."""
        attempts.append(result)
        self._after = replace(self._tally)
        self._after.add(together(attempts) if len(attempts) > 1 else result)
        self._hooks.compare(result)
        self._hooks.fence(self._after, self._total)

    def _end(self, accept_failures: bool) -> tuple[str, dict[str, StatusSum]]:
        """Ends the period in one transaction, unless failures remain; complete or partial."""
        database, period = self._database, str(self.period)
        with database.transaction():
            self._hooks.fence(self._tally, self._total)
            statuses = self._statuses()
            failed = "failed" in statuses and not accept_failures
            state = "partial" if failed else "complete"
            if state == "complete":
                ended = database.execute(
                    "UPDATE billing_period SET state = 'closed', closed_at = ?"
                    " WHERE period = ? AND state = 'closing'",
                    (self._clock.now_ms(), period),
                )
                if not ended.rowcount:  # by an attempt before, whose answer was lost
                    return state, statuses
                ensure_period(database, self.period.next())
            self._record_event(state, statuses)
        return state, statuses

    def _report_interruption(self) -> None:
        with self._database.transaction():
            self._record_event("interrupted", self._statuses())

    def _statuses(self) -> dict[str, StatusSum]:
        return {
            status: StatusSum(int(count), int(amount), int(blocked))
            for status, count, amount, blocked in self._database.rows(
                "SELECT status, COUNT(*), SUM(amount), SUM(block) FROM close_record"
                " WHERE period = ? GROUP BY status ORDER BY status",
                (str(self.period),),
            )
        }

    def _record_event(self, state: str, statuses: dict[str, StatusSum]) -> None:
        """The final event, with all counters and sums of the period so far."""
        details = {
            "state": state,
            "total": self._total,
            "statuses": {status: sums._asdict() for status, sums in statuses.items()},
            "this_run": asdict(self._tally),
        }
        self._database.execute(
            "INSERT INTO system_event (at, kind, subject, details) VALUES (?, 'month_close', ?, ?)",
            (self._clock.now_ms(), str(self.period), json.dumps(details)),
        )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Chunks make hundreds of thousands of small tuples and no cycles; the collector would walk
    them and all remembered conditions again and again, a sixth of the time of a close."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
