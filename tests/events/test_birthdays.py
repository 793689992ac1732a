"""Birthdays: who has one, once a year whatever dies, on the day that the schedule meant."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database
from engine.errors import InputError
from engine.events import rounds as rounds_module
from engine.events.birthdays import MOST_DAYS_AGO, born_on, record_birthdays
from engine.events.settings import BonusesConfig, EventsConfig
from engine.hooks import WorkHooks
from engine.ledger.bonuses import credit_some
from engine.ledger.proof import prove
from engine.period import parse_when
from engine.slots import parse_schedule
from jobs.context import RunHooks
from jobs.planner import Planner
from jobs.record import open_runs
from jobs.registry import function_of, job_named
from jobs.runner import Runner
from tests.events.books import BILLING, open_event_books
from tests.events.roundabout import MOSCOW, add, cut_everywhere, recorded, rounds, settings
from tests.ledger.cutting import Mode

TODAY = date(2026, 6, 15)
NOW = parse_when("2026-06-15T10:00:00", MOSCOW)
JOB = job_named("birthday-bonus")


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    yield opened
    opened.close()


def at(text: str) -> int:
    return parse_when(text, MOSCOW)


def keys(database: Database) -> list[str]:
    return [key for (key,) in database.rows("SELECT event_key FROM event ORDER BY event_key")]


def notice(database: Database) -> dict[str, str]:
    payload = database.value("SELECT payload FROM action WHERE kind = 'notice'")
    values: dict[str, str] = json.loads(payload)["values"]
    return values


def test_who_has_a_birthday(database: Database, database_config: DatabaseConfig) -> None:
    add(database, 2000, birth_date="1985-06-15")
    add(database, 2001, birth_date="1985-06-14")
    add(database, 2002, birth_date="1985-06-16")
    add(database, 2003)
    add(database, 2004, birth_date="1985-06-15", alias_of=2000)
    for number, state in enumerate(("frozen", "blocked", "deleted"), 2005):
        add(database, number, birth_date="1985-06-15", state=state)
    # Born today: the first birthday is a year away.
    add(database, 2008, birth_date="2026-06-15")
    add(database, 2009, birth_date="1900-06-15", phone="")
    given = settings(database_config)
    assert record_birthdays(rounds(database, given, NOW), TODAY) == 2
    found = [row[:4] for row in recorded(database)]
    assert found == [
        ("birthday:2026:2000", None, "birthday_bonus", "bonus"),
        ("birthday:2026:2000", None, "notice", "sms"),
        # Who cannot be told is given the bonus all the same.
        ("birthday:2026:2009", None, "birthday_bonus", "bonus"),
    ]
    assert notice(database)["bonus"] == "100.00"
    event = database.row("SELECT at, is_late, source, caused_by, actor FROM event")
    assert event == (NOW, 0, "job", "system", "birthday-bonus")
    assert record_birthdays(rounds(database, given, NOW + 3_600_000), TODAY) == 0
    assert [row[:4] for row in recorded(database)] == found


def test_the_bonus_reaches_the_ledger_once(
    database: Database, database_config: DatabaseConfig
) -> None:
    add(database, 2000, birth_date="1985-06-15")
    for _ in range(2):
        record_birthdays(rounds(database, settings(database_config), NOW), TODAY)
        credit_some(database, BILLING, FixedClock(NOW), lambda: None)
    assert database.value("SELECT balance FROM account WHERE id = 2000") == 100_00
    assert [(one.kind, one.subject) for one in prove(database)] == []


def test_no_bonus_is_no_bonus_in_the_text(
    database: Database, database_config: DatabaseConfig
) -> None:
    add(database, 2000, birth_date="1985-06-15")
    given = settings(database_config, bonuses=BonusesConfig(birthday=0))
    record_birthdays(rounds(database, given, NOW), TODAY)
    assert [row[2] for row in recorded(database)] == ["notice"]
    assert notice(database)["bonus"] == ""


def test_a_bonus_that_does_not_follow_is_not_promised(
    database: Database, database_config: DatabaseConfig
) -> None:
    add(database, 2000, birth_date="1985-06-15")
    events = EventsConfig(mode="on", follows={"birthday": ("notice",)})
    record_birthdays(rounds(database, settings(database_config, events=events), NOW), TODAY)
    assert [row[2] for row in recorded(database)] == ["notice"]
    assert notice(database)["bonus"] == ""


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2026-02-28", [2000, 2001]),
        ("2026-03-01", [2002]),
        ("2028-02-28", [2001]),
        ("2028-02-29", [2000]),
        ("2028-03-01", [2002]),
    ],
)
def test_leap_years(
    day: str, told: list[int], database: Database, database_config: DatabaseConfig
) -> None:
    add(database, 2000, birth_date="1984-02-29")
    add(database, 2001, birth_date="1984-02-28")
    add(database, 2002, birth_date="1984-03-01")
    made = rounds(database, settings(database_config), at(f"{day}T10:00:00"))
    record_birthdays(made, date.fromisoformat(day))
    assert keys(database) == [f"birthday:{day[:4]}:{number}" for number in told]


@given(st.dates(date(1900, 1, 1), date(2026, 12, 31)), st.integers(2027, 2100))
def test_everybody_has_one_birthday_a_year(born: date, year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
    has = [day for day in days if day.year == year and f"{born:%m-%d}" in born_on(day)]
    assert len(has) == 1


def test_new_year_by_the_clock_of_billing(
    database: Database, database_config: DatabaseConfig
) -> None:
    """23:30 UTC of 31 December is 1 January in Moscow; a year later it is another birthday."""
    add(database, 2000, birth_date="1985-01-01")
    add(database, 2001, birth_date="1985-12-31")
    given = settings(database_config)
    for moment in ("2026-12-31T23:30:00+00:00", "2027-12-31T23:30:00+00:00"):
        made = rounds(database, given, at(moment))
        record_birthdays(made, made.today())
    assert keys(database) == ["birthday:2027:2000", "birthday:2028:2000"]


def test_yesterday_in_the_new_year_is_a_birthday_of_the_old(
    database: Database, database_config: DatabaseConfig
) -> None:
    add(database, 2000, birth_date="1985-12-31")
    made = rounds(database, settings(database_config), at("2027-01-01T04:00:00"))
    record_birthdays(made, date(2026, 12, 31))
    assert keys(database) == ["birthday:2026:2000"]
    event = database.row("SELECT at, is_late FROM event")
    assert event == (at("2026-12-31"), 1)
    assert notice(database)["date"] == "31.12.2026"
    # Caught up at night: nobody is woken.
    due = database.value("SELECT next_at FROM action WHERE kind = 'notice'")
    assert due == at("2027-01-01T10:00:00")
    bonus = database.value("SELECT next_at FROM action WHERE kind = 'birthday_bonus'")
    assert bonus == at("2027-01-01T04:00:00")


@pytest.mark.parametrize("days", [-1, MOST_DAYS_AGO + 1])
def test_a_day_that_is_a_mistake(
    days: int, database: Database, database_config: DatabaseConfig
) -> None:
    day = TODAY - timedelta(days=days)
    add(database, 2000, birth_date=f"1985{day.isoformat()[4:]}")
    with pytest.raises(InputError, match="Nothing was recorded"):
        record_birthdays(rounds(database, settings(database_config), NOW), day)
    assert recorded(database) == []


def test_off_spends_no_birthday(database: Database, database_config: DatabaseConfig) -> None:
    add(database, 2000, birth_date="1985-06-15")
    given = settings(database_config, events=EventsConfig(mode="off"))
    assert not JOB.is_set_up(given)
    nothing = EventsConfig(mode="on", follows={"birthday": ()})
    assert not JOB.is_set_up(settings(database_config, events=nothing))
    assert JOB.is_set_up(settings(database_config))
    with pytest.raises(InputError, match="events are off"):
        record_birthdays(rounds(database, given, NOW), TODAY)
    assert recorded(database) == []


def test_killed_between_ranges(
    database: Database, database_config: DatabaseConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds_module, "RANGE", 3)
    for number in range(2000, 2010):
        add(database, number, birth_date="1985-06-15")
    given, stop, seen = settings(database_config), threading.Event(), []

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        if done >= 6:
            stop.set()

    hooks = WorkHooks(progress=progress, stop=stop)
    # The first three in the books have no birthday.
    assert record_birthdays(rounds(database, given, NOW, hooks), TODAY) == 3
    assert record_birthdays(rounds(database, given, NOW), TODAY) == 7
    assert seen == [(3, 13), (6, 13)]
    assert keys(database) == [f"birthday:2026:{number}" for number in range(2000, 2010)]


@pytest.mark.parametrize("mode", ["before", "after"])
def test_cut_at_every_statement(
    mode: Mode,
    database: Database,
    database_config: DatabaseConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds_module, "RANGE", 3)
    for number in range(2000, 2005):
        add(database, number, birth_date="1985-06-15")
    found = cut_everywhere(
        database, database_config, settings(database_config), NOW, mode,
        lambda made: record_birthdays(made, TODAY),
    )  # fmt: skip
    assert len(found) == 10


def test_the_slot_decides_the_day(database: Database, database_config: DatabaseConfig) -> None:
    """The daemon comes back the next morning, before that day's slot. (The planner also
    asks the clock of the database: days that are past for it.)"""
    add(database, 2000, birth_date="1985-06-15")
    add(database, 2001, birth_date="1985-06-16")
    schedules = {JOB.name: parse_schedule(JOB.schedule)}
    given = settings(database_config)
    for moment in ("2024-06-15T09:00:00", "2024-06-16T08:00:00", "2024-06-16T10:00:30"):
        clock = FixedClock(at(moment))
        Planner(clock, schedules, MOSCOW, print).plan(database)
        runner = Runner(database, given, clock, RunHooks())
        for run in open_runs(database):
            runner.queued(JOB, run.number, function_of(JOB), hand_back=True)
        if moment == "2024-06-16T08:00:00":
            assert keys(database) == ["birthday:2024:2000"]
    assert keys(database) == ["birthday:2024:2000", "birthday:2024:2001"]
    notes = database.rows("SELECT note FROM job_run ORDER BY id")
    assert notes == [
        ("1 birthday of 2024-06-15 recorded",),
        ("1 birthday of 2024-06-16 recorded",),
    ]


def test_by_hand(database: Database, database_config: DatabaseConfig) -> None:
    add(database, 2000, birth_date="1985-06-15")
    runner = Runner(database, settings(database_config), FixedClock(NOW), RunHooks())
    run = function_of(JOB)
    assert runner.here(JOB, {}, "anna", run).data == {"day": "2026-06-15", "birthdays": 1}
    assert runner.here(JOB, {"day": "2026-06-14"}, "anna", run).data["birthdays"] == 0
