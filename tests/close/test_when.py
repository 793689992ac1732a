"""When a close may run, and of which period: by the billing zone's clock, hour by hour."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.config import Config, DatabaseConfig
from engine.database import Database
from engine.errors import InputError
from engine.period import Period, parse_when
from jobs.month_close import CloseOptions
from tests.close.books import (
    MOSCOW,
    add_catalogue,
    add_subscriber,
    config,
    job,
)

HOUR = int(timedelta(hours=1).total_seconds() * 1000)
ST_JOHNS = ZoneInfo("America/St_Johns")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
HAVANA = ZoneInfo("America/Havana")
DUBLIN = ZoneInfo("Europe/Dublin")
# Havana puts its clocks back on the first night of November 2026, Dublin on the last day of October
# 2027; Kathmandu is five hours and three quarters ahead of Greenwich.
ENDS = [
    (MOSCOW, Period(2026, 10)),
    (KATHMANDU, Period(2026, 2)),
    (ST_JOHNS, Period(2026, 10)),
    (HAVANA, Period(2026, 10)),
    (DUBLIN, Period(2027, 10)),
    (MOSCOW, Period(2026, 12)),
]


@pytest.fixture
def one(empty: Database) -> Database:
    """Books with one subscriber and no period yet."""
    with empty.transaction():
        add_catalogue(empty)
        add_subscriber(empty, 1000, active_since="2020-01-01")
    return empty


def open_period(database: Database, *periods: Period) -> None:
    for period in periods:
        database.execute(
            "INSERT INTO billing_period (period, state) VALUES (?, 'open')", (str(period),)
        )


def settings(zone: ZoneInfo = MOSCOW) -> Config:
    """Of the database only the seconds to wait count; the settling time is ten minutes."""
    return config(DatabaseConfig(engine="sqlite", path=Path("unused")), zone)


def closed(database: Database) -> list[str]:
    return [
        period
        for (period,) in database.rows(
            "SELECT period FROM billing_period WHERE state = 'closed' ORDER BY period"
        )
    ]


@pytest.mark.parametrize(("zone", "period"), ENDS)
def test_hour_by_hour_around_the_end(one: Database, zone: ZoneInfo, period: Period) -> None:
    """Not before the settling time after midnight; then, on the 1st, at any hour; dated six
    seconds before midnight, whenever it ran."""
    open_period(one, period)
    rules = settings(zone)
    end = period.end_ms(zone)
    for hour in range(-30, 1):
        assert job(one, rules, now=end + hour * HOUR).due(CloseOptions()) is None
        with pytest.raises(InputError, match="cannot be closed before"):
            job(one, rules, now=end + hour * HOUR).due(CloseOptions(period=period, late=True))
    assert job(one, rules, now=end + 10 * 60_000 - 1).due(CloseOptions()) is None
    next_day = parse_when(f"{period.next()}-02", zone)
    now = end + 10 * 60_000
    while now < next_day:
        assert job(one, rules, now=now).due(CloseOptions()) == period
        now += HOUR
    for now in (next_day, next_day + HOUR, end + 21 * 24 * HOUR):
        with pytest.raises(InputError, match="--late"):
            job(one, rules, now=now).due(CloseOptions())
        assert job(one, rules, now=now).due(CloseOptions(late=True)) == period

    (summary,) = job(one, rules, now=end + 21 * 24 * HOUR).run(CloseOptions(late=True)).periods
    assert (summary.period, summary.of("charged").subscribers) == (str(period), 1)
    dated = one.integer("SELECT effective_at FROM journal_entry WHERE kind = 'charge'")
    assert Period.of_ms(dated, zone) == period
    assert end - dated == 6_000


@pytest.mark.parametrize(
    ("zone", "period", "dated"),
    [
        (MOSCOW, Period(2026, 10), "2026-10-31T20:59:54Z"),
        (MOSCOW, Period(2026, 12), "2026-12-31T20:59:54Z"),
        (KATHMANDU, Period(2026, 2), "2026-02-28T18:14:54Z"),
        (ST_JOHNS, Period(2026, 10), "2026-11-01T02:29:54Z"),
        (HAVANA, Period(2026, 10), "2026-11-01T03:59:54Z"),
    ],
)
def test_the_date_of_a_charge(one: Database, zone: ZoneInfo, period: Period, dated: str) -> None:
    open_period(one, period)
    job(one, settings(zone), now=period.end_ms(zone) + HOUR).run(CloseOptions())
    at = one.integer("SELECT effective_at FROM journal_entry WHERE kind = 'charge'")
    assert at == parse_when(dated, zone)


@pytest.fixture
def far_host(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The host's own zone is another one than the billing zone."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    yield
    os.environ.pop("TZ", None)
    time.tzset()


@pytest.mark.usefixtures("far_host")
def test_the_zone_of_the_host_has_no_say(one: Database) -> None:
    """It is November 1st there for half a day already, and 2nd when Moscow has the 1st."""
    open_period(one, Period(2026, 10))
    early = parse_when("2026-10-31T23:00:00", MOSCOW)
    assert job(one, settings(), now=early).due(CloseOptions()) is None
    late = parse_when("2026-11-01T23:59:59", MOSCOW)
    job(one, settings(), now=late).run(CloseOptions())
    assert closed(one) == ["2026-10"]
    at = one.integer("SELECT effective_at FROM journal_entry WHERE kind = 'charge'")
    assert at == parse_when("2026-10-31T23:59:54", MOSCOW)


def test_january_closes_december(one: Database) -> None:
    open_period(one, Period(2026, 12))
    job(one, settings(), now=parse_when("2027-01-01T00:10:00", MOSCOW)).run(CloseOptions())
    assert closed(one) == ["2026-12"]
    assert one.value("SELECT MAX(period) FROM billing_period") == "2027-01"


def test_missed_months_are_closed_in_order(one: Database) -> None:
    """Each with the facts of its own time: begun in October, a plan ordered from November."""
    open_period(one, Period(2026, 9))
    one.execute(
        "UPDATE subscriber SET active_since = '2026-10-16', ordered_plan_id = 4,"
        " ordered_plan_from = '2026-12'"
    )
    rules, now = settings(), parse_when("2026-12-22T09:00:00", MOSCOW)
    with pytest.raises(InputError, match="older period 2026-09"):
        job(one, rules, now=now).run(CloseOptions(period=Period(2026, 10), late=True))
    assert closed(one) == []
    report = job(one, rules, now=now).run(CloseOptions(late=True))
    assert [summary.period for summary in report.periods] == ["2026-09", "2026-10", "2026-11"]
    assert report.complete
    assert one.rows(
        "SELECT period, status, amount, plan_id, plan_after FROM close_record ORDER BY period"
    ) == [
        ("2026-09", "not_started", 0, 1, 1),
        ("2026-10", "charged", 2613, 1, 1),
        ("2026-11", "charged", 5025, 1, 4),
    ]
    dates = one.rows("SELECT effective_at FROM journal_entry ORDER BY effective_at")
    assert [at for (at,) in dates] == [
        parse_when("2026-10-31T23:59:54", MOSCOW),
        parse_when("2026-11-30T23:59:54", MOSCOW),
    ]
    assert job(one, rules, now=now).run(CloseOptions(late=True)).periods == []


def test_one_period_of_several(one: Database) -> None:
    open_period(one, Period(2026, 9), Period(2026, 10))
    rules, now = settings(), parse_when("2026-11-01T01:00:00", MOSCOW)
    september = CloseOptions(period=Period(2026, 9))
    report = job(one, rules, now=now).run(september)
    assert [summary.period for summary in report.periods] == ["2026-09"]
    assert job(one, rules, now=now).run(september).periods == []
    assert closed(one) == ["2026-09"]
    with pytest.raises(InputError, match="before the first period"):
        job(one, rules, now=now).run(CloseOptions(period=Period(2026, 8)))


def test_a_refusal_changes_nothing(one: Database) -> None:
    open_period(one, Period(2026, 10))
    for options in (CloseOptions(), CloseOptions(period=Period(2026, 11), late=True)):
        with pytest.raises(InputError) as refused:
            job(one, settings(), now=parse_when("2026-11-02", MOSCOW)).run(options)
        assert refused.value.exit_status == 2
        assert "Nothing was changed" in refused.value.message
    assert one.rows("SELECT period, state FROM billing_period") == [("2026-10", "open")]
    assert one.value("SELECT holder FROM lease") is None


@pytest.mark.parametrize("late", [False, True])
def test_an_empty_database(empty: Database, late: bool) -> None:
    rules = settings()
    assert job(empty, rules).run(CloseOptions(late=late)).periods == []
    assert job(empty, rules).preview(CloseOptions()) is None
    with pytest.raises(InputError, match="nothing was imported"):
        job(empty, rules).run(CloseOptions(period=Period(2026, 10)))


def test_a_period_without_subscribers(empty: Database) -> None:
    open_period(empty, Period(2026, 10))
    (summary,) = job(empty, settings()).run(CloseOptions()).periods
    assert (summary.state, summary.total, summary.statuses) == ("complete", 0, {})
    assert closed(empty) == ["2026-10"]
