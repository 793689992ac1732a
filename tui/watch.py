"""What the first line watches in the database: a job that runs, wherever it does; the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tui.widgets.status_line import Running

if TYPE_CHECKING:
    from engine.database import Database
    from engine.queries.daemons import DaemonState


class Watched(NamedTuple):
    """The newest run that goes on, None without one; the daemons, the freshest first, None while
    they are not known."""

    running: Running | None = None
    daemons: tuple[DaemonState, ...] | None = None


def watch(database: Database, now_ms: int) -> Watched:
    """Reads both."""
    # Here and not above: the models take their time to load, and this is the loader's thread.
    from engine.queries.daemons import daemons
    from engine.queries.runs import running_now

    run = running_now(database, now_ms)
    found = tuple(daemons(database))
    if run is None:
        return Watched(None, found)
    running = Running(run.job, run.subject, run.done, run.total, run.seconds_left, run.alive)
    return Watched(running, found)
