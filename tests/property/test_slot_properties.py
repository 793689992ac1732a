"""Slots over many time zones: each comes once, in order, however the asking is cut into pieces."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from engine.slots import DAYS, MOST_SLOTS, Schedule, decide, next_slot, parse_schedule, slots

# Half-hour daylight saving, 45-minute offsets, a skipped day, a jump at midnight, none at all.
ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Moscow", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
        "Asia/Kathmandu", "Pacific/Apia", "Pacific/Chatham", "America/Sao_Paulo", "Asia/Beirut",
        "Africa/Cairo", "UTC",
    )
]  # fmt: skip
FIRST = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp() * 1_000)
LAST = int(datetime(2030, 1, 1, tzinfo=UTC).timestamp() * 1_000)
DAY = 86_400_000

_hours, _minutes = st.integers(0, 23), st.integers(0, 59)
_clock = st.builds(lambda hour, minute: f"{hour:02d}:{minute:02d}", _hours, _minutes)
texts = st.one_of(
    st.builds(lambda n, unit: f"every {n} {unit}", st.integers(60, 5_000),
              st.sampled_from(["seconds", "minutes"])),
    st.builds(lambda clock: f"daily {clock}", _clock),
    st.builds(lambda day, clock: f"weekly {day} {clock}", st.sampled_from(DAYS), _clock),
    st.builds(lambda day, clock: f"monthly {day} {clock}",
              st.one_of(st.integers(1, 28).map(str), st.just("last")), _clock),
)  # fmt: skip
zones, moments = st.sampled_from(ZONES), st.integers(FIRST, LAST)
schedules = texts.map(parse_schedule)


@given(schedules, zones, moments, st.lists(st.integers(0, 2 * DAY), min_size=1, max_size=12))
def test_a_restart_loses_no_slot_and_repeats_none(
    schedule: Schedule, zone: ZoneInfo, start: int, steps: list[int]
) -> None:
    pieces, now = [], start
    for step in steps:
        pieces += slots(schedule, zone, now, now + step)
        now += step
    whole = slots(schedule, zone, start, now)
    newest = min(len(whole), MOST_SLOTS)
    assert pieces[len(pieces) - newest :] == whole
    assert len(pieces) == len(whole) or len(whole) == MOST_SLOTS
    assert all(earlier < later for earlier, later in pairwise(whole))
    assert all(start < slot <= now for slot in whole)


@given(schedules, zones, moments)
def test_the_next_slot_is_the_first_of_those_after(
    schedule: Schedule, zone: ZoneInfo, after: int
) -> None:
    following = next_slot(schedule, zone, after)
    assert following is not None
    assert slots(schedule, zone, after, following) == [following]


@given(texts.filter(lambda text: text.startswith(("daily", "weekly", "monthly"))), zones, moments)
def test_a_slot_shows_its_time_of_day_or_comes_right_after_a_jump(
    text: str, zone: ZoneInfo, start: int
) -> None:
    schedule = parse_schedule(text)
    for slot in slots(schedule, zone, start, start + 40 * DAY):
        local = datetime.fromtimestamp(slot / 1_000, zone)
        wanted = local.replace(hour=schedule.hour, minute=schedule.minute)
        if (local.hour, local.minute) != (schedule.hour, schedule.minute):
            before = datetime.fromtimestamp(slot / 1_000 - 0.001, zone)
            assert before.utcoffset() != local.utcoffset(), "no jump here"
            assert before.replace(tzinfo=None) < local.replace(tzinfo=None)
            assert (before.date(), before.hour, before.minute) < (
                local.date(), schedule.hour, schedule.minute,
            ) or before.date() < wanted.date()  # fmt: skip


@given(schedules, st.sampled_from(["none", "latest", "all"]), st.integers(1, 5), zones, moments)
def test_a_policy_runs_only_what_is_missed_and_newest_first(
    schedule: Schedule, catch_up: str, most: int, zone: ZoneInfo, now: int
) -> None:
    given_options = parse_schedule(f"every minute catch_up={catch_up} most={most} window=2d")
    missed = slots(schedule, zone, now - 3 * DAY, now)
    decisions = decide(missed, given_options, now)
    assert [one.slot for one in decisions] == missed
    run = [one.slot for one in decisions if one.run]
    assert len(run) <= {"none": 1, "latest": 1, "all": most}[catch_up]
    assert run == missed[len(missed) - len(run) :], "a newer one was left out"
    assert all(now - slot <= 2 * DAY for slot in run)
