"""Leaving a run to the daemon, or to a process of its own where there is no daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.session import Session

if TYPE_CHECKING:
    from jobs.queue import Asked


def tell(asked: Asked, session: Session) -> int:
    """Sees to it that the run is started, and says who does it."""
    from engine.faults import state_folder
    from jobs.detached import start_run

    by = "daemon"
    words = f"Run {asked.number} waits for the daemon."
    if not asked.new and (asked.daemon or not asked.waits):
        words = f"The same was asked for already: run {asked.number}."
    elif not asked.daemon:
        by = "process"
        started = start_run(asked.number, session.config, state_folder())
        words = (
            f"No daemon is running: run {asked.number} goes on by itself, process"
            f" {started.process.pid}."
        )
    data = {"run": asked.number, "new": asked.new, "by": by}
    session.out.result(data, [f"{words} `billdeck jobs show {asked.number}` tells how it goes."])
    return 0
