"""floods: writes far too much into its log, and to standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from jobs.job import Job, Outcome

if TYPE_CHECKING:
    from jobs.context import RunContext

JOB = Job(name="floods", title="Flooding", help="says too much", danger=0)
LINES = 50_000


def run(context: RunContext) -> Outcome:
    """Says it all."""
    for number in range(LINES):
        context.log(f"line {number} \x1b[2J")
        print("x" * 100, file=sys.stderr)
    return Outcome("said it all")
