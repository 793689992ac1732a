"""month-close: ended billing periods in order, oldest first, each subscriber exactly once."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from engine.period import Period
from jobs.job import Job, Outcome, Parameter, Values

if TYPE_CHECKING:
    from jobs.context import RunContext


def _for_slot(slot: int, zone: tzinfo) -> Values:
    """The period before the month of the slot, whenever the run comes to it."""
    return {"period": str(Period.of_ms(slot, zone).previous()), "late": True}


JOB = Job(
    name="month-close",
    title="Month close",
    help="closes the ended billing period: each subscriber charged exactly once",
    parameters=(
        Parameter("period", "only this period, such as 2026-10", "P", check=Period.parse),
        Parameter("late", "on another day than the 1st", flag=True),
        Parameter("confirm", "only if it would do what the dry run said", "DIGEST"),
        Parameter(
            "accept-failures",
            "close the period although some could not be rated; they are charged 0.00",
            flag=True,
        ),
    ),
    danger=3,
    resumable=True,
    long=True,
    dry_run=True,
    schedule="monthly 1 00:01 catch_up=all overlap=queue",
    for_slot=_for_slot,
)


def run(context: RunContext) -> Outcome:
    """Closes what is due; see `jobs.month_close`."""
    from engine.close.hooks import Hooks
    from jobs.month_close import CloseOptions, MonthClose, outcome

    hooks = Hooks(
        progress=lambda tally, total: context.step(tally.done, total),
        note=context.log,
        stop=context.stop,
    )
    close = MonthClose(context.database, context.config, context.clock, context.actor, hooks)
    options = CloseOptions.of(context.parameters)
    if context.slot is not None and options.period and close.begins_after(options.period):
        return Outcome(f"nothing to close: the books begin after {options.period}")
    return outcome(close.work(context, options))
