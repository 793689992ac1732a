"""The balance status a second time, straight from the words of the rules and by other means than
engine.balances.trend: day by day, from sets of days."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date
from typing import NamedTuple


class Limits(NamedTuple):
    """The settings: how many reports are looked at, and how many must lack a number."""

    window: int = 14
    no_data: int = 3
    terminated: int = 10
    today_from: int = 12


def opinion(
    reports: Set[date], own: Mapping[date, int], today: date, hour: int, limits: Limits
) -> str | None:
    """The status of a number with the balances `own` (by day) of an operator that sent reports on
    the days `reports`; it is `hour` o'clock on `today`."""
    counted = {day for day in reports if day <= today}
    if today in counted and today not in own and hour < limits.today_from:
        counted.remove(today)
    known = {day: balance for day, balance in own.items() if day <= today}
    newest_first = sorted(counted, reverse=True)
    since = [day for day in newest_first if not known or day > max(known)]
    if len(since) >= limits.terminated:
        return "terminated"
    if len(since) >= limits.no_data:
        return "no_data"
    if len(known) == 1:
        return "new"
    seen = {known[day] for day in newest_first[: limits.window] if day in known}
    if not seen:
        return None
    good, bad = any(balance >= 0 for balance in seen), any(balance < 0 for balance in seen)
    if good and bad:
        return "ok"
    sign = "positive" if good else "negative"
    return f"{sign}_{'dynamics' if len(seen) > 1 else 'static'}"
