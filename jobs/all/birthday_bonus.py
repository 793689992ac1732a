"""birthday-bonus: what follows a birthday, for everybody who has one, once a year."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from engine.period import hour_and_date, parse_date
from jobs.job import Job, Outcome, Parameter, Values

if TYPE_CHECKING:
    from jobs.context import RunContext


def _for_slot(slot: int, zone: tzinfo) -> Values:
    """The day of the slot, whenever the run comes to it."""
    return {"day": str(hour_and_date(slot, zone)[1])}


JOB = Job(
    name="birthday-bonus",
    title="Birthday bonus",
    help="records today's birthdays, so that their bonus and notice follow, once a year",
    parameters=(
        Parameter(
            "day", "the birthdays of this day instead, such as 2026-10-05", "D", check=parse_date
        ),
    ),
    danger=2,
    resumable=True,
    schedule="daily 10:00 catch_up=latest window=1d",
    is_set_up=lambda config: (
        config.events.mode != "off" and bool(config.events.follows.get("birthday"))
    ),
    for_slot=_for_slot,
)


def run(context: RunContext) -> Outcome:
    """The birthdays of the day; see `engine.events.birthdays`."""
    from engine.events.birthdays import record_birthdays
    from engine.events.rounds import Rounds
    from jobs.hooks import hooks_of

    rounds = Rounds(context.database, context.config, context.clock, hooks_of(context))
    given = context.parameters.get("day")
    day = parse_date(given) if given else rounds.today()
    number = record_birthdays(rounds, day)
    context.safe_point()
    words = f"{number} birthday{'' if number == 1 else 's'} of {day} recorded"
    return Outcome(words, data={"day": str(day), "birthdays": number})
