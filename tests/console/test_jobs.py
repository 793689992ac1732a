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
from engine.holder import holder_name
from engine.queries.columns import Sort
from engine.queries.daemons import FRESH_MS, DaemonState
from engine.queries.run_list import Runs
from jobs.registry import all_jobs
from tests.console import office
from tests.console.driving import NOW, check_snapshot, text, until
from tests.console.office import drive, real_screens, shows
from tui.app import Console
from tui.daemon_words import age_words, daemon_lines, status_words
from tui.glyphs import ASCII, UNICODE

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


def log(database: Database, *texts: str, level: str = "info") -> None:
    """More lines for the log of run 1."""
    last = database.integer("SELECT MAX(line) FROM job_log")
    database.write_many(
        "INSERT INTO job_log (run_id, line, at, level, text) VALUES (1, ?, ?, ?, ?)",
        [(last + place, NOW, level, text) for place, text in enumerate(texts, 1)],
    )


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_a_run_with_its_log(tmp_path: Path, size: tuple[int, int]) -> None:
    def fill(database: Database) -> None:
        office.job_run(
            database, "failed", slot=NOW - 60_000, attempt=2, cancelled_by="olga",
            parameters='{"period": "2026-08", "late": true}', exit_reason="failures",
            note="2026-08 partial: 18674 charged, 3 failed", total=1_003_218, done=1_003_218,
        )  # fmt: skip
        log(database, *(f"line {number}" for number in range(1, 301)))
        log(database, "waiting for the database [/b]\x1b[2J", level="warning")
        log(database, "Ended " + "very " * 60 + "badly", level="error")

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("8")
        await until(pilot, shows(pilot, "row 1 of 1", "failed"))
        await pilot.press("enter")
        await until(pilot, shows(pilot, "--period 2026-08 --late", "line 300", "Ended very"))
        await until(pilot, shows(pilot, "row 302 of 302", r"[/b]\x1b[2J"))
        check_snapshot(pilot.app, f"run-log-{size[0]}x{size[1]}")
        await pilot.press("enter")
        await until(pilot, shows(pilot, "badly", "17:13:20 error"))
        await pilot.press("escape", "/", *"line 29", "enter")
        await until(pilot, shows(pilot, "row 11 of 11", "line 299"))
        app = pilot.app
        assert isinstance(app, Console)
        for words, found in {"level:warning": 1, "ended": 1, "!line": 2, "text~BADLY": 0}.items():
            app.show_mode("jobs")
            assert app.console_screen is not None
            app.console_screen.filter_by(words, final=True)
            await until(pilot, shows(pilot, f"{found} row"))
        await pilot.press("escape")
        await until(pilot, shows(pilot, "302 rows"))

    drive(tmp_path, fill, steps, size)


def test_the_log_follows_the_run_until_one_looks_elsewhere(tmp_path: Path) -> None:
    def fill(database: Database) -> None:
        office.job_run(database, "running", total=0, holder=holder_name())
        log(database, *(f"line {number}" for number in range(1, 251)))

    async def steps(pilot: Pilot[int]) -> None:
        app = pilot.app
        assert isinstance(app, Console)
        await pilot.press("8")
        await until(pilot, shows(pilot, "row 1 of 1"))
        await pilot.press("enter")
        await until(pilot, shows(pilot, "line 250", "row 250 of 250"))
        database = office.open_books(app.config)
        log(database, *(f"line {number}" for number in range(251, 300)))
        await until(pilot, shows(pilot, "line 299", "row 299 of 299"))
        await pilot.press("up")
        log(database, "line 300")
        await until(pilot, shows(pilot, "row 298 of 300"))
        await pilot.press("G")
        await until(pilot, shows(pilot, "row 300 of 300"))
        with database.transaction():
            log(database, "the last word")
            database.execute("UPDATE job_run SET state = 'done', finished_at = ?", (NOW,))
        database.close()
        await until(pilot, shows(pilot, "row 301 of 301", "the last word", "done"))

    drive(tmp_path, fill, steps)


def test_a_job_shows_its_runs_and_the_daemons_are_told(tmp_path: Path) -> None:
    def fill(database: Database) -> None:
        some_runs(database)
        office.job_run(database, "done", job="housekeeping", subject="")
        for holder, state, age in (("db1 812 7 x", "active", 0), ("db2 5 7 x", "standby", 400_000)):
            now = database.dialect.now_ms
            database.execute(
                "INSERT INTO daemon (holder, version, state, started_at, heartbeat_at, note)"
                f" VALUES (?, '1', ?, 0, {now} - ?, '[/b]\x1b[2J')",
                (holder, state, age),
            )

    async def steps(pilot: Pilot[int]) -> None:
        app = pilot.app
        assert isinstance(app, Console)
        await pilot.press("8")
        await until(pilot, shows(pilot, "row 1 of 6", "daemon ●"))
        here, gone = "daemon active on db1, process 812, heard of a few s ago", "daemon gone on db2"
        await until(pilot, shows(pilot, here, r"[/b]\x1b[2J", gone, "heard of 6 min ago"))
        check_snapshot(app, "jobs-daemons-80x24")
        down = list(all_jobs()).index("housekeeping") * ["down"]
        await pilot.press("tab", *down, "enter")
        await until(pilot, shows(pilot, "row 1 of 1", "housekeeping"))
        await pilot.press("escape")
        await until(pilot, shows(pilot, "row 1 of 6"))
        await pilot.press("shift+tab", "x")
        await until(pilot, shows(pilot, "Housekeeping: removes old runs", "Yes (y)"))

    drive(tmp_path, fill, steps)


def test_daemons_in_words() -> None:
    def one(age_ms: int, state: str = "active") -> DaemonState:
        return DaemonState("h 1 2 w", "1", state, 0, 0, "idle", age_ms)

    for glyphs, good, warning in ((UNICODE, "●", "▲"), (ASCII, "o", "!")):
        assert status_words(None, glyphs) == ("", False)
        assert status_words([], glyphs) == ("no daemon", False)
        assert status_words([one(5_000), one(10**9)], glyphs) == (f"daemon {good}", False)
        assert status_words([one(0, "standby")], glyphs) == (f"daemon {warning} standby", True)
        assert status_words([one(45_000)], glyphs) == (f"daemon {warning} 40 s", True)
        host, pid, _, world = holder_name().split(" ")
        killed = DaemonState(f"{host} {pid} 1 {world}", "1", "active", 0, 0, "idle", 500)
        assert status_words([killed], glyphs) == (f"daemon {warning} gone", True)
        assert not killed.fresh
    # As long as a daemon is there its words do not change: idle costs nothing.
    assert len({tuple(daemon_lines([one(age)])) for age in range(-500, FRESH_MS, 500)}) == 1
    assert [age_words(ms) for ms in (0, 59_999, 60_000, 7_199_000, 7_200_000)] == [
        "a few s", "50 s", "1 min", "119 min", "2 h",
    ]  # fmt: skip


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
