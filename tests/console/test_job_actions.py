"""What the console does with jobs: running one, once more, calling one off; and who does it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.database import Database
from engine.errors import InputError
from engine.holder import holder_name
from jobs.registry import all_jobs, job_named
from tests.console import office
from tests.console.driving import NOW, text, until
from tests.console.office import drive, real_screens, shows
from tui.actions import Registry, parse_values
from tui.app import Console
from tui.job_actions import job_actions, run_action

__all__ = ["real_screens"]

ACTIONS = {action.name: action for action in job_actions()}


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs of started processes go to the test's folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def daemon(database: Database, age_ms: int = 0, state: str = "active") -> None:
    """A daemon that was heard of so long ago, by the database's clock."""
    now = database.dialect.now_ms
    database.execute(
        "INSERT INTO daemon (holder, version, state, started_at, heartbeat_at, note)"
        f" VALUES ('db1 812 7 x', '1', ?, 0, {now} - ?, 'idle')",
        (state, age_ms),
    )


def app(pilot: Pilot[int]) -> Console:
    assert isinstance(pilot.app, Console)
    return pilot.app


def row(pilot: Pilot[int], sql: str) -> object:
    """One row of the database, as another process sees it."""
    database = office.open_books(app(pilot).config)
    try:
        return database.row(sql)
    finally:
        database.close()


def change(pilot: Pilot[int], sql: str) -> None:
    database = office.open_books(app(pilot).config)
    database.execute(sql)
    database.close()


def was_told(words: str) -> bool:
    return any(words in text for text in office.told)


async def confirm(pilot: Pilot[int], line: str, *words: str) -> None:
    """A command, its question, and a yes."""
    app(pilot).run_line(line)
    await until(pilot, shows(pilot, "Yes (y)", *words))
    await pilot.press("y")


