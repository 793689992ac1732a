"""Which days of payments the overview knows, and which it is to read (again). Pure but for the
clock of `Pace`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from tui.pace import Pace

if TYPE_CHECKING:
    from engine.queries.overview import PaymentsOfDay


class PaymentDays:
    """The last `days` days, today included. The days before today hardly ever change: all of them
    together take at most `share` of the time."""

    def __init__(self, days: int, share: float = 0.01) -> None:
        self._days = days
        self._known: dict[date, PaymentsOfDay] = {}
        self._asked: set[date] = set()
        self._arrived: set[date] = set()
        self._seconds = 0.0
        self._pace = Pace(share)

    def to_ask(self, today: date) -> list[date]:
        """The days before today to be read now, the oldest first."""
        before = [today - timedelta(days=back) for back in reversed(range(1, self._days))]
        if self._pace.is_due:
            self._asked, self._arrived, self._seconds = set(), set(), 0.0
            self._pace.begun()
        wanted = [day for day in before if day not in self._asked]
        self._asked.update(wanted)
        return wanted

    def store(self, day: PaymentsOfDay, seconds: float) -> None:
        """A day has been read, in so many seconds."""
        self._known[day.day] = day
        self._arrived.add(day.day)
        self._seconds += seconds
        if self._arrived >= self._asked:
            self._pace.took(self._seconds)

    def failed(self, day: date) -> None:
        """A day could not be read: it will be asked for again."""
        self._asked.discard(day)

    def given_up(self) -> None:
        """The days that have not come will not come: they will be asked for again."""
        self._asked &= self._arrived

    def hurry(self) -> None:
        """All days are to be read again."""
        self._pace.hurry()

    def chart(self, today: PaymentsOfDay) -> tuple[PaymentsOfDay, ...] | None:
        """The days without gaps, `today` last; None while some are missing."""
        before = [today.day - timedelta(days=back) for back in reversed(range(1, self._days))]
        known = [self._known[day] for day in before if day in self._known]
        return (*known, today) if len(known) == len(before) else None
