"""The jobs at a glance: when each is due, what goes on, how the last run ended, what was missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from engine.database import Database
from engine.queries.runs import ENDED, JobRun, last_runs, one_run
from engine.slots import Schedule, next_slot

# So many of its newest runs tell how a job fares.
_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class JobState:
    """A job. `schedule` in words, `next_at` when it is due next (epoch milliseconds, None: never);
    `running` and `last`, the newest that ended, are runs; `waiting` counts those in the queue,
    `missed` the slots that nobody was there for since a run went well."""

    name: str
    schedule: str
    next_at: int | None
    running: JobRun | None
    last: JobRun | None
    waiting: int
    missed: int


def job_states(
    database: Database, now_ms: int, schedules: Mapping[str, Schedule], zone: tzinfo
) -> list[JobState]:
    """All jobs that have a schedule (`off` is one), in that order."""
    return [
        job_state(
            name, str(schedule), next_slot(schedule, zone, now_ms),
            telling_runs(database, now_ms, name),
        )
        for name, schedule in schedules.items()
    ]  # fmt: skip


def telling_runs(database: Database, now_ms: int, job: str) -> list[JobRun]:
    """The newest runs of a job, newest first, and however many slots were missed since then, the
    one that goes on and the newest that ended."""
    runs = last_runs(database, now_ms, job, _LOOKED_AT)
    if len(runs) < _LOOKED_AT:
        return runs
    older: list[int] = []
    if not any(run.state == "running" for run in runs):
        by_state = database.dialect.by_index("job_run_state")
        goes_on = f"SELECT id FROM job_run {by_state} WHERE state = 'running' AND job = ?"
        older += [number for (number,) in database.rows(goes_on, (job,))]
    if not any(run.state in ENDED for run in runs):
        ended = (
            f"SELECT id FROM job_run WHERE job = ? AND state IN {ENDED} ORDER BY id DESC LIMIT 1"
        )
        older += [number for (number,) in database.rows(ended, (job,))]
    found = [one_run(database, now_ms, number) for number in sorted(older, reverse=True)]
    return runs + [run for run in found if run is not None]


def jobs_that_ran(database: Database) -> list[str]:
    """The names of all jobs that have a run."""
    found: list[str] = []
    # From name to name along an index: a GROUP BY may read all runs.
    while name := _next_job(database, found[-1] if found else ""):
        found.append(str(name))
    return found


def _next_job(database: Database, name: str) -> str | None:
    found = database.value("SELECT MIN(job) FROM job_run WHERE job > ?", (name,))
    return None if found is None else str(found)


def job_state(name: str, schedule: str, next_at: int | None, runs: list[JobRun]) -> JobState:
    """From the newest runs of a job, newest first."""
    missed = 0
    for run in runs:
        if run.state == "done":
            break
        missed += run.state == "missed" and run.exit_reason == "down"
    return JobState(
        name,
        schedule,
        next_at,
        running=next((run for run in runs if run.state == "running"), None),
        last=next((run for run in runs if run.state in ENDED), None),
        waiting=sum(run.state == "queued" for run in runs),
        missed=missed,
    )
