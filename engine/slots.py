"""When a job is due: schedules as text and as values, and the slots they give. Pure.

A slot is a moment at which a job is due, in epoch milliseconds UTC. A wall time that the clock
jumps over is due at the first moment after the jump; one that comes twice is due the first time. So
slots only ever ascend, and each comes once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Literal, NamedTuple

from engine.errors import InputError
from engine.period import Period, day_start_ms, wall_ms
from engine.text import safe

Kind = Literal["off", "demand", "every", "daily", "weekly", "monthly"]
CatchUp = Literal["none", "latest", "all"]
Overlap = Literal["skip", "queue"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST_DAY = 0
# After a long time without a daemon only so many slots are looked at, the newest.
MOST_SLOTS = 1_000
# Without catch-up a slot is still run when the daemon comes to it this late.
GRACE_MS = 60_000

_UNITS = {"second": 1, "minute": 60, "hour": 3_600}
_SPANS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_WORDS = {"catch_up": ("none", "latest", "all"), "overlap": ("skip", "queue")}
_LONGEST_SECONDS = 366 * 86_400
ALLOWED = (
    "`off`, `on demand`, `every N seconds|minutes|hours`, `daily HH:MM`, `weekly DAY HH:MM` (mon to"
    " sun) or `monthly D HH:MM` (D is 1 to 28, or last), then any of catch_up=none|latest|all,"
    " window=6h, most=100, overlap=skip|queue"
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is due, and what becomes of slots that nobody was there for.

    `demand` has no slots: the job is run whenever it has something to do. `seconds` counts for
    `every`, `day` for `weekly` (0 is Monday) and `monthly` (0 is the last
    day), `hour` and `minute` for all but `every`. Of the slots that were missed, `catch_up` runs
    none, the latest or all, but none older than `window_seconds` (None: however old) and `most` at
    the most. `overlap` says what a slot does while a run of the job is still open.
    """

    kind: Kind = "off"
    seconds: int = 0
    day: int = 0
    hour: int = 0
    minute: int = 0
    catch_up: CatchUp = "latest"
    window_seconds: int | None = None
    most: int = 100
    overlap: Overlap = "skip"

    def __str__(self) -> str:
        """The schedule as it is written, without the options."""
        at = f"{self.hour:02d}:{self.minute:02d}"
        match self.kind:
            case "off":
                return "off"
            case "demand":
                return "on demand"
            case "every":
                return f"every {_every_words(self.seconds)}"
            case "weekly":
                return f"weekly {DAYS[self.day]} {at}"
            case "monthly":
                return f"monthly {self.day or 'last'} {at}"
        return f"daily {at}"


class Decision(NamedTuple):
    """What becomes of a slot: it is run, or it stays as missed."""

    slot: int
    run: bool


def parse_schedule(text: str) -> Schedule:
    """The schedule written `monthly 1 00:01 catch_up=all`. Raises InputError that says what is
    allowed."""
    words = text.split()
    plain = [word for word in words if "=" not in word]
    options = [word for word in words if "=" in word]
    if words != plain + options:
        raise _wrong(text)
    return Schedule(**_when(plain, text), **_options(options, text))


def _when(words: list[str], text: str) -> dict[str, Any]:
    match words:
        case ["off"]:
            return {"kind": "off"}
        case ["on", "demand"]:
            return {"kind": "demand"}
        case ["every", unit] if unit in _UNITS:
            return {"kind": "every", "seconds": _UNITS[unit]}
        case ["every", number, unit] if unit.removesuffix("s") in _UNITS:
            seconds = _number(number, text, _LONGEST_SECONDS) * _UNITS[unit.removesuffix("s")]
            if not 0 < seconds <= _LONGEST_SECONDS:
                raise _wrong(text)
            return {"kind": "every", "seconds": seconds}
        case ["daily", clock]:
            return {"kind": "daily", **_clock(clock, text)}
        case ["weekly", day, clock] if day.lower() in DAYS:
            return {"kind": "weekly", "day": DAYS.index(day.lower()), **_clock(clock, text)}
        case ["monthly", "last", clock]:
            return {"kind": "monthly", "day": LAST_DAY, **_clock(clock, text)}
        case ["monthly", day, clock]:
            day_number = _number(day, text, 28)
            if day_number == LAST_DAY:
                raise _wrong(text)
            return {"kind": "monthly", "day": day_number, **_clock(clock, text)}
    raise _wrong(text)


