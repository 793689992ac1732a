"""From schedules to rows: each slot once, whatever the clocks, restarts and other hosts do."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import peewee
import pytest

from engine.clock import FixedClock
from engine.database import Database
from engine.period import format_ms, parse_when
from engine.slots import parse_schedule
from jobs.job import Values
from jobs.planner import Planner
from jobs.queue import ask
from jobs.registry import all_jobs, job_named
from tests.ledger.cutting import CuttingDatabase, Mode

MOSCOW = ZoneInfo("Europe/Moscow")
START = parse_when("2025-11-10T12:00:30", MOSCOW)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def planner(clock: FixedClock, text: str, job: str = "raises") -> Planner:
    return Planner(clock, {job: parse_schedule(text)}, MOSCOW, lambda text: None)


def rows(database: Database) -> list[tuple[str, str, str]]:
    found = database.rows("SELECT slot, state, exit_reason FROM job_run ORDER BY slot")
    return [(format_ms(slot, MOSCOW)[5:16], state, reason) for slot, state, reason in found]


def done(database: Database) -> None:
    database.execute("UPDATE job_run SET state = 'done', finished_at = 1 WHERE state = 'queued'")


def test_what_lies_behind_the_first_start_is_not_due(books: Database) -> None:
    clock = FixedClock(START)
    planner(clock, "every minute catch_up=all").plan(books)
    assert rows(books) == []
    clock.advance(MINUTE)
    planner(clock, "every minute catch_up=all").plan(books)
    assert rows(books) == [("11-10T12:01", "queued", "")]


def test_a_restart_repeats_nothing_and_loses_nothing(books: Database) -> None:
    clock = FixedClock(START)
    one = planner(clock, "every minute")
    one.plan(books)
    for _ in range(3):
        clock.advance(MINUTE)
        one.plan(books)
        one.plan(books)
        planner(clock, "every minute").plan(books)
        done(books)
    assert [row[0] for row in rows(books)] == ["11-10T12:01", "11-10T12:02", "11-10T12:03"]


def test_nothing_is_asked_of_the_database_while_nothing_is_due(books: Database) -> None:
    clock = FixedClock(START)
    one = planner(clock, "daily 06:00")
    one.plan(books)
    books.close()
    for _ in range(59):
        clock.advance(1_000)
        one.plan(books)


@pytest.mark.parametrize(
    ("policy", "states"),
    [
        ("catch_up=none", ["missed", "missed", "missed"]),
        ("catch_up=latest", ["missed", "missed", "queued"]),
        ("catch_up=all", ["queued", "queued", "queued"]),
        ("catch_up=all window=36h", ["missed", "queued", "queued"]),
        ("catch_up=all most=1", ["missed", "missed", "queued"]),
    ],
)
def test_downtime_over_three_slots(books: Database, policy: str, states: list[str]) -> None:
    clock = FixedClock(START)
    planner(clock, f"daily 06:00 {policy}").plan(books)
    clock.advance(3 * DAY)
    planner(clock, f"daily 06:00 {policy}").plan(books)
    assert [row[1] for row in rows(books)] == states
    assert {row[2] for row in rows(books) if row[1] == "missed"} <= {"down"}


def test_the_runs_of_a_catch_up_are_in_order_and_do_not_skip_each_other(books: Database) -> None:
    clock = FixedClock(START)
    planner(clock, "monthly 1 00:01 catch_up=all", "month-close").plan(books)
    clock.advance(85 * DAY)
    planner(clock, "monthly 1 00:01 catch_up=all", "month-close").plan(books)
    found = books.rows("SELECT parameters FROM job_run ORDER BY asked_at, id")
    assert [row[0] for row in found] == [
        '{"period": "2025-11", "late": true}',
        '{"period": "2025-12", "late": true}',
        '{"period": "2026-01", "late": true}',
    ]


@pytest.mark.parametrize(("overlap", "state"), [("skip", "missed"), ("queue", "queued")])
def test_a_slot_while_a_run_is_open(books: Database, overlap: str, state: str) -> None:
    clock = FixedClock(START)
    one = planner(clock, f"every minute overlap={overlap}")
    one.plan(books)
    ask(books, clock, job_named("raises"), {}, "anna")
    clock.advance(MINUTE)
    one.plan(books)
    found = books.row("SELECT state, exit_reason FROM job_run WHERE slot IS NOT NULL")
    assert found == (state, "skipped" if state == "missed" else "")


def test_of_a_long_downtime_the_newest_missed_slots_are_shown(books: Database) -> None:
    clock = FixedClock(START)
    planner(clock, "every minute").plan(books)
    clock.advance(7 * DAY)
    planner(clock, "every minute").plan(books)
    assert books.integer("SELECT COUNT(*) FROM job_run WHERE state = 'missed'") == 50
    assert rows(books)[-1] == ("11-17T12:00", "queued", "")


def test_another_schedule_begins_anew(books: Database) -> None:
    clock = FixedClock(START)
    planner(clock, "every minute").plan(books)
    clock.advance(DAY)
    notes: list[str] = []
    schedule = {"raises": parse_schedule("every 2 minutes catch_up=all")}
    Planner(clock, schedule, MOSCOW, notes.append).plan(books)
    assert notes == ["raises: its schedule has changed and goes on from now"]
    assert rows(books) == []
    clock.advance(2 * MINUTE)
    planner(clock, "every 2 minutes catch_up=all").plan(books)
    assert rows(books) == [("11-11T12:02", "queued", "")]


def test_other_options_are_no_other_schedule(books: Database) -> None:
    clock = FixedClock(START)
    planner(clock, "every minute").plan(books)
    clock.advance(2 * MINUTE)
    planner(clock, "every minute catch_up=all").plan(books)
    assert len(rows(books)) == 2


def test_a_clock_set_back_by_a_day_stops_nothing_and_repeats_nothing(books: Database) -> None:
    clock = FixedClock(START)
    one = planner(clock, "every minute")
    one.plan(books)
    clock.advance(MINUTE)
    one.plan(books)
    done(books)
    clock.advance(-DAY)
    one.plan(books)
    clock.advance(MINUTE)
    one.plan(books)
    done(books)
    clock.advance(DAY)
    one.plan(books)
    assert [row[0] for row in rows(books) if row[1] != "missed"] == [
        "11-09T12:02", "11-10T12:01", "11-10T12:02",
    ]  # fmt: skip


def test_a_clock_that_jumped_ahead_and_came_back(books: Database) -> None:
    clock = FixedClock(START)
    one = planner(clock, "every hour catch_up=latest")
    one.plan(books)
    clock.advance(DAY)
    one.plan(books)
    done(books)
    assert len(rows(books)) == 24
    clock.advance(-DAY)
    one.plan(books)
    assert rows(books) == [("11-11T12:00", "done", "")], "slots that have not come are not missed"
    for _ in range(24):
        clock.advance(HOUR)
        one.plan(books)
        done(books)
    assert [row[1] for row in rows(books)] == ["done"] * 24


def test_a_host_whose_clock_is_ahead_closes_no_month_early(books: Database) -> None:
    """The database's clock is the present; this host believes that it is years later."""
    clock = FixedClock(parse_when("2126-01-01T00:01:00", MOSCOW))
    one = planner(clock, "every minute catch_up=all")
    one.plan(books)
    clock.advance(DAY)
    one.plan(books)
    assert rows(books) == []


