"""Billing periods (calendar months), dates and times in the billing time zone. Pure.

A moment is epoch milliseconds UTC. A day or a period begins at the first moment when the local
clock shows that day or a later one. So periods follow each other without a hole or an overlap even
where the clock jumps at midnight, repeats it, or skips a whole day.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from engine.errors import InputError
from engine.text import safe

FIRST_YEAR = 1970
LAST_YEAR = 9998
# The charge is written at 23:59:54 local time of the last day, 6 s before the period's end.
CHARGE_BEFORE_END_MS = 6_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_PERIOD = re.compile(r"([0-9]{4})-([0-9]{2})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHEN = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,3}))?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?"
)


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """A calendar month of the years 1970 to 9998, ordered and hashable. Raises InputError outside
    of those years or for a month that does not exist."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (FIRST_YEAR <= self.year <= LAST_YEAR and 1 <= self.month <= 12):
            raise InputError(
                f"there is no period {self.year}-{self.month:02d}: periods run from"
                f" {FIRST_YEAR}-01 to {LAST_YEAR}-12"
            )

    @classmethod
    def parse(cls, text: str) -> Period:
        """The period written `2026-10`, and in no other form; InputError otherwise."""
        match = _PERIOD.fullmatch(text)
        if match is None or not 1 <= int(match[2]) <= 12:
            raise InputError(f"'{safe(text, 40)}' is not a period: write it like 2026-10")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of_date(cls, day: date) -> Period:
        """The period that a date lies in."""
        return cls(day.year, day.month)

    @classmethod
    def of_ms(cls, ms: int, tz: tzinfo) -> Period:
        """The period with `start_ms <= ms < end_ms`."""
        local = _local(ms, tz)
        period = cls(local.year, local.month)
        # Near midnight of the 1st the clock may fall back into the month before, after the new
        # period has begun: the bounds decide, not the clock's face.
        if 2 < local.day < 27:
            return period
        if ms >= period.end_ms(tz):
            return period.next()
        if ms < period.start_ms(tz):
            return period.previous()
        return period

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def next(self) -> Period:
        """The period after this one; InputError after 9998-12."""
        return Period(self.year + self.month // 12, self.month % 12 + 1)

    def previous(self) -> Period:
        """The period before this one; InputError before 1970-01."""
        return Period(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    @property
    def days(self) -> int:
        """How many days the calendar gives the period, 28 to 31."""
        return calendar.monthrange(self.year, self.month)[1]

    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    def last_day(self) -> date:
        return date(self.year, self.month, self.days)

    def start_ms(self, tz: tzinfo) -> int:
        """The period's first moment."""
        return _day_start(self.first_day(), tz)

    def end_ms(self, tz: tzinfo) -> int:
        """The first moment after the period: the start of the next one."""
        return _day_start(self.last_day() + timedelta(days=1), tz)

    def charge_ms(self, tz: tzinfo) -> int:
        """The moment a close's charge carries: 6 s before `end_ms`, 23:59:54 on the last day.

        Where that wall time comes twice this is the one nearer to the end; where the clock jumps
        over it, it is still 6 s before the end and so inside the period.
        """
        return self.end_ms(tz) - CHARGE_BEFORE_END_MS


def parse_date(text: str) -> date:
    """The date written `2026-10-05`, of the years 1970 to 9998; InputError otherwise."""
    day = _date_or_none(text)
    if day is None:
        raise InputError(
            f"'{safe(text, 40)}' is not a date: write it like 2026-10-05,"
            f" of the years {FIRST_YEAR} to {LAST_YEAR}"
        )
    return day


def day_start_ms(day: date, tz: tzinfo) -> int:
    """The first moment when the clock in `tz` shows this day or, where the calendar jumps over it,
    a later one. The end of a day is the start of the next."""
    return _day_start(day, tz)


def wall_ms(day: date, hour: int, minute: int, tz: tzinfo) -> int:
    """The first moment when the clock in `tz` shows this time of this day, or a later one where it
    jumps over that."""
    return _first_moment(datetime(day.year, day.month, day.day, hour, minute), tz)


def parse_when(text: str, tz: tzinfo) -> int:
    """Epoch milliseconds of an ISO date or an ISO date and time.

    A date alone means its first moment in `tz`. A time without an offset is local time in `tz`: one
    that the clock skips is refused, one that comes twice is the first. Seconds and up to three
    decimals may be left out. Raises InputError for all else.
    """
    day = _date_or_none(text)
    if day is not None:
        return _existing_day_start(day, tz)
    match = _WHEN.fullmatch(text)
    wall = _wall_clock(match) if match else None
    if match is None or wall is None:
        raise InputError(
            f"'{safe(text, 40)}' is not a date or time: write it like 2026-10-05,"
            " 2026-10-05T14:30:00 (billing time zone) or 2026-10-05T14:30:00+03:00"
        )
    if match[6]:
        return _ms(wall.replace(tzinfo=_offset(match[6], text)))
    ms = _ms(wall.replace(tzinfo=tz))
    if _local(ms, tz).replace(tzinfo=None, fold=0) != wall:
        raise InputError(
            f"the time {safe(text, 40)} does not exist in {tz}: the clock jumps over it;"
            " give another time, or this one with its offset"
        )
    return ms


def local_ms(wall: datetime, tz: tzinfo) -> int:
    """Epoch milliseconds of a naive local time that somebody else's clock has shown: one that `tz`
    skips is read with the offset before the jump, one that comes twice is the first."""
    return _ms(wall.replace(tzinfo=tz, fold=0))


def hour_and_date(ms: int, tz: tzinfo) -> tuple[int, date]:
    """The hour and the day that the clock in `tz` shows at a moment."""
    local = _local(ms, tz)
    return local.hour, local.date()


def format_ms(ms: int, tz: tzinfo) -> str:
    """The moment as ISO 8601 in `tz` with offset, whole seconds: `2026-10-05T14:30:00+03:00`."""
    return _local(ms, tz).isoformat(timespec="seconds")


def _date_or_none(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _wall_clock(match: re.Match[str]) -> datetime | None:
    """The naive local time of a `_WHEN` match, None when there is no such date or hour."""
    day = _date_or_none(match[1])
    if day is None:
        return None
    microsecond = int((match[5] or "").ljust(6, "0"))
    try:
        return datetime(
            day.year, day.month, day.day, int(match[2]), int(match[3]), int(match[4] or 0),
            microsecond,
        )  # fmt: skip
    except ValueError:
        return None


def _offset(text: str, whole: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes, seconds = (*map(int, text[1:].split(":")), 0)[:3]
    if hours > 23 or minutes > 59 or seconds > 59:
        raise InputError(f"'{safe(whole, 40)}' has no valid offset: write it like +03:00")
    size = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return timezone(-size if text[0] == "-" else size)


def _existing_day_start(day: date, tz: tzinfo) -> int:
    ms = _day_start(day, tz)
    if _local(ms, tz).date() != day:
        raise InputError(f"the day {day} does not exist in {tz}: the calendar jumps over it")
    return ms


def _day_start(day: date, tz: tzinfo) -> int:
    """The first moment when the clock in `tz` shows `day` or a later day."""
    return _first_moment(datetime(day.year, day.month, day.day), tz)


@lru_cache(maxsize=4096)
def _first_moment(wall: datetime, tz: tzinfo) -> int:
    """The first moment when the clock in `tz` shows `wall` (without a zone) or a later time."""
    high = _ms(wall.replace(tzinfo=tz))
    if _local(high, tz).replace(tzinfo=None, fold=0) == wall:
        return high
    # The time is skipped: read with the offset before the jump it lies after the jump, and with
    # the offset after the jump before it. The jump itself is between the two.
    low = _ms(wall.replace(tzinfo=tz, fold=1))
    while high - low > 1:
        middle = (low + high) // 2
        if _local(middle, tz).replace(tzinfo=None) >= wall:
            high = middle
        else:
            low = middle
    return high


def _ms(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // _MILLISECOND


def _local(ms: int, tz: tzinfo) -> datetime:
    try:
        return (_EPOCH + timedelta(milliseconds=ms)).astimezone(tz)
    except OverflowError:
        raise InputError(f"the time {ms} ms is beyond the calendar") from None
