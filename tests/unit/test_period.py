"""Periods, dates and times, above all where clocks jump."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from engine.clock import FixedClock, SystemClock, now_ms
from engine.errors import InputError
from engine.period import Period, format_ms, parse_date, parse_when

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")


def utc_ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def test_a_period_is_written_one_way() -> None:
    assert str(Period.parse("2026-10")) == "2026-10"
    assert Period.parse("1970-01") == Period(1970, 1)
    assert str(Period(9998, 12)) == "9998-12"


@pytest.mark.parametrize(
    "text",
    [
        "", "2026", "2026-1", "2026-00", "2026-13", "2026-10-01", "2026/10", " 2026-10",
        "2026-10\n", "26-10", "1969-12", "9999-01", "0000-01", "+2026-10", "\u0662026-10",
        "2026-1\u0660",
    ],
)  # fmt: skip
def test_no_other_form_is_a_period(text: str) -> None:
    with pytest.raises(InputError):
        Period.parse(text)


def test_neighbours_and_order() -> None:
    assert Period(2026, 12).next() == Period(2027, 1)
    assert Period(2027, 1).previous() == Period(2026, 12)
    assert Period(2026, 9) < Period(2026, 10) < Period(2027, 1)
    assert len({Period(2026, 10), Period.parse("2026-10")}) == 1
    with pytest.raises(InputError, match="9999-01"):
        Period(9998, 12).next()
    with pytest.raises(InputError, match="1969-12"):
        Period(1970, 1).previous()


def test_days() -> None:
    assert [Period(2028, month).days for month in (1, 2, 4)] == [31, 29, 30]
    assert Period(2026, 2).first_day() == date(2026, 2, 1)
    assert Period(2026, 2).last_day() == date(2026, 2, 28)
    assert Period.of_date(date(2026, 2, 28)) == Period(2026, 2)


def test_bounds_in_moscow() -> None:
    october = Period(2026, 10)
    assert format_ms(october.start_ms(MOSCOW), MOSCOW) == "2026-10-01T00:00:00+03:00"
    assert format_ms(october.charge_ms(MOSCOW), MOSCOW) == "2026-10-31T23:59:54+03:00"
    assert october.end_ms(MOSCOW) == utc_ms("2026-10-31T21:00:00")
    assert Period.of_ms(october.end_ms(MOSCOW), MOSCOW) == Period(2026, 11)


def test_the_last_period_has_an_end() -> None:
    last = Period(9998, 12)
    assert Period.of_ms(last.end_ms(MOSCOW) - 1, MOSCOW) == last
    with pytest.raises(InputError):
        Period.of_ms(last.end_ms(MOSCOW), MOSCOW)
    with pytest.raises(InputError, match="beyond the calendar"):
        Period.of_ms(10**18, MOSCOW)


def test_a_clock_that_falls_back_into_the_old_month() -> None:
    """St John's set 00:01 on 2009-11-01 back to 23:01 on 10-31: November had begun already."""
    zone = ZoneInfo("America/St_Johns")
    november = Period(2009, 11)
    assert november.start_ms(zone) == utc_ms("2009-11-01T02:30:00")
    second_pass = utc_ms("2009-11-01T03:00:00")
    assert format_ms(second_pass, zone) == "2009-10-31T23:30:00-03:30"
    assert Period.of_ms(second_pass, zone) == november
    assert format_ms(Period(2009, 10).charge_ms(zone), zone) == "2009-10-31T23:59:54-02:30"


def test_a_clock_that_repeats_the_last_hour_of_the_month() -> None:
    """Amman set 00:00 on 1976-11-01 back to 23:00 on 10-31: the charge is in the second pass."""
    zone = ZoneInfo("Asia/Amman")
    october = Period(1976, 10)
    charge = october.charge_ms(zone)
    assert format_ms(charge - 3_600_000, zone) == "1976-10-31T23:59:54+03:00"
    assert format_ms(charge, zone) == "1976-10-31T23:59:54+02:00"
    assert format_ms(october.end_ms(zone), zone) == "1976-11-01T00:00:00+02:00"


def test_a_month_whose_first_midnight_is_skipped() -> None:
    """Amman set 00:00 on 1999-07-01 forward to 01:00."""
    zone = ZoneInfo("Asia/Amman")
    july = Period(1999, 7)
    assert format_ms(july.start_ms(zone), zone)[:19] == "1999-07-01T01:00:00"
    assert format_ms(july.start_ms(zone) - 1, zone)[:19] == "1999-06-30T23:59:59"
    assert format_ms(Period(1999, 6).charge_ms(zone), zone)[:19] == "1999-06-30T23:59:54"


