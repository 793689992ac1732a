"""Schedules as text, the slots they give, and what becomes of missed ones."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.errors import InputError
from engine.period import format_ms, parse_when
from engine.slots import MOST_SLOTS, Decision, Schedule, decide, next_slot, parse_schedule, slots

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600_000
DAY = 24 * HOUR


def at(text: str, zone: ZoneInfo = MOSCOW) -> int:
    return parse_when(text, zone)


def written(text: str, zone: ZoneInfo, after: str, until: str) -> list[str]:
    found = slots(parse_schedule(text), zone, at(after, zone), at(until, zone))
    return [format_ms(slot, zone) for slot in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("off", Schedule()),
        ("every minute", Schedule("every", seconds=60)),
        ("every 1 minute", Schedule("every", seconds=60)),
        ("every 10 seconds", Schedule("every", seconds=10)),
        ("every 6 hours", Schedule("every", seconds=21_600)),
        ("daily 06:00", Schedule("daily", hour=6)),
        ("weekly Sun 23:59", Schedule("weekly", day=6, hour=23, minute=59)),
        ("monthly 1 00:01 catch_up=all", Schedule("monthly", day=1, minute=1, catch_up="all")),
        (
            "monthly last 12:00 window=3d most=2 overlap=queue catch_up=none",
            Schedule("monthly", hour=12, catch_up="none", window_seconds=259_200, most=2,
                     overlap="queue"),
        ),
    ],
)  # fmt: skip
def test_what_may_be_written(text: str, expected: Schedule) -> None:
    assert parse_schedule(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "every", "every 0 minutes", "every -1 minutes", "every 1.5 hours", "every day",
        "every 9000000 hours", "daily", "daily 24:00", "daily 6:00", "daily 06:60",
        "daily 06:00:00", "weekly 06:00", "weekly monday 06:00", "monthly 0 00:01",
        "monthly 29 00:01",
        "monthly 1", "monthly 1 00:01 02:00", "daily 06:00 catch_up=some", "daily 06:00 window=3",
        "daily 06:00 window=0h", "daily 06:00 most=0", "daily 06:00 most=1001",
        "daily 06:00 overlap=run", "daily 06:00 most=1 most=2", "catch_up=all daily 06:00",
        "daily 06:00 color=red", "\x1b[2J", "every ٣ minutes",
    ],
)  # fmt: skip
def test_what_may_not(text: str) -> None:
    with pytest.raises(InputError, match="is not a schedule: write `off`") as refused:
        parse_schedule(text)
    assert "\x1b" not in refused.value.message


@pytest.mark.parametrize(
    "text",
    ["off", "every minute", "every 90 seconds", "every 2 hours", "daily 06:05", "weekly wed 00:00",
     "monthly 28 23:59", "monthly last 01:00"],
)  # fmt: skip
def test_a_schedule_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_schedule(text)) == text


def test_monthly_and_the_last_day() -> None:
    assert written("monthly 1 00:01", MOSCOW, "2026-09-30", "2026-12-01T00:01:00") == [
        "2026-10-01T00:01:00+03:00",
        "2026-11-01T00:01:00+03:00",
        "2026-12-01T00:01:00+03:00",
    ]
    assert written("monthly last 12:00", MOSCOW, "2027-12-31", "2028-03-01") == [
        "2027-12-31T12:00:00+03:00",
        "2028-01-31T12:00:00+03:00",
        "2028-02-29T12:00:00+03:00",
    ]


def test_weekly() -> None:
    assert written("weekly mon 09:00", MOSCOW, "2026-11-01", "2026-11-16") == [
        "2026-11-02T09:00:00+03:00",
        "2026-11-09T09:00:00+03:00",
    ]


def test_an_interval_keeps_to_the_clock_and_not_to_the_start() -> None:
    assert written("every 15 minutes", MOSCOW, "2026-11-01T10:01:00", "2026-11-01T10:45:00") == [
        "2026-11-01T10:15:00+03:00",
        "2026-11-01T10:30:00+03:00",
        "2026-11-01T10:45:00+03:00",
    ]


def test_the_clock_set_forward_skips_to_the_first_moment_there_is() -> None:
    assert written("daily 02:30", BERLIN, "2026-03-28T12:00:00", "2026-03-30T12:00:00") == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]


def test_the_clock_set_back_counts_the_first_time_only() -> None:
    assert written("daily 02:30", BERLIN, "2026-10-24T12:00:00", "2026-10-26T12:00:00") == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]


def test_an_interval_does_not_mind_the_clocks_of_people() -> None:
    found = written("every hour", BERLIN, "2026-10-25T00:00:00", "2026-10-25T04:00:00")
    assert [slot[11:] for slot in found] == [
        "01:00:00+02:00", "02:00:00+02:00", "02:00:00+01:00", "03:00:00+01:00", "04:00:00+01:00",
    ]  # fmt: skip


def test_a_day_that_the_calendar_skips_gives_no_slot_twice() -> None:
    apia = ZoneInfo("Pacific/Apia")
    assert written("daily 00:00", apia, "2011-12-29T12:00:00", "2012-01-01T12:00:00") == [
        "2011-12-31T00:00:00+14:00",
        "2012-01-01T00:00:00+14:00",
    ]


def test_after_years_only_the_newest_are_looked_at() -> None:
    until = at("2026-11-01")
    for text in ("every 10 seconds", "daily 06:00"):
        found = slots(parse_schedule(text), MOSCOW, 0, until)
        assert len(found) == MOST_SLOTS
        assert until - found[-1] <= DAY


def test_nothing_is_due_while_time_stands_still_or_goes_back() -> None:
    minute = parse_schedule("every minute")
    assert slots(minute, MOSCOW, 60_000, 60_000) == []
    assert slots(minute, MOSCOW, 120_000, 60_000) == []
    assert slots(Schedule(), MOSCOW, 0, DAY) == []


def test_the_next_slot() -> None:
    monthly = parse_schedule("monthly 1 00:01")
    assert next_slot(monthly, MOSCOW, at("2026-11-01T00:01:00")) == at("2026-12-01T00:01:00")
    assert next_slot(monthly, MOSCOW, at("2026-11-01T00:00:59")) == at("2026-11-01T00:01:00")
    assert next_slot(parse_schedule("every minute"), MOSCOW, 59_999) == 60_000
    assert next_slot(Schedule(), MOSCOW, 0) is None


@pytest.mark.parametrize(
    ("options", "run"),
    [
        ("catch_up=none", [False, False, False]),
        ("catch_up=latest", [False, False, True]),
        ("catch_up=all", [True, True, True]),
        ("catch_up=all most=2", [False, True, True]),
        ("catch_up=all window=36h", [False, True, True]),
        ("catch_up=all window=1h", [False, False, False]),
        ("catch_up=latest window=1h", [False, False, False]),
    ],
)
def test_catch_up_after_three_nights(options: str, run: list[bool]) -> None:
    schedule = parse_schedule(f"daily 06:00 {options}")
    now = int(datetime(2026, 11, 10, 12, tzinfo=UTC).timestamp() * 1_000)
    missed = slots(schedule, ZoneInfo("UTC"), now - 3 * DAY, now)
    assert decide(missed, schedule, now) == [
        Decision(slot, one) for slot, one in zip(missed, run, strict=True)
    ]


def test_without_catch_up_a_slot_that_is_just_due_is_run() -> None:
    schedule = parse_schedule("every 10 seconds catch_up=none")
    assert decide([10_000, 20_000], schedule, 21_000) == [
        Decision(10_000, False),
        Decision(20_000, True),
    ]
    assert decide([], schedule, 21_000) == []
