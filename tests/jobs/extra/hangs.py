"""hangs: shows no sign of life and hears nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from jobs.job import Job, Outcome

if TYPE_CHECKING:
    from jobs.context import RunContext

JOB = Job(name="hangs", title="Hanging", help="does nothing for ever", danger=0, silence_seconds=3)


def run(context: RunContext) -> Outcome:
    """Waits for what never comes."""
    threading.Event().wait()
    return Outcome("never")