def test_a_month_whose_last_day_is_skipped() -> None:
    """Kiritimati crossed the date line and had no 1994-12-31."""
    zone = ZoneInfo("Pacific/Kiritimati")
    december = Period(1994, 12)
    assert format_ms(december.end_ms(zone), zone) == "1995-01-01T00:00:00+14:00"
    assert format_ms(december.charge_ms(zone), zone) == "1994-12-30T23:59:54-10:00"
    with pytest.raises(InputError, match="the day 1994-12-31 does not exist"):
        parse_when("1994-12-31", zone)


class JumpBeforeMidnight(tzinfo):
    """UTC until 2026-04-30 23:17, then UTC+1; no real zone jumps over midnight from before it."""

    jump = datetime(2026, 4, 30, 23, 17)
    hour = timedelta(hours=1)

    def utcoffset(self, moment: datetime | None) -> timedelta:
        assert moment is not None
        wall = moment.replace(tzinfo=None, fold=0)
        in_gap = self.jump <= wall < self.jump + self.hour
        after = moment.fold == 1 if in_gap else wall >= self.jump
        return self.hour if after else timedelta(0)

    def dst(self, moment: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, moment: datetime | None) -> str:
        return "jump"

    def fromutc(self, moment: datetime) -> datetime:
        return moment + (self.hour if moment.replace(tzinfo=None) >= self.jump else timedelta(0))


def test_a_jump_over_midnight_that_begins_before_it() -> None:
    zone = JumpBeforeMidnight()
    assert Period(2026, 5).start_ms(zone) == utc_ms("2026-04-30T23:17:00")
    assert format_ms(Period(2026, 5).start_ms(zone), zone) == "2026-05-01T00:17:00+01:00"
    assert Period.of_ms(utc_ms("2026-04-30T23:16:59"), zone) == Period(2026, 4)


def test_dates() -> None:
    assert parse_date("2026-10-05") == date(2026, 10, 5)
    assert parse_date("2028-02-29") == date(2028, 2, 29)


@pytest.mark.parametrize(
    "text",
    ["", "2026-10", "2026-02-29", "20261005", "2026-W01-1", "05.10.2026", "1969-12-31",
     "9999-01-01", "2026-10-05 ", "2026-10-0\u0665", "2026-13-01"],
)  # fmt: skip
def test_no_other_form_is_a_date(text: str) -> None:
    with pytest.raises(InputError, match="is not a date"):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-05", "2026-10-04T21:00:00"),
        ("2026-10-05T14:30", "2026-10-05T11:30:00"),
        ("2026-10-05 14:30:59", "2026-10-05T11:30:59"),
        ("2026-10-05T14:30:00Z", "2026-10-05T14:30:00"),
        ("2026-10-05T14:30:00+05:45", "2026-10-05T08:45:00"),
        ("2026-10-05T14:30:00-02:30", "2026-10-05T17:00:00"),
    ],
)
def test_times(text: str, moment: str) -> None:
    assert parse_when(text, MOSCOW) == utc_ms(moment)


def test_milliseconds_of_a_time() -> None:
    whole = parse_when("2026-10-05T14:30:00", MOSCOW)
    assert parse_when("2026-10-05T14:30:00.5", MOSCOW) == whole + 500
    assert parse_when("2026-10-05T14:30:00.007", MOSCOW) == whole + 7


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-10-05T", "2026-10-05T24:00", "2026-10-05T12", "2026-10-05T12:60",
     "2026-10-05T12:00:60", "2026-02-30T12:00", "2026-10-05T12:00+03", "2026-10-05T12:00+24:00",
     "2026-10-05T12:00:00.1234", "2026-10-05t12:00", "1791000000", "9999-01-01T00:00"],
)  # fmt: skip
def test_no_other_form_is_a_time(text: str) -> None:
    with pytest.raises(InputError):
        parse_when(text, MOSCOW)


def test_a_skipped_time_is_refused_and_a_double_one_is_the_first() -> None:
    with pytest.raises(InputError, match="does not exist in Europe/Berlin"):
        parse_when("2026-03-29T02:30:00", BERLIN)
    first = parse_when("2026-10-25T02:30:00", BERLIN)
    assert format_ms(first, BERLIN) == "2026-10-25T02:30:00+02:00"
    assert parse_when("2026-10-25T02:30:00+01:00", BERLIN) == first + 3_600_000


def test_clocks() -> None:
    clock = FixedClock(1_000)
    clock.advance(500)
    assert clock.now_ms() == 1_500
    before = now_ms()
    assert before <= SystemClock().now_ms() <= now_ms()
    assert Period(2020, 1).start_ms(UTC) < before < Period(9000, 1).start_ms(UTC)
