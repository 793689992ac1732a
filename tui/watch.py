"""What the first line watches in the database: a job that runs, wherever it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.widgets.status_line import Running

if TYPE_CHECKING:
    from engine.database import Database

_NEWEST = 20


def running_job(database: Database, now_ms: int) -> Running | None:
    """The newest run that goes on, None without one."""
    # Here and not above: the models take their time to load, and this is the loader's thread.
    from engine.queries.runs import recent_runs

    for run in recent_runs(database, now_ms, _NEWEST):
        if run.state == "running":
            return Running(run.job, run.subject, run.done, run.total, run.seconds_left, run.alive)
    return None
