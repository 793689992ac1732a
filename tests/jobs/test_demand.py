"""Jobs on demand: asked for when they have something to do, once, and not again right after a
failure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database
from engine.errors import ConfigError
from engine.slots import Schedule, parse_schedule
from jobs.demand import ask_for_wanted
from jobs.registry import all_jobs
from tests.events.books import NOW, ledger_with, open_event_books, rules
from tests.unit.config_place import Place

DEMANDED = {"bonus-credit": parse_schedule("on demand")}


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    yield opened
    opened.close()


def ask(database: Database, now: int = NOW, schedules: dict[str, Schedule] = DEMANDED) -> list[int]:
    with TemporaryDirectory() as home:
        config = Place(Path(home)).load("")
    return ask_for_wanted(database, FixedClock(now), config, schedules)


def test_a_job_is_asked_for_when_it_has_something_to_do_and_once(database: Database) -> None:
    assert ask(database) == []
    ledger_with(database, rules()).payment("ivan", 2_000_00)
    (number,) = ask(database)
    assert ask(database) == []
    row = database.row("SELECT job, state, actor FROM job_run WHERE id = ?", (number,))
    assert row is not None
    assert tuple(row) == ("bonus-credit", "queued", "schedule")


def test_one_that_is_not_on_demand_is_left_to_its_time(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", 2_000_00)
    assert ask(database, schedules={"bonus-credit": parse_schedule("daily 04:00")}) == []
    assert ask(database, schedules={"bonus-credit": parse_schedule("off")}) == []


@pytest.mark.parametrize(("state", "asked"), [("failed", 0), ("cancelled", 0), ("done", 1)])
def test_after_a_failure_it_waits_a_minute(database: Database, state: str, asked: int) -> None:
    ledger_with(database, rules()).payment("ivan", 2_000_00)
    (number,) = ask(database)
    with database.transaction():
        database.execute(
            "UPDATE job_run SET state = ?, finished_at = ?, open_key = NULL WHERE id = ?",
            (state, NOW, number),
        )
    assert len(ask(database, NOW + 59_000)) == asked
    with database.transaction():
        database.execute("DELETE FROM job_run WHERE id > ?", (number,))
    assert len(ask(database, NOW + 60_000)) == 1


def test_only_jobs_that_know_what_they_want_can_be_on_demand(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for job in all_jobs().values():
        text = f"[schedule]\n{job.name} = on demand\n"
        if job.is_wanted is None:
            with pytest.raises(ConfigError, match="cannot be run on demand"):
                place.load(text)
        else:
            assert place.load(text).schedule[job.name] == parse_schedule("on demand")
