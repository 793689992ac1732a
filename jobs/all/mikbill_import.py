"""mikbill-import: payments of MikBill whose hook never came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.job import Job, Outcome

if TYPE_CHECKING:
    from jobs.context import RunContext

JOB = Job(
    name="mikbill-import",
    title="MikBill import",
    help="takes the payments, refunds and limits of MikBill that no hook has told of",
    role="operator",
    resumable=True,
    schedule="every 5 minutes",
    silence_seconds=300,
    is_set_up=lambda config: config.mikbill.is_there,
)


def run(context: RunContext) -> Outcome:
    """All of MikBill's bookings of the last days; see `engine.mikbill.taking`."""
    settings = context.config.mikbill
    if not settings.is_there:
        return Outcome("there is no MikBill: section [mikbill] has neither socket nor host")
    from engine.events.plan import Moment
    from engine.events.setup import rules_of
    from engine.mikbill.reader import open_mikbill
    from engine.mikbill.taking import Taking
    from jobs.hooks import hooks_of

    billing = context.config.billing

    def moment() -> Moment:
        return Moment(context.clock.now_ms(), billing.timezone, billing.currency)

    with open_mikbill(settings) as reader:
        tally = Taking(
            context.database,
            reader,
            settings,
            rules_of(context.config),
            moment,
            context.actor,
            hooks_of(context),
        ).take_all()
    note = f"took {tally.taken}, {tally.late} of them late"
    if tally.strangers:
        note += f"; {tally.strangers} are of uids that no subscriber here has"
    return Outcome(note, data=vars(tally))