def test_two_hosts_add_each_slot_once(books: Database, other: Database) -> None:
    clock, behind = FixedClock(START), FixedClock(START - 700)
    pair = [(planner(clock, "every minute"), books), (planner(behind, "every minute"), other)]
    for one, database in pair:
        one.plan(database)
    for _ in range(5):
        clock.advance(MINUTE)
        behind.advance(MINUTE)
        for one, database in pair:
            one.plan(database)
        done(books)
    assert len(rows(books)) == 5


@pytest.mark.parametrize("mode", ["before", "after"])
def test_cut_at_every_statement(books: Database, other: Database, mode: Mode) -> None:
    """Each slot has its row once, wherever the connection was lost."""
    clock = FixedClock(START)
    planner(clock, "every minute catch_up=all").plan(books)
    expected = 0
    for k in range(1, 100):
        clock.advance(3 * MINUTE)
        expected += 3
        cutting = CuttingDatabase(other)
        cutting.arm(k, mode)
        one = planner(clock, "every minute catch_up=all")
        try:
            one.plan(cutting)
            cut = False
        except peewee.PeeweeException:
            cut = True
            other.close()
            other.connect()
            planner(clock, "every minute catch_up=all").plan(other)
        assert books.integer("SELECT COUNT(*) FROM job_run") == expected
        assert books.integer("SELECT COUNT(DISTINCT slot) FROM job_run") == expected
        if not cut:
            assert k > 3
            return
    pytest.fail("no run passed untouched")


def test_a_job_that_cannot_be_planned_delays_no_other(
    books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(slot: int, zone: object) -> Values:
        raise ValueError("no parameters for this slot")

    monkeypatch.setitem(all_jobs(), "counts", replace(job_named("counts"), for_slot=fail))
    clock = FixedClock(START)
    schedules = {name: parse_schedule("every minute") for name in ("counts", "raises")}
    one = Planner(clock, schedules, MOSCOW, lambda text: None)
    one.plan(books)
    clock.advance(MINUTE)
    with pytest.raises(ValueError, match="no parameters"):
        one.plan(books)
    assert books.rows("SELECT job FROM job_run") == [("raises",)]
    clock.advance(1_000)
    one.plan(books)  # in a minute it is tried again, not every second
