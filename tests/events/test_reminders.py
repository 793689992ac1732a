"""Payment reminders: who is told, of which sum, for which day, and never twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database
from engine.events import rounds as rounds_module
from engine.events.plan import is_fee_day
from engine.events.reminders import by_period, due_days, record_reminders
from engine.events.settings import EventsConfig, NoticesConfig
from engine.events.texts import render
from engine.period import Period, parse_when
from engine.slots import parse_schedule
from jobs.context import RunHooks
from jobs.planner import Planner
from jobs.record import open_runs
from jobs.registry import function_of, job_named
from jobs.runner import Runner
from tests.events.books import open_event_books
from tests.events.roundabout import MOSCOW, add, cut_everywhere, recorded, rounds, settings
from tests.ledger.cutting import Mode

JOB = job_named("payment-reminders")
HOME, FAST, TV, ADDRESS, ROUTER = 1, 2, 1, 1, 2
ACTIVE = {"plan_id": HOME, "active_since": "2020-01-01"}


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    """The books with plans of 450.00 and 900.00, an add-on of 100.00, a service of 50.00 and a
    rent of 30.00, and staff who are not charged."""
    opened = open_event_books(database_config)
    with opened.transaction():
        opened.execute("INSERT INTO subscriber_group VALUES (2, 'staff', 'Staff', 0)")
        for number, fee in ((HOME, 450), (FAST, 900)):
            opened.execute(
                "INSERT INTO plan (id, code, name, monthly_fee) VALUES (?, ?, ?, ?)",
                (number, f"p{number}", f"Plan {number}", fee * 10**6),
            )
            for direction in range(1, 5):
                opened.execute(
                    "INSERT INTO plan_direction VALUES (?, ?, NULL, 0, 'sum')", (number, direction)
                )
        opened.execute("INSERT INTO addon VALUES (?, 'tv', 'TV', 100000000)", (TV,))
        opened.execute(
            "INSERT INTO service VALUES (?, 'ip', 'IP', 'service', 50000000)", (ADDRESS,)
        )
        opened.execute("INSERT INTO service VALUES (?, 'box', 'Box', 'rent', 30000000)", (ROUTER,))
    yield opened
    opened.close()


def at(text: str) -> int:
    return parse_when(text, MOSCOW)


NOW = at("2026-11-28T11:00:00")
"""Three days before the 1st of December."""


def told(database: Database) -> dict[str, int]:
    """The keys of the reminders, each with its amount."""
    return {key: amount for key, amount, *_ in recorded(database)}


def values_of(database: Database) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(database.value("SELECT payload FROM action"))
    return payload


@pytest.mark.parametrize(
    ("columns", "balance", "amount"),
    [
        ({}, 449_99, 450_00),
        ({}, 450_00, None),
        ({}, -10_00, 450_00),
        ({"credit_limit": 100_00}, 350_00, None),
        ({"credit_limit": 100_00}, 349_99, 450_00),
        ({"state": "frozen"}, 0, None),
        ({"state": "blocked"}, 0, None),
        ({"state": "deleted"}, 0, None),
        ({"group_id": 2}, 0, None),
        ({"plan_id": None}, 0, None),
        ({"active_since": None}, 0, None),
        ({"alias_of": 1000}, 0, None),
        ({"phone": ""}, 0, None),
        ({"addon_id": TV}, 549_99, 550_00),
        ({"addon_id": TV}, 550_00, None),
        # In the month of the first use a share is due: of the 16th (32 - 16) / 31, to two places.
        ({"active_since": "2026-11-16"}, 0, 234_00),
        # What was ordered for December is charged by the close after the next.
        ({"ordered_plan_id": FAST, "ordered_plan_from": "2026-12"}, 0, 450_00),
        ({"ordered_plan_id": FAST, "ordered_plan_from": "2026-11"}, 0, 900_00),
        ({"addon_id": TV, "ordered_addon_from": "2026-11"}, 0, 450_00),
    ],
)
def test_who_is_told_and_of_what(
    columns: dict[str, Any],
    balance: int,
    amount: int | None,
    database: Database,
    database_config: DatabaseConfig,
) -> None:
    add(database, 2000, balance, **{**ACTIVE, **columns})
    number = record_reminders(rounds(database, settings(database_config), NOW))
    assert number == (amount is not None)
    assert told(database) == ({} if amount is None else {"reminder:2026-12:2000": amount})


def test_services_and_discounts(database: Database, database_config: DatabaseConfig) -> None:
    """450.00 + 50.00 + 30.00, half of the plan and a tenth of the rest off: 305.00 - 30.50."""
    add(database, 2000, 274_49, **ACTIVE)
    add(database, 2001, 274_50, **ACTIVE)
    with database.transaction():
        for number in (2000, 2001):
            for service in (ADDRESS, ROUTER):
                database.execute("INSERT INTO subscriber_service VALUES (?, ?)", (number, service))
            for scope, value in (("plan", 50), ("all", 10)):
                database.execute(
                    "INSERT INTO discount VALUES (?, ?, 'percent', ?)",
                    (number, scope, value * 10**6),
                )
    record_reminders(rounds(database, settings(database_config), NOW))
    assert told(database) == {"reminder:2026-12:2000": 274_50}


def test_what_is_said(database: Database, database_config: DatabaseConfig) -> None:
    add(database, 2000, 120_50, addon_id=TV, **ACTIVE)
    record_reminders(rounds(database, settings(database_config), NOW))
    event = database.row("SELECT at, is_late, source, caused_by FROM event")
    assert event == (at("2026-12-01"), 0, "job", "system")
    frozen = values_of(database)
    frozen["values"]["compliment"] = ""
    assert render(frozen["template"], frozen["values"]) == (
        "Напоминаем: 01.12.2026 со счета #s2000 спишется абонентская плата 550.00 руб."
        " Сейчас на счете 120.50 руб."
    )


def test_once_a_month_whatever_the_days(
    database: Database, database_config: DatabaseConfig
) -> None:
    add(database, 2000, **ACTIVE)
    given = settings(database_config)
    days = [date(2026, 11, 27) + timedelta(days=n) for n in range(40)]
    seen = [day for day in days if record_reminders(rounds(database, given, at(f"{day}T11:00:00")))]
    assert seen == [date(2026, 11, 28), date(2026, 12, 29)]
    assert list(told(database)) == ["reminder:2026-12:2000", "reminder:2027-01:2000"]


def test_who_falls_short_later_is_told_later(
    database: Database, database_config: DatabaseConfig
) -> None:
    """And who was not told, for nobody was there on the day, is told on the next."""
    add(database, 2000, 450_00, **ACTIVE)
    given = settings(database_config)
    assert record_reminders(rounds(database, given, NOW)) == 0
    with database.transaction():
        database.execute("UPDATE account SET balance = 449 WHERE id = 2000")
    assert record_reminders(rounds(database, given, NOW + 2 * 86_400_000)) == 1


@pytest.mark.parametrize(
    ("fee_day", "now", "key"),
    [
        (15, "2026-11-11T23:00:00", None),
        (15, "2026-11-12T11:00:00", "reminder:2026-11:2000"),
        (15, "2026-11-14T11:00:00", "reminder:2026-11:2000"),
        (15, "2026-11-15T11:00:00", None),
        (31, "2026-11-27T11:00:00", "reminder:2026-11:2000"),
        (31, "2026-11-30T11:00:00", None),
        (30, "2027-02-25T11:00:00", "reminder:2027-02:2000"),
        (29, "2028-02-25T11:00:00", None),
        (29, "2028-02-26T11:00:00", "reminder:2028-02:2000"),
        (2, "2026-12-30T11:00:00", "reminder:2027-01:2000"),
        (None, "2026-12-29T11:00:00", "reminder:2027-01:2000"),
        (1, "2026-12-29T11:00:00", "reminder:2027-01:2000"),
        # Sent after the quiet hours it would come when the fee has been taken.
        (15, "2026-11-14T22:59:00", "reminder:2026-11:2000"),
        (15, "2026-11-14T23:00:00", None),
    ],
)
def test_the_fee_day(
    fee_day: int | None,
    now: str,
    key: str | None,
    database: Database,
    database_config: DatabaseConfig,
) -> None:
    add(database, 2000, fee_day=fee_day, **ACTIVE)
    record_reminders(rounds(database, settings(database_config), at(now)))
    assert list(told(database)) == ([key] if key else [])


def test_an_order_of_the_month_of_the_fee_day(
    database: Database, database_config: DatabaseConfig
) -> None:
    """On 2 January the plan of January is due, although the close of December is still to come."""
    add(database, 2000, fee_day=2, ordered_plan_id=FAST, ordered_plan_from="2027-01", **ACTIVE)
    add(database, 2001, ordered_plan_id=FAST, ordered_plan_from="2027-01", **ACTIVE)
    record_reminders(rounds(database, settings(database_config), at("2026-12-30T11:00:00")))
    assert told(database) == {"reminder:2027-01:2000": 900_00, "reminder:2027-01:2001": 450_00}


def test_quiet_hours(database: Database, database_config: DatabaseConfig) -> None:
    add(database, 2000, **ACTIVE)
    record_reminders(rounds(database, settings(database_config), at("2026-11-28T23:30:00")))
    assert database.value("SELECT next_at FROM action") == at("2026-11-29T10:00:00")


@pytest.mark.parametrize(
    ("now", "expires"),
    [
        ("2026-11-30T11:00:00", "2026-11-30T23:00:00"),
        ("2026-11-30T22:00:00", "2026-12-01T00:00:00"),
    ],
)
def test_it_is_not_sent_when_the_fee_was_taken(
    now: str, expires: str, database: Database, database_config: DatabaseConfig
) -> None:
    add(database, 2000, **ACTIVE)
    record_reminders(rounds(database, settings(database_config), at(now)))
    assert database.value("SELECT expires_at FROM action") == at(expires)


def test_no_days_no_reminders(database: Database, database_config: DatabaseConfig) -> None:
    add(database, 2000, **ACTIVE)
    given = settings(database_config, notices=NoticesConfig(sms="sms", reminder_days=0))
    assert not JOB.is_set_up(given)
    assert record_reminders(rounds(database, given, NOW)) == 0
    assert not JOB.is_set_up(settings(database_config, events=EventsConfig(mode="off")))
    assert not JOB.is_set_up(settings(database_config, notices=NoticesConfig()))
    quiet = EventsConfig(mode="on", follows={"reminder": ()})
    assert not JOB.is_set_up(settings(database_config, events=quiet))
    assert JOB.is_set_up(settings(database_config))
    runner = Runner(database, given, FixedClock(NOW), RunHooks())
    assert runner.here(JOB, {}, "anna", function_of(JOB)).note.startswith("nobody is reminded")
    assert recorded(database) == []


@pytest.mark.parametrize("mode", ["before", "after"])
def test_cut_at_every_statement(
    mode: Mode,
    database: Database,
    database_config: DatabaseConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds_module, "RANGE", 3)
    for number in range(2000, 2005):
        add(database, number, addon_id=TV, **ACTIVE)
    given = settings(database_config)
    found = cut_everywhere(database, database_config, given, NOW, mode, record_reminders)
    assert len(found) == 5


def test_the_slot_of_a_morning_without_daemon(
    database: Database, database_config: DatabaseConfig
) -> None:
    """Within the window the slot is made up for; later only the next one tells. (The planner also
    asks the clock of the database: days that are past for it.)"""
    add(database, 2000, **ACTIVE)
    schedules = {JOB.name: parse_schedule(JOB.schedule)}
    states = []
    for moment in ("2024-05-29T10:00:00", "2024-05-29T22:00:00", "2024-05-31T09:00:00"):
        clock = FixedClock(at(moment))
        Planner(clock, schedules, MOSCOW, print).plan(database)
        runner = Runner(database, settings(database_config), clock, RunHooks())
        for run in open_runs(database):
            states.append(runner.queued(JOB, run.number, function_of(JOB), hand_back=True).note)
    assert states == ["1 reminder recorded"]
    found = database.rows("SELECT state FROM job_run ORDER BY id")
    assert [state for (state,) in found] == ["done", "missed"]


def test_by_period() -> None:
    due = due_days(date(2026, 11, 29), date(2026, 12, 2))
    assert due == {30: date(2026, 11, 30), 31: date(2026, 11, 30), 1: date(2026, 12, 1),
                   2: date(2026, 12, 2)}  # fmt: skip
    assert by_period(due) == {
        Period(2026, 11): {30: date(2026, 11, 30), 31: date(2026, 11, 30), 1: date(2026, 12, 1)},
        Period(2026, 12): {2: date(2026, 12, 2)},
    }


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)), st.integers(1, 27))
def test_no_fee_day_falls_twice_into_the_days(today: date, days: int) -> None:
    window = [today + timedelta(days=n) for n in range(1, days + 1)]
    due = due_days(today, window[-1])
    for fee_day in range(1, 32):
        falls = [day for day in window if is_fee_day(fee_day, day)]
        assert falls == ([due[fee_day]] if fee_day in due else [])
