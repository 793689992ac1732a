"""A column of moments compared with a year, a month or a day. Pure."""

from __future__ import annotations

from datetime import date, timedelta, tzinfo

from engine.errors import InputError
from engine.period import FIRST_YEAR, LAST_YEAR, day_start_ms
from engine.queries.clauses import Fragment
from engine.queries.filters import Condition
from engine.text import safe


def within(column: str, condition: Condition, zone: tzinfo) -> Fragment:
    """A year, a month or a day as the moments from its beginning to its end in `zone`; `column` (in
    SQL) is in epoch milliseconds. InputError for a day that does not exist."""
    begin, end = (day_start_ms(day, zone) for day in _days(str(condition.value)))
    return {
        ":": (f"({column} >= ? AND {column} < ?)", (begin, end)),
        "=": (f"({column} >= ? AND {column} < ?)", (begin, end)),
        "<": (f"{column} < ?", (begin,)),
        "<=": (f"{column} < ?", (end,)),
        ">": (f"{column} >= ?", (end,)),
        ">=": (f"{column} >= ?", (begin,)),
    }[condition.operator]


def _days(text: str) -> tuple[date, date]:
    """The first day of `2026`, `2026-10` or `2026-10-05`, and the day after its last one."""
    year, month, day = (int(part) for part in (text + "-00-00")[:10].split("-"))
    try:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise ValueError("beyond our calendar")
        first = date(year, month or 1, day or 1)
        if day:
            return first, first + timedelta(days=1)
        if month:
            return first, date(year + month // 12, month % 12 + 1, 1)
        return first, date(year + 1, 1, 1)
    except ValueError:
        raise InputError(f"there is no day {safe(text, 20)} to compare with.") from None
