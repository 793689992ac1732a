"""raises: fails with an error that nobody foresaw, with a secret in its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.job import Job, Outcome

if TYPE_CHECKING:
    from jobs.context import RunContext

JOB = Job(name="raises", title="Failing", help="fails every time", danger=0)


def run(context: RunContext) -> Outcome:
    """Fails."""
    context.log("about to fail")
    raise RuntimeError("the password is swordfish")
