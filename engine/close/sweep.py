"""The search for late usage outside of a close; what came is moved to the oldest open period."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from engine.clock import Clock
from engine.close.due import read_periods
from engine.close.hooks import Hooks, Tally
from engine.close.late import LateUsage, mark_swept, pending_periods
from engine.config import Config
from engine.database import Database
from engine.retry import run_unit

T = TypeVar("T")

# Ids in one transaction.
_STEP = 20_000


def sweep_late_usage(database: Database, config: Config, clock: Clock, hooks: Hooks) -> int:
    """Moves usage that came after the close to the oldest open period; returns how many rows."""

    def unit(work: Callable[[], T]) -> T:
        return run_unit(database, work, config.database.wait_seconds, hooks.stop, hooks.note)

    def pending() -> list[tuple[str, int]]:
        with database.transaction():
            return pending_periods(database)

    def step(late: LateUsage, after: int, upto: int) -> int:
        with database.transaction():
            hooks.fence(Tally(), 0)
            return late.move(after, upto)

    def finish(found: list[tuple[str, int]]) -> None:
        with database.transaction():
            mark_swept(database, found)

    periods = unit(lambda: read_periods(database))
    found = unit(pending) if periods else []
    if not found or periods is None:
        return 0
    sources = [source for source, _ in found]
    late = LateUsage(database, sources, str(periods.oldest_open), clock.now_ms())
    highest = unit(lambda: database.integer("SELECT MAX(id) FROM subscriber"))
    moved = sum(
        unit(partial(step, late, after, after + _STEP)) for after in range(0, highest, _STEP)
    )
    unit(lambda: finish(found))
    return moved
