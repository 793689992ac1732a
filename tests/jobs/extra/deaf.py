"""deaf: shows that it lives and does not stop when it is asked to."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from jobs.job import Job, Outcome

if TYPE_CHECKING:
    from jobs.context import RunContext

JOB = Job(name="deaf", title="Deaf", help="does not hear that it should stop", danger=0)


def run(context: RunContext) -> Outcome:
    """Goes on for ever."""
    pause = threading.Event()
    while True:
        context.life.show()
        pause.wait(0.1)
