"""The runs of jobs: the list, its filter, one run while it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine import schema
from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.errors import InputError
from engine.queries.columns import Sort
from engine.queries.run_list import Runs
from tests.console import office
from tests.console.driving import NOW, check_snapshot, text, until
from tests.console.office import drive, real_screens, shows
from tui.app import Console

__all__ = ["real_screens"]


def some_runs(database: Database) -> None:
    """One of each kind, the newest goes on."""
    hour = 3_600_000
    for number, state in enumerate(("done", "failed", "interrupted"), 1):
        at = NOW - (40 - number) * hour
        office.job_run(database, state, started_at=at, heartbeat_at=at, finished_at=at + 90_000,
                      done=2000 if state == "done" else 700, note="" if number == 1 else "look",
                      subject=f"2026-0{number}")  # fmt: skip
    office.job_run(database, "running", subject="2026-04", heartbeat_at=NOW - 120_000)
    office.job_run(database, "running", total=0)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_the_list(tmp_path: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("8")
        await until(pilot, shows(pilot, "row 1 of 5", "interrupted", "silent"))
        check_snapshot(pilot.app, f"jobs-{size[0]}x{size[1]}")

    drive(tmp_path, some_runs, steps, size)


def test_one_run_while_it_goes_on(tmp_path: Path) -> None:
    def fill(database: Database) -> None:
        office.job_run(database, "running", note="[/b]\x1b[2J")

    async def steps(pilot: Pilot[int]) -> None:
        app = pilot.app
        assert isinstance(app, Console)
        await pilot.press("8")
        await until(pilot, shows(pilot, "row 1 of 1", "running"))
        await pilot.press("enter")
        await until(pilot, shows(pilot, "run 1", "500 of 2 000", "30 s left", r"[/b]\x1b[2J"))
        check_snapshot(app, "run-80x24")
        database = office.open_books(app.config)
        database.execute("UPDATE job_run SET state = 'done', done = 2000, finished_at = ?", (NOW,))
        database.close()
        await pilot.press("r")
        await until(pilot, shows(pilot, "2 000 of 2 000", "done", "17:13:20"))
        assert "left" not in text(app).partition("\n")[2]
        await pilot.press("escape")
        await until(pilot, shows(pilot, "row 1 of 1", "100 %"))

    drive(tmp_path, fill, steps)


def test_the_filter(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        app = pilot.app
        assert isinstance(app, Console)
        app.show_mode("jobs", "state:failed")
        await until(pilot, shows(pilot, "row 1 of 1", "2026-02"))
        screen = app.console_screen
        assert screen is not None
        screen.filter_by("progress:5", final=True)
        assert "runs cannot be filtered by progress" in office.told[0]

    drive(tmp_path, some_runs, steps)


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    """Some runs, on each engine."""
    found = open_database(database_config, create=True)
    schema.create(found)
    with found.transaction():
        some_runs(found)
    yield found
    found.close()


def numbers(
    database: Database, text: str, sorts: tuple[Sort, ...] = (Sort("id", True),)
) -> list[int]:
    source = Runs(FixedClock(NOW))
    query = source.query(text, sorts)
    rows = source.page(database, query, 0, 10).rows
    assert len(rows) == source.count(database, query)
    return [row[0] for row in rows]


def test_runs_as_a_source(database: Database) -> None:
    assert numbers(database, "") == [5, 4, 3, 2, 1]
    assert numbers(database, "", (Sort("id"),)) == [1, 2, 3, 4, 5]
    assert numbers(database, "state:running") == [5, 4]
    assert numbers(database, "subject:2026-01") == [1]
    assert numbers(database, "month") == [5, 4, 3, 2, 1]
    assert numbers(database, "anna !note~look") == [5, 4, 1]
    assert numbers(database, "2026-02") == [2]
    for name in ("started_at:2026", "progress:1"):
        with pytest.raises(InputError, match="cannot be filtered by"):
            numbers(database, name)


def test_rows_for_people(database: Database) -> None:
    source = Runs(FixedClock(NOW))
    rows = source.page(database, source.query(""), 0, 10).rows
    names = [column.name for column in source.columns]
    cells = [dict(zip(names, row[1:], strict=True)) for row in rows]
    assert [row["state"] for row in cells] == ["running", "silent", "interrupted", "failed", "done"]
    assert [row["progress"] for row in cells] == ["500", "25 %", "35 %", "35 %", "100 %"]
    assert {type(row["started_at"]) for row in cells} == {int}
