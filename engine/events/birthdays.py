"""Birthdays: an event for everybody who has one, once a year."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from engine.errors import InputError
from engine.events.facts import Happened
from engine.events.plan import Moment
from engine.events.rounds import Rounds
from engine.period import day_start_ms

ACTOR = "birthday-bonus"
MOST_DAYS_AGO = 31
"""A day that lies further back is taken for a mistake: its bonuses are money."""


def record_birthdays(rounds: Rounds, day: date) -> int:
    """Records the birthdays of a day, those that are not yet, and returns how many. Raises
    InputError for a day that is still to come and for one that is long gone."""
    today = rounds.today()
    if not today - timedelta(days=MOST_DAYS_AGO) <= day <= today:
        raise InputError(
            f"birthdays are recorded on their day, or up to {MOST_DAYS_AGO} days late: {day} is"
            f" {'still to come' if day > today else 'too long ago'}, today is {today}. Nothing was"
            " recorded."
        )
    ends = born_on(day)
    marks = ", ".join("?" * len(ends))

    def find(after: int, upto: int, moment: Moment) -> list[Happened]:
        at = moment.now_ms if moment.day == day else day_start_ms(day, moment.zone)
        rows = rounds.database.rows(
            f"SELECT id FROM subscriber {rounds.database.dialect.by_primary}"
            " WHERE id > ? AND id <= ? AND alias_of IS NULL"
            f" AND state = 'active' AND SUBSTR(birth_date, 6) IN ({marks}) AND birth_date < ?"
            " ORDER BY id",
            (after, upto, *ends, day.isoformat()),
        )
        return [
            Happened(
                "birthday", number, f"birthday:{day.year}:{number}", at, "job", ACTOR, by="system"
            )
            for (number,) in rows
        ]

    return rounds.make(find)


def born_on(day: date) -> tuple[str, ...]:
    """The birth dates, as `MM-DD`, whose birthday is on this day: in a year without 29 February its
    children have theirs on the 28th."""
    if (day.month, day.day) == (2, 28) and not calendar.isleap(day.year):
        return ("02-28", "02-29")
    return (f"{day:%m-%d}",)
