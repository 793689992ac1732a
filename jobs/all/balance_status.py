"""balance-status: the balance status of every number, as time alone changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.job import Job, Outcome

if TYPE_CHECKING:
    from jobs.context import RunContext

JOB = Job(
    name="balance-status",
    title="Balance status",
    help="works out the balance status of every number, also of those that no mail mentions",
    role="operator",
    resumable=True,
    schedule="daily 00:30 catch_up=latest window=1d",
)


def run(context: RunContext) -> Outcome:
    """All numbers, range by range; see `engine.balances.status`."""
    from engine.balances.setup import status_book
    from engine.balances.status import refresh_statuses
    from jobs.hooks import hooks_of

    book = status_book(context.database, context.config)
    seen, changed = refresh_statuses(book, context.clock, hooks_of(context))
    context.safe_point()
    return Outcome(
        f"looked at {seen} numbers, {changed} of them changed",
        data={"numbers": seen, "changed": changed},
    )
