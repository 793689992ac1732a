"""Statuses from the database: after each mail, each night, and against a second computation."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.balances import status
from engine.balances.status import refresh_statuses
from engine.balances.trend import TrendRules
from engine.config import DatabaseConfig
from engine.errors import Interrupted
from engine.hooks import WorkHooks
from engine.period import parse_when
from tests.balances.office import NOON, ZONE, Office, open_office, say
from tests.oracle.trend_opinion import Limits, opinion

DAY = 86_400_000
FIRST = date(2026, 10, 1)


def status_of(office: Office, number: int = 1) -> tuple[str | None, int | None]:
    return office.rows(f"SELECT status, status_since FROM number WHERE id = {number}")[0]


def night(office: Office) -> tuple[int, int]:
    return refresh_statuses(office.book, office.clock, office.hooks)


def test_the_date_of_change_is_of_the_last_change(office: Office) -> None:
    office.take([say(0, "18.10.2026", "1.00")])
    assert status_of(office) == ("new", NOON)
    office.clock.advance(DAY)
    office.take([say(0, "19.10.2026", "1.00")])
    assert status_of(office) == ("positive_static", NOON + DAY)
    office.clock.advance(DAY)
    office.take([say(0, "20.10.2026", "1.00")])
    assert status_of(office) == ("positive_static", NOON + DAY)
    assert office.rows(
        "SELECT value_before, value_after, at FROM number_history WHERE what = 'status' ORDER BY id"
    ) == [(None, "new", NOON), ("new", "positive_static", NOON + DAY)]


def test_the_night_finds_those_that_no_mail_mentions(office: Office) -> None:
    office.take([say(0, "10.10.2026", "1.00"), say(1, "10.10.2026", "1.00")])
    for day in range(11, 20):
        office.take([say(0, f"{day}.10.2026", f"{day}.00")])
    assert status_of(office, 2)[0] == "new"
    assert night(office) == (5, 4)
    assert status_of(office, 2)[0] == "no_data"
    assert status_of(office, 3)[0] == "terminated"
    office.take([say(0, "20.10.2026", "1.00")])
    assert night(office) == (5, 1)
    assert status_of(office, 2)[0] == "terminated"
    assert night(office) == (5, 0)


def test_in_the_morning_todays_report_may_lack_a_number(office: Office) -> None:
    office.take([say(1, "17.10.2026", "1.00")])
    office.take(say(0, f"{day}.10.2026", f"{day}.00") for day in (17, 18, 19, 20))
    office.clock.advance(-60_000 * 60)
    night(office)
    assert status_of(office, 2)[0] == "new"
    office.clock.advance(60_000 * 60)
    night(office)
    assert status_of(office, 2)[0] == "no_data"


def test_the_operators_clock_tells_the_day(office: Office) -> None:
    """Half past eight in Moscow in the evening is the next day on Kamchatka."""
    office.take([say(0, "19.10.2026", "1.00"), say(0, "21.10.2026", "1.00")])
    office.clock.advance(8 * 60 * 60_000)
    book = status.StatusBook(
        office.database, TrendRules(), {"megafon": ZoneInfo("Asia/Kamchatka")}, ZONE
    )
    night(office)
    assert status_of(office)[0] == "new"
    refresh_statuses(book, office.clock, office.hooks)
    assert status_of(office)[0] == "positive_static"


def test_it_stops_between_two_ranges(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "CHUNK", 2)
    office.take(say(4, f"{day}.10.2026", "1.00") for day in range(10, 14))
    seen = []

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 4:
            office.hooks.stop.set()

    office.hooks.progress = progress
    assert night(office) == (4, 4)
    assert seen == [(2, 5), (4, 5)]
    office.hooks = WorkHooks()
    assert night(office) == (5, 0)


def test_an_error_in_a_range_leaves_the_others(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "CHUNK", 2)
    office.take(say(4, f"{day}.10.2026", "1.00") for day in range(10, 14))
    proved: list[bool] = []

    def prove() -> None:
        proved.append(True)
        if len(proved) == 2:
            raise Interrupted("lost")

    office.hooks = WorkHooks(prove=prove)
    with pytest.raises(Interrupted):
        night(office)
    found = [one[0] for one in office.rows("SELECT status FROM number ORDER BY id")]
    assert found == ["no_data", "no_data", None, None, "positive_static"]


@pytest.fixture(params=range(3))
def history(request: Any, database_config: DatabaseConfig) -> Iterator[tuple[Any, ...]]:
    """A month of mails about 60 numbers, in a random order and in chunks of 37."""
    seed = int(request.param)
    draw = random.Random(seed)
    rules = TrendRules(*draw.choice([(14, 3, 10), (5, 1, 3), (8, 4, 7)]))
    database = open_office(database_config, numbers=60)
    office = Office(database, rules)
    said: dict[int, dict[date, int]] = {}
    for number in range(60):
        share, level = draw.choice([0, 0.1, 0.5, 0.9, 1]), draw.choice([0, 1, 500])
        said[number] = {
            FIRST + timedelta(days=day): draw.choice([-level, level, level + 1])
            for day in range(25)
            if draw.random() < share
        }
    yield office, rules, said, draw
    database.close()


def test_a_second_computation_agrees(history: tuple[Any, ...]) -> None:
    office, rules, said, draw = history
    mails = [
        say(number, f"{day:%d.%m.%Y}", f"{balance}.00")
        for number, own in said.items()
        for day, balance in own.items()
    ]
    draw.shuffle(mails)
    for start in range(0, len(mails), 37):
        office.take(mails[start : start + 37])
    reports = {day for own in said.values() for day in own}
    limits = Limits(rules.window, rules.no_data, rules.terminated, rules.today_from)
    for today in (FIRST + timedelta(days=days) for days in (1, 9, 24, 40)):
        for hour in (11, 12):
            now = parse_when(f"{today}T{hour}:30:00", ZONE)
            office.clock.advance(now - office.clock.now_ms())
            night(office)
            found = office.rows("SELECT status FROM number ORDER BY id")
            expected = [opinion(reports, said[number], today, hour, limits) for number in range(60)]
            assert [one[0] for one in found] == expected
