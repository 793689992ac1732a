"""The day a person was born, as it is kept: ISO text. Pure."""

from __future__ import annotations

import re
from datetime import date

from engine.errors import InputError
from engine.text import safe

FIRST = date(1900, 1, 1)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_birth_date(text: str) -> date:
    """The date written `1985-10-05`, from 1900 on; InputError otherwise."""
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or day < FIRST:
        raise InputError(
            f"'{safe(text, 40)}' is not a birth date: write it like 1985-10-05, from {FIRST} on"
        )
    return day


def require_born(day: date, today: date) -> None:
    """Raises InputError for a birth date in the future."""
    if day > today:
        raise InputError(f"the birth date {day} lies in the future: today is {today}")
