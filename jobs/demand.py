"""Jobs that are run on demand: whenever they have something to do, and no run of them is open."""

from __future__ import annotations

from collections.abc import Mapping

from engine.clock import Clock
from engine.config import Config
from engine.database import Database
from engine.slots import Schedule
from jobs.job import Job
from jobs.queue import ask
from jobs.registry import all_jobs

ACTOR = "schedule"
# One that failed is not begun again at once, for it would fail again.
_AFTER_FAILURE_MS = 60_000


def ask_for_wanted(
    database: Database, clock: Clock, config: Config, schedules: Mapping[str, Schedule]
) -> list[int]:
    """Asks for a run of each job that is wanted now; returns the numbers of the runs."""
    asked = []
    now = clock.now_ms()
    for name, schedule in schedules.items():
        job = all_jobs()[name]
        if schedule.kind != "demand" or job.is_wanted is None or _is_at_it(database, job, now):
            continue
        if job.is_wanted(database, config, now):
            asked.append(ask(database, clock, job, {}, ACTOR).number)
    return asked


def _is_at_it(database: Database, job: Job, now: int) -> bool:
    """Whether the newest run of the job is open still, or failed a moment ago."""
    row = database.row(
        "SELECT state, finished_at FROM job_run WHERE job = ? ORDER BY id DESC LIMIT 1", (job.name,)
    )
    if row is None:
        return False
    state, finished_at = row
    if state in ("queued", "running"):
        return True
    return state != "done" and abs(now - int(finished_at)) < _AFTER_FAILURE_MS
