"""How many numbers had which balance status, day by day: counted back from now by the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.balances.trend import STATUSES
from engine.database import Database

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class NumberTrend:
    """By status the counts of the last `days` days, in steps of 24 hours up to now, the oldest
    first. None before the first change of any number: nobody knows."""

    days: int
    counts: Mapping[str, tuple[int | None, ...]]


def number_trend(database: Database, now_ms: int, days: int) -> NumberTrend:
    """The trend of all eight statuses. Reads the changes of these days."""
    rows = database.rows("SELECT status, COUNT(*) FROM number GROUP BY status")
    now: dict[str | None, int] = {status: int(count) for status, count in rows}
    first = database.value("SELECT MIN(at) FROM number_history WHERE what = 'status'")
    changed: dict[int, dict[str | None, int]] = {}
    for ago, before, after, count in database.rows(
        # A moment is as many whole days ago as this says, in milliseconds.
        "SELECT (? - at) - (? - at) % ?, value_before, value_after, COUNT(*) FROM number_history"
        " WHERE what = 'status' AND at > ? AND at <= ? GROUP BY 1, value_before, value_after",
        (now_ms, now_ms, _DAY_MS, now_ms - (days - 1) * _DAY_MS, now_ms),
    ):
        of_day = changed.setdefault(int(ago) // _DAY_MS, {})
        of_day[before] = of_day.get(before, 0) - int(count)
        of_day[after] = of_day.get(after, 0) + int(count)
    known = 0 if first is None else max(0, now_ms - int(first)) // _DAY_MS + 1
    return NumberTrend(
        days,
        {status: _back(now.get(status, 0), status, changed, days, known) for status in STATUSES},
    )


def _back(
    count: int, status: str, changed: Mapping[int, Mapping[str | None, int]], days: int, known: int
) -> tuple[int | None, ...]:
    """The counts of a status, the oldest first; what is longer ago than `known` days is unknown."""
    found: list[int | None] = []
    for ago in range(days):
        found.append(count if ago < known else None)
        count -= changed.get(ago, {}).get(status, 0)
    return tuple(reversed(found))
