"""counts: adds the numbers 1, 2, 3... to a table, each in a transaction of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from jobs.job import Job, Outcome, Parameter

if TYPE_CHECKING:
    from jobs.context import RunContext

JOB = Job(
    name="counts",
    title="Counting",
    help="writes numbers down, one after the other",
    parameters=(
        Parameter("upto", "the last number", "N", check=int),
        Parameter("slowly", "wait a hundredth of a second after each", flag=True),
    ),
    resumable=True,
    long=True,
)


def run(context: RunContext) -> Outcome:
    """Goes on after the last number that is there."""
    last = int(context.parameters.get("upto", 10))
    database = context.database
    first = context.unit(lambda: database.integer("SELECT MAX(number) FROM counted")) + 1
    for number in range(first, last + 1):
        context.safe_point()
        context.unit(lambda n=number: _write(context, n, first, last))
        context.step(number, last)
        if context.parameters.get("slowly"):
            context.stop.wait(0.01)
    return Outcome(f"counted to {last}")


def _write(context: RunContext, number: int, first: int, last: int) -> None:
    with context.database.transaction():
        context.prove()
        there = context.database.value("SELECT 1 FROM counted WHERE number = ?", (number,))
        if there is None:
            row = (number, os.getpid())
            context.database.execute("INSERT INTO counted (number, process) VALUES (?, ?)", row)
        context.progress(number, last, first - 1)
