"""Jobs that are run on demand: whenever they have something to do, and no run of them is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.clock import Clock
from engine.config import Config
from engine.database import Database
from engine.slots import Schedule
from jobs.queue import ask
from jobs.registry import all_jobs

ACTOR = "schedule"
# One that failed is not begun again at once, for it would fail again.
_AFTER_FAILURE_MS = 60_000


def ask_for_wanted(
    database: Database, clock: Clock, config: Config, schedules: Mapping[str, Schedule]
) -> list[int]:
    """Asks for a run of each job that is wanted now; returns the numbers of the runs."""
    now = clock.now_ms()
    wanted = [
        job
        for job in (all_jobs()[name] for name, one in schedules.items() if one.kind == "demand")
        if job.is_wanted is not None and job.is_wanted(database, config, now)
    ]
    if not wanted:
        return []
    resting = _resting(database, [job.name for job in wanted], now)
    return [
        ask(database, clock, job, {}, ACTOR).number for job in wanted if job.name not in resting
    ]


def _resting(database: Database, names: Sequence[str], now: int) -> set[str]:
    """The jobs whose newest run is open still, or failed a moment ago."""
    marks = ", ".join("?" * len(names))
    rows = database.rows(
        "SELECT job, state, finished_at FROM job_run WHERE id IN"
        f" (SELECT MAX(id) FROM job_run WHERE job IN ({marks}) GROUP BY job)",
        names,
    )
    return {
        job
        for job, state, finished_at in rows
        if state in ("queued", "running")
        or (state != "done" and abs(now - int(finished_at)) < _AFTER_FAILURE_MS)
    }