def test_without_a_daemon_a_process_of_its_own_does_it(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await confirm(pilot, "run housekeeping", "Housekeeping", "a process of its own")
        await until(pilot, lambda: was_told("No daemon is running: run 1 of housekeeping"))
        await until(pilot, lambda: was_told("Run 1 of housekeeping is done: removed 0 runs"))
        found = row(pilot, "SELECT state, actor, attempt, parameters FROM job_run")
        assert found == ("done", "olga", 1, "{}")
        asked = app(pilot).starting.newest("housekeeping")
        assert asked is not None
        assert asked.started is not None
        assert asked.started.process.wait(60) == 0

    drive(tmp_path, lambda database: None, steps)


def test_a_daemon_is_left_its_work_and_a_double_click_is_one_run(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await confirm(pilot, "run housekeeping", "run by", "the daemon")
        await until(pilot, lambda: was_told("Run 1 of housekeeping is left to the daemon."))
        await confirm(pilot, "run housekeeping")
        await until(pilot, lambda: was_told("The same was asked for already."))
        assert row(pilot, "SELECT COUNT(*), MAX(state) FROM job_run") == (1, "queued")
        # Whoever does it: the row tells.
        change(pilot, "UPDATE job_run SET state = 'done', finished_at = 1, open_key = NULL,"
                      " note = 'all clean'")  # fmt: skip
        await until(pilot, lambda: was_told("Run 1 of housekeeping is done: all clean"))

    drive(tmp_path, daemon, steps)


def test_a_daemon_that_goes_away_is_told_and_the_run_called_off(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await confirm(pilot, "run housekeeping")
        await until(pilot, lambda: was_told("is left to the daemon"))
        change(pilot, "UPDATE daemon SET heartbeat_at = 0")
        await until(pilot, lambda: was_told("The daemon is gone: run 1 of housekeeping waits"))
        await confirm(pilot, "cancel 1", "Call off run 1", "at once: it has not begun")
        await until(pilot, lambda: was_told("Run 1 is called off."))
        await until(pilot, lambda: was_told("Run 1 of housekeeping was cancelled"))
        assert row(pilot, "SELECT state, cancelled_by FROM job_run") == ("cancelled", "olga")
        # Once more, and now without the daemon.
        await confirm(pilot, "again 1", "Once more: Housekeeping", "cancelled called off by olga")
        await until(pilot, lambda: was_told("Run 1 of housekeeping is done"))

    drive(tmp_path, daemon, steps)


def test_what_was_missed_is_run_from_its_row(tmp_path: Path) -> None:
    def fill(database: Database) -> None:
        daemon(database)
        office.job_run(database, "missed", job="housekeeping", exit_reason="down", holder="",
                       started_at=None, slot=NOW - 3_600_000)  # fmt: skip

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("8")
        await until(pilot, shows(pilot, "row 1 of 1", "missed", "1 missed", "db1, process 812"))
        await pilot.press("x")
        await until(pilot, shows(pilot, "Run once more  :again"))
        await pilot.press("enter")
        await until(pilot, shows(pilot, "Once more: Housekeeping", "1, missed"))
        await pilot.press("y")
        await until(pilot, lambda: was_told("is left to the daemon"))
        await until(pilot, shows(pilot, "queued", "1 waiting"))

    drive(tmp_path, fill, steps)


def test_a_run_that_goes_on_is_asked_to_stop(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await confirm(pilot, "cancel 1", "at its next safe point", "25 % (500 of 2000)")
        await until(pilot, lambda: was_told("Run 1 will stop at its next safe point."))
        assert row(pilot, "SELECT state, cancelled_by FROM job_run") == ("running", "olga")
        await pilot.press("8", "enter")
        await until(pilot, shows(pilot, "called off  by olga"))

    drive(tmp_path, lambda database: office.job_run(database, "running"), steps)


def test_a_dead_run_goes_on_when_it_is_asked_for_again(tmp_path: Path) -> None:
    """Without a daemon nobody else sees that the process is gone."""

    def fill(database: Database) -> None:
        host, pid, _, world = holder_name().split(" ")
        dead = f"{host} {pid} 1 {world}"
        office.job_run(database, "running", job="housekeeping", holder=dead, token=1,
                       parameters="{}", attempt=1,
                       open_key="housekeeping:44136fa355b3678a1146ad16f7e8649e")  # fmt: skip

    async def steps(pilot: Pilot[int]) -> None:
        await confirm(pilot, "run housekeeping")
        await until(pilot, lambda: was_told("The same was asked for already. No daemon is running"))
        await until(pilot, lambda: was_told("Run 1 of housekeeping is done"))
        assert row(pilot, "SELECT attempt FROM job_run") == (2,)

    drive(tmp_path, fill, steps)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run", "run needs one of"),
        ("run tea-break", "run needs one of"),
        ("run housekeeping --late", "there is no --late"),
        ("run month-close --period soon", "soon"),
        ("cancel x", "the number of a run is a whole number"),
        ("cancel", "the number of the run is missing"),
        ("cancel 99", "there is no run 99"),
        ("cancel 1", "run 1 has ended (done)"),
        ("run month-close", "there is nothing to close"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_done(tmp_path: Path, line: str, words: str) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        app(pilot).run_line(line)
        await until(pilot, lambda: was_told(words))
        assert row(pilot, "SELECT COUNT(*) FROM job_run") == (1,)

    drive(tmp_path, lambda database: office.job_run(database, "done"), steps)


def test_read_only_runs_nothing(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        console = app(pilot)
        console.set_read_only(True)
        assert not {action.name for action in console.offered()} & set(ACTIONS)
        console.run_line("run housekeeping")
        assert was_told("read-only is on")

    drive(tmp_path, lambda database: None, steps)


def test_each_job_is_an_action_with_the_values_of_the_command() -> None:
    for job in all_jobs().values():
        action = ACTIONS[f"run {job.name}"]
        assert job.title in action.title
        assert action.role == job.role
        names = {one.name for one in action.parameters} - {"dry-run"}
        assert names == {one.name for one in job.parameters}
        assert action.headless == f"run {job.name}"
        for one in action.parameters:
            given = "" if one.kind == "flag" else " 2026-10"
            if one.name == "day":
                given += "-05"
            values = parse_values(action, f"--{one.name}{given}")
            assert list(values) == [one.name]
    with pytest.raises(InputError):
        parse_values(ACTIONS["run month-close"], "--period 2026-13")


def test_lines_are_completed() -> None:
    registry = Registry(job_actions())
    offered = list(registry)
    assert registry.complete("run", offered) == [f"run {name}" for name in all_jobs()]
    assert registry.complete("run mo", offered) == ["run month-close"]
    assert registry.complete("run month-close --d", offered) == ["run month-close --dry-run"]
    assert registry.complete("run tea ", offered) == []
    action, values = registry.parse("run month-close --late --period 2026-10")
    assert (action.name, values) == ("run month-close", {"late": "yes", "period": "2026-10"})


def test_the_danger_of_a_job_decides_the_question(tmp_path: Path) -> None:
    job = job_named("housekeeping")
    assert run_action(replace(job, danger=0)).question is None
    assert run_action(job).danger == 1
    # There is no count of it to be typed, so it is the name.
    assert run_action(replace(job, danger=3)).danger == 2
    assert ACTIONS["run month-close"].danger == 3
    dry_run = ACTIONS["run month-close"].dry_run
    assert dry_run is not None
    assert (dry_run.danger, dry_run.role) == (0, "operator")

    async def steps(pilot: Pilot[int]) -> None:
        console = app(pilot)
        action = run_action(replace(job, danger=2))
        console.doing.invoke(action, {})
        await until(pilot, shows(pilot, "To go on type this word: housekeeping"))
        await pilot.press(*"house", "enter")
        await until(pilot, shows(pilot, "That is not it"))
        await pilot.press("escape")
        assert row(pilot, "SELECT COUNT(*) FROM job_run") == (0,)

    drive(tmp_path, lambda database: None, steps)


def test_a_dry_run_asks_nothing(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        app(pilot).run_line("run month-close --dry-run --period 2026-08")
        assert app(pilot).closing.is_previewing
        await until(pilot, shows(pilot, "Preview of the"))
        await until(pilot, lambda: not app(pilot).closing.is_previewing)
        assert "\x1b" not in text(pilot.app)

    drive(tmp_path, lambda database: office.period(database, "2026-08"), steps)
