"""What befell a charge or a period's usage later: late usage moved in, a charge taken back.

For people to look at: `engine.close.late` moves the usage, `engine.ledger.reversals` takes back.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from engine.database import Database

_SUMS = ", ".join(f"SUM({way}{n})" for n in (1, 2, 3, 4) for way in ("in", "out"))


class LateUsage(NamedTuple):
    """Usage that came after the close of `from_period` and was moved on: bytes (in, out) of
    directions 1 to 4."""

    from_period: str
    usage: tuple[tuple[int, int], ...]

    def __str__(self) -> str:
        listed = (
            f"direction {direction} {one[0]} bytes in, {one[1]} out"
            for direction, one in enumerate(self.usage, start=1)
            if any(one)
        )
        return f"late usage of {self.from_period} was moved in: {'; '.join(listed)}"


class Reversal(NamedTuple):
    """The entry that takes a charge back, and its time in epoch milliseconds."""

    entry: int
    at: int


def late_usage(database: Database, subscriber_id: int) -> dict[str, tuple[LateUsage, ...]]:
    """All late usage of a subscriber by the period that it was moved to."""
    rows = database.rows(
        f"SELECT to_period, from_period, {_SUMS} FROM late_usage WHERE subscriber_id = ?"
        " GROUP BY to_period, from_period ORDER BY to_period, from_period",
        (subscriber_id,),
    )
    return {
        period: tuple(_of(source, [int(sum) for sum in sums]) for _, source, *sums in found)
        for period, found in groupby(rows, itemgetter(0))
    }


def _of(source: str, sums: list[int]) -> LateUsage:
    return LateUsage(source, tuple(zip(sums[::2], sums[1::2], strict=True)))


def reversal_of(database: Database, entry: int | None, line: int | None) -> Reversal | None:
    """The reversal of a posting, None without one."""
    row = database.row(
        "SELECT e.id, e.effective_at FROM reversal r JOIN journal_entry e ON e.id = r.entry_id"
        " WHERE r.reversed_entry = ? AND r.reversed_line = ?",
        (entry, line),
    )
    return Reversal(*row) if row else None
