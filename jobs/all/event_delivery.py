"""event-delivery: carries out what follows events, for as long as there is anything to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.job import Job, Outcome

if TYPE_CHECKING:
    from engine.config import Config
    from engine.database import Database
    from jobs.context import RunContext


def _is_wanted(database: Database, config: Config, now_ms: int) -> bool:
    from engine.events.outbox import has_work
    from engine.events.senders import delivered_channels

    return has_work(database, delivered_channels(config), now_ms)


JOB = Job(
    name="event-delivery",
    title="Event delivery",
    help="sends notices and receipts, drops sessions, removes discounts: what follows events",
    danger=1,
    role="operator",
    resumable=True,
    schedule="on demand",
    # More than the longest deadline: at its end it waits for what is under way.
    silence_seconds=360,
    is_set_up=lambda config: config.events.mode == "on",
    is_wanted=_is_wanted,
)


def run(context: RunContext) -> Outcome:
    """Delivers until nothing is due; see `engine.events.delivery`."""
    mode = context.config.events.mode
    if mode != "on":
        # What was recorded while it was on waits until it is again: a dry run sends nothing.
        return Outcome(f"nothing is delivered: mode = {mode} in [events] of the configuration")
    from engine.events.delivery import Delivery
    from engine.events.senders import open_senders
    from jobs.hooks import hooks_of

    config = context.config
    with open_senders(config) as senders:
        delivery = Delivery(
            context.database, config.events, senders, context.clock, hooks_of(context)
        )
        tally = delivery.run()
    counts = {"own": tally.own, "expired": tally.expired, "lost": tally.lost}
    data = {**dict(tally.outcomes), **{name: n for name, n in counts.items() if n}}
    words = ", ".join(f"{number} {name}" for name, number in data.items())
    return Outcome(words or "nothing was due", data=data)
