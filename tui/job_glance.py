"""The jobs at a glance, as rows of a table: when each is due, what goes on, how it went."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from engine.queries.columns import Column
from engine.slots import Schedule
from jobs.registry import all_jobs
from tui.listed import Listed
from tui.widgets.status_line import left_words

if TYPE_CHECKING:
    from engine.database import Database, Row
    from engine.queries.daemons import DaemonState
    from engine.queries.job_list import JobState
    from engine.queries.runs import JobRun

_COLUMNS = (
    Column("job", "Job", "", "choice", 17),
    Column("due", "Due", "", "choice", 15),
    Column("next", "Next", "", "choice", 11),
    Column("now", "Now", "", "text", 13),
    Column("last", "Last", "", "text", 16),
)


# So far away a day without its year cannot be mistaken.
_PLAIN_MS = 300 * 86_400_000


class Glance(NamedTuple):
    """The jobs and the daemons at one moment."""

    jobs: list[JobState]
    daemons: list[DaemonState]


def job_table() -> Listed:
    """The table, empty; `rows_of` has its rows."""
    return Listed("jobs", "Jobs", _COLUMNS)


def read_glance(
    database: Database, now_ms: int, schedules: Mapping[str, Schedule], zone: tzinfo
) -> Glance:
    """Reads both. In the loader's thread; what it imports takes too long for the first frame."""
    from engine.queries.daemons import daemons
    from engine.queries.job_list import job_states

    found = {name: schedules.get(name, Schedule()) for name in all_jobs()}
    return Glance(job_states(database, now_ms, found, zone), daemons(database))


def rows_of(glance: Glance, zone: tzinfo, now_ms: int) -> list[Row]:
    """The rows: the job's name, then the columns."""
    return [
        (
            job.name,
            job.name,
            job.schedule,
            "-" if job.next_at is None else _moment(job.next_at, zone, now_ms),
            now_words(job),
            last_words(job, zone, now_ms),
        )
        for job in glance.jobs
    ]


def _moment(ms: int, zone: tzinfo, now_ms: int) -> str:
    """`11-01 00:03`; the year where it is not plain, and no time then."""
    form = "%m-%d %H:%M" if abs(ms - now_ms) < _PLAIN_MS else "%Y-%m-%d"
    return datetime.fromtimestamp(ms / 1000, zone).strftime(form)


def now_words(job: JobState) -> str:
    """`61 % 12 min left, 2 waiting, 1 missed`; `-` when nothing is to be said."""
    words = [_running_words(job.running)] if job.running else []
    if job.waiting:
        words.append(f"{job.waiting} waiting")
    if job.missed:
        words.append(f"{job.missed} missed")
    return ", ".join(words) or "-"


def _running_words(run: JobRun) -> str:
    if not run.alive:
        return f"run {run.number} SILENT"
    parts = [f"{100 * min(run.done, run.total) // run.total} %" if run.total else "running"]
    if run.seconds_left is not None:
        parts.append(left_words(run.seconds_left))
    return " ".join(parts)


def last_words(job: JobState, zone: tzinfo, now_ms: int) -> str:
    """`done 11-01 00:03`."""
    if job.last is None:
        return "never ran"
    ended = job.last.finished_at or job.last.heartbeat_at
    return f"{job.last.state} {_moment(ended, zone, now_ms)}"
