"""payment-reminders: tells who will be short of the next fee, some days before it is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.job import Job, Outcome

if TYPE_CHECKING:
    from engine.config import Config
    from jobs.context import RunContext


def _is_set_up(config: Config) -> bool:
    """Whether anybody would be told: a reminder that cannot be sent is not to be spent. Where
    MikBill has the money our balances say nothing of who is short."""
    events, notices = config.events, config.notices
    has_channel = bool(notices.sms or notices.social)
    follows = "notice" in events.follows.get("reminder", ())
    is_on = events.mode != "off" and notices.reminder_days > 0 and not config.mikbill.is_there
    return is_on and has_channel and follows


JOB = Job(
    name="payment-reminders",
    title="Payment reminders",
    help="reminds who will be short of the next fee, some days before it is due, once a month",
    danger=1,
    resumable=True,
    long=True,
    schedule="daily 11:00 catch_up=latest window=12h",
    is_set_up=_is_set_up,
)


def run(context: RunContext) -> Outcome:
    """Everybody who is to be reminded; see `engine.events.reminders`."""
    from engine.events.reminders import record_reminders
    from engine.events.rounds import Rounds
    from jobs.hooks import hooks_of

    if context.config.mikbill.is_there:
        return Outcome(
            "nobody is reminded: what subscribers have is known to MikBill (section [mikbill])"
        )
    if not _is_set_up(context.config):
        return Outcome(
            "nobody is reminded: [events] mode and reminder, [notices] sms or social, and"
            " reminder_days say so"
        )
    rounds = Rounds(context.database, context.config, context.clock, hooks_of(context))
    number = record_reminders(rounds)
    context.safe_point()
    words = f"{number} reminder{'' if number == 1 else 's'} recorded"
    return Outcome(words, data={"reminders": number})
