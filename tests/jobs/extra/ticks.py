"""ticks: notes the slot of its run, and is done; quick."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from jobs.job import Job, Outcome

if TYPE_CHECKING:
    from jobs.context import RunContext

JOB = Job(name="ticks", title="Ticking", help="notes when it was due", danger=0)


def run(context: RunContext) -> Outcome:
    """Adds a row, whether or not there is one: a slot that is run twice must show."""
    with context.database.transaction():
        context.prove()
        context.database.execute(
            "INSERT INTO ticked (slot, process) VALUES (?, ?)", (context.slot or 0, os.getpid())
        )
    return Outcome("ticked")