def _options(words: list[str], text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        known: int | str | None = None
        if value in _WORDS.get(name, ()):
            known = value
        elif name == "most":
            known = _number(value, text, MOST_SLOTS) or None
        elif name == "window":
            known, name = _span(value), "window_seconds"
        if known is None or name in found:
            raise _wrong(text)
        found[name] = known
    return found


def _span(text: str) -> int | None:
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    return int(match[1]) * _SPANS[match[2]] or None if match else None


def _clock(text: str, whole: str) -> dict[str, int]:
    match = re.fullmatch(r"([0-9]{2}):([0-9]{2})", text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise _wrong(whole)
    return {"hour": int(match[1]), "minute": int(match[2])}


def _number(text: str, whole: str, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,8}", text) or int(text) > most:
        raise _wrong(whole)
    return int(text)


def _wrong(text: str) -> InputError:
    return InputError(f"'{safe(text, 80)}' is not a schedule: write {ALLOWED}")


def _every_words(seconds: int) -> str:
    unit = next(name for name, size in reversed(_UNITS.items()) if seconds % size == 0)
    number = seconds // _UNITS[unit]
    return unit if number == 1 else f"{number} {unit}s"


def slots(schedule: Schedule, zone: tzinfo, after_ms: int, until_ms: int) -> list[int]:
    """The slots after `after_ms` up to and with `until_ms`, ascending; the newest MOST_SLOTS where
    there are more."""
    if schedule.kind in ("off", "demand") or until_ms <= after_ms:
        return []
    if schedule.kind == "every":
        step = schedule.seconds * 1_000
        newest = until_ms // step
        oldest = max(after_ms // step + 1, newest - MOST_SLOTS + 1)
        return [number * step for number in range(oldest, newest + 1)]
    found: list[int] = []
    for slot in _backwards(schedule, zone, until_ms):
        if slot <= after_ms or len(found) == MOST_SLOTS:
            break
        if slot <= until_ms and slot not in found[-1:]:
            found.append(slot)
    return found[::-1]


def next_slot(schedule: Schedule, zone: tzinfo, after_ms: int) -> int | None:
    """The first slot after `after_ms`; None where there is none."""
    if schedule.kind in ("off", "demand"):
        return None
    if schedule.kind == "every":
        step = schedule.seconds * 1_000
        return (after_ms // step + 1) * step
    day = _local_day(after_ms, zone) - timedelta(days=1)
    while True:
        if _is_day(schedule, day):
            slot = wall_ms(day, schedule.hour, schedule.minute, zone)
            if slot > after_ms:
                return slot
        day += timedelta(days=1)


def _backwards(schedule: Schedule, zone: tzinfo, until_ms: int) -> Iterator[int]:
    """Slots from a day after `until_ms` on into the past, descending; the same one may come twice
    where the calendar skips a day."""
    day = _local_day(until_ms, zone) + timedelta(days=1)
    while day.year > 1970:
        if _is_day(schedule, day):
            yield wall_ms(day, schedule.hour, schedule.minute, zone)
        day -= timedelta(days=1)


def _is_day(schedule: Schedule, day: date) -> bool:
    if schedule.kind == "weekly":
        return day.weekday() == schedule.day
    if schedule.kind == "monthly":
        return day.day == (schedule.day or Period.of_date(day).days)
    return True


def _local_day(ms: int, zone: tzinfo) -> date:
    day = datetime.fromtimestamp(ms // 1_000, zone).date()
    # Where the clock is set back at midnight, its face shows the day before once more.
    return day + timedelta(days=1) if ms >= day_start_ms(day + timedelta(days=1), zone) else day


def decide(missed: list[int], schedule: Schedule, now_ms: int) -> list[Decision]:
    """What becomes of slots that are due (ascending), by the schedule's catch-up policy."""
    oldest = now_ms - schedule.window_seconds * 1_000 if schedule.window_seconds else None
    within = [slot for slot in missed if oldest is None or slot >= oldest]
    if schedule.catch_up == "none":
        within = [slot for slot in within[-1:] if now_ms - slot <= GRACE_MS]
    elif schedule.catch_up == "latest":
        within = within[-1:]
    chosen = set(within[-schedule.most :])
    return [Decision(slot, slot in chosen) for slot in missed]
