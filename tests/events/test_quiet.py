"""The quiet hours, over midnight and New Year and where the clock jumps."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.events.quiet import after_quiet
from engine.period import format_ms, hour_and_date, parse_when

MOSCOW = ZoneInfo("Europe/Moscow")
HOUR = 3_600_000
HOURS = st.integers(0, 23)
MOMENTS = st.integers(
    parse_when("1971-01-01", ZoneInfo("UTC")), parse_when("2040-01-01", ZoneInfo("UTC"))
)


def end(when: str, zone: ZoneInfo = MOSCOW, quiet_from: int = 23, quiet_until: int = 10) -> str:
    at = after_quiet(parse_when(when, zone), zone, quiet_from, quiet_until)
    return format_ms(at, zone)[:19]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-10-05T22:59:59", "2026-10-05T22:59:59"),
        ("2026-10-05T23:00:00", "2026-10-06T10:00:00"),
        ("2026-10-06T00:00:00", "2026-10-06T10:00:00"),
        ("2026-10-06T09:59:59", "2026-10-06T10:00:00"),
        ("2026-10-06T10:00:00", "2026-10-06T10:00:00"),
        ("2026-12-31T23:30:00", "2027-01-01T10:00:00"),
        ("2027-01-01T00:00:00", "2027-01-01T10:00:00"),
    ],
)
def test_over_midnight(when: str, expected: str) -> None:
    assert end(when) == expected


def test_within_one_day() -> None:
    assert end("2026-10-05T13:30:00", quiet_from=13, quiet_until=15) == "2026-10-05T15:00:00"
    assert end("2026-10-05T15:00:00", quiet_from=13, quiet_until=15) == "2026-10-05T15:00:00"
    assert end("2026-10-05T12:59:59", quiet_from=13, quiet_until=15) == "2026-10-05T12:59:59"


@pytest.mark.parametrize("hour", [0, 10, 23])
def test_equal_hours_are_no_quiet_hours(hour: int) -> None:
    assert end("2026-10-05T10:30:00", quiet_from=hour, quiet_until=hour) == "2026-10-05T10:30:00"


def test_where_the_clock_jumps_over_the_end() -> None:
    berlin = ZoneInfo("Europe/Berlin")  # 29 March 2026: from 02:00 to 03:00
    assert end("2026-03-29T01:30:00", berlin, 23, 2) == "2026-03-29T03:00:00"
    # All but the hour from 2 to 3 is quiet: there is none that day.
    assert end("2026-03-29T01:30:00", berlin, 3, 2) == "2026-03-30T02:00:00"


def test_where_the_calendar_jumps_over_a_day() -> None:
    samoa = ZoneInfo("Pacific/Apia")  # there was no 30 December 2011
    assert end("2011-12-29T23:30:00", samoa) == "2011-12-31T10:00:00"


def test_where_the_end_comes_twice() -> None:
    berlin = ZoneInfo("Europe/Berlin")  # 25 October 2026: 02:00 to 03:00 comes twice
    at = parse_when("2026-10-25T00:30:00", berlin)
    assert after_quiet(at, berlin, 23, 2) == at + HOUR + HOUR // 2
    second = at + 2 * HOUR + HOUR // 2
    assert after_quiet(second, berlin, 23, 2) == second


# There the clock goes from 03:00 back to 01:00, over the end of the quiet hours.
@example(1_288_488_600_000, "Antarctica/Troll", 23, 2)
@given(
    MOMENTS,
    st.sampled_from(
        ["Europe/Moscow", "Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Kathmandu",
         "America/Sao_Paulo", "Antarctica/Troll", "UTC"]
    ),
    HOURS,
    HOURS,
)  # fmt: skip
def test_it_is_over_within_a_day_or_two(now: int, name: str, begin: int, until: int) -> None:
    zone = ZoneInfo(name)
    after = after_quiet(now, zone, begin, until)
    assert now <= after <= now + 50 * HOUR
    quiet = {(begin + n) % 24 for n in range((until - begin) % 24)}
    if hour_and_date(now, zone)[0] not in quiet:
        assert after == now
    elif after > now:
        assert hour_and_date(after, zone)[0] not in quiet
        assert hour_and_date(after - 1, zone)[0] in quiet or begin == until
