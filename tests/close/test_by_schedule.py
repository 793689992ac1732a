"""The month close as the schedule starts it: the period comes from the slot."""

from __future__ import annotations

from pathlib import Path

from engine.clock import FixedClock
from engine.config import Config, DatabaseConfig
from engine.database import Database
from engine.slots import parse_schedule
from jobs.context import RunHooks
from jobs.planner import Planner
from jobs.record import open_runs
from jobs.registry import function_of, job_named
from jobs.runner import Runner
from tests.close.books import MIDDLE, MOSCOW, OCTOBER, config
from tests.close.looks import faults

JOB = job_named("month-close")
SCHEDULE = {"month-close": parse_schedule(JOB.schedule)}
DAY = 86_400_000


def days_pass(database: Database, settings: Config, days: int) -> tuple[str, str]:
    """The schedule is looked at in the middle of October and so many days later, and what is due is
    run as the daemon does it; the state and the last words of the run."""
    clock = FixedClock(MIDDLE)
    Planner(clock, SCHEDULE, MOSCOW, print).plan(database)
    clock.advance(days * DAY)
    Planner(clock, SCHEDULE, MOSCOW, print).plan(database)
    runner = Runner(database, settings, clock, RunHooks())
    for run in open_runs(database):
        runner.queued(JOB, run.number, function_of(JOB), hand_back=True)
    state, note = database.row("SELECT state, note FROM job_run WHERE slot IS NOT NULL") or ("", "")
    return str(state), str(note)


def test_before_the_books_begin_there_is_nothing_to_close(empty: Database, tmp_path: Path) -> None:
    settings = config(DatabaseConfig("sqlite", tmp_path / "not-used"))
    assert days_pass(empty, settings, 20) == (
        "done",
        "nothing to close: the books begin after 2026-10",
    )


def test_a_slot_that_comes_weeks_late_closes_its_own_period(
    books: Database, where: DatabaseConfig
) -> None:
    state, note = days_pass(books, config(where), 30)
    assert state == "failed"
    assert note.startswith("2026-10 partial")
    assert faults(books, OCTOBER) == []
    run = books.row("SELECT subject, parameters, actor FROM job_run WHERE slot IS NOT NULL")
    assert run == ("2026-10", '{"period": "2026-10", "late": true}', "schedule")
