"""How many numbers have which balance status, and how that changed since yesterday."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.database import Database

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class NumberCounts:
    """`counts` are the numbers by status (None: nothing can be said yet), `changes` how many more
    (or fewer) there are than 24 hours ago; what did not change is not in it. `reports`: how
    many reports there are at all, `last_day` the newest; `skipped`: mails that could not be read.
    """

    counts: Mapping[str | None, int]
    changes: Mapping[str | None, int]
    reports: int
    last_day: str | None
    skipped: int

    @property
    def numbers(self) -> int:
        """All of them."""
        return sum(self.counts.values())


def number_counts(database: Database, now_ms: int) -> NumberCounts:
    """The counts as they are now. Reads an index of all numbers."""
    counts = database.rows("SELECT status, COUNT(*) FROM number GROUP BY status")
    changes: dict[str | None, int] = {}
    for before, after, count in database.rows(
        "SELECT value_before, value_after, COUNT(*) FROM number_history"
        " WHERE what = 'status' AND at > ? GROUP BY value_before, value_after",
        (now_ms - _DAY_MS,),
    ):
        changes[before] = changes.get(before, 0) - int(count)
        changes[after] = changes.get(after, 0) + int(count)
    reports, last_day = database.row("SELECT COUNT(*), MAX(day) FROM balance_report") or (0, None)
    return NumberCounts(
        counts={status: int(count) for status, count in counts},
        changes={status: change for status, change in changes.items() if change},
        reports=int(reports),
        last_day=last_day,
        skipped=database.integer("SELECT COUNT(*) FROM balance_mail WHERE state = 'skipped'"),
    )
