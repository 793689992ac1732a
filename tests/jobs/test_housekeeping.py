"""Housekeeping: what is old goes, what is young, open or the last of its kind stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from engine.clock import FixedClock
from engine.config import Config
from engine.database import Database
from jobs.context import RunHooks
from jobs.registry import function_of, job_named
from jobs.runner import Runner

DAY = 86_400_000
NOW = 1_790_000_000_000


def ended(database: Database, days_ago: int, state: str = "done", job: str = "old-job") -> int:
    """A run that ended so long ago, with two lines in its log."""
    at = NOW - days_ago * DAY
    number = database.insert(
        "INSERT INTO job_run (job, state, actor, asked_at, started_at, heartbeat_at, finished_at)"
        " VALUES (?, ?, 'anna', ?, ?, ?, ?)",
        (job, state, at, at, at, at),
    )
    database.write_many(
        "INSERT INTO job_log (run_id, line, at, level, text) VALUES (?, ?, ?, 'info', 'x')",
        [(number, 1, at), (number, 2, at)],
    )
    return number


def keep_house(database: Database, settings: Config) -> str:
    job = job_named("housekeeping")
    runner = Runner(database, settings, FixedClock(NOW), RunHooks())
    return runner.here(job, {}, "anna", function_of(job)).note


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "state" / "billdeck"
    folder.mkdir(parents=True)
    return folder


def test_runs_and_logs_by_age(books: Database, settings: Config) -> None:
    ancient, old, young = ended(books, 70), ended(books, 40), ended(books, 3)
    lone = ended(books, 90, job="lone-job")
    waits = books.insert(
        "INSERT INTO job_run (job, state, actor, asked_at) VALUES ('old-job', 'queued', 'a', 1)"
    )
    assert keep_house(books, settings) == "removed 1 runs, 6 lines of logs, 0 files"
    left = [
        row[0]
        for row in books.rows("SELECT id FROM job_run WHERE job <> 'housekeeping' ORDER BY id")
    ]
    assert left == [old, young, lone, waits]
    assert ancient not in left
    assert {row[0] for row in books.rows("SELECT run_id FROM job_log")} == {young}


def test_many_are_removed_in_pieces(books: Database, settings: Config) -> None:
    at = NOW - 90 * DAY
    books.write_many(
        "INSERT INTO job_run (job, state, actor, asked_at, finished_at)"
        " VALUES ('old-job', 'missed', 'schedule', ?, ?)",
        [(at + n, at + n) for n in range(2_501)],
    )
    assert keep_house(books, settings) == "removed 2500 runs, 0 lines of logs, 0 files"
    assert keep_house(books, settings) == "removed 0 runs, 0 lines of logs, 0 files"


def test_files_by_age(books: Database, settings: Config, state_folder: Path) -> None:
    long_ago = time.time() - 40 * 86_400
    for name in ("run-7-x.log", "error-1.txt", "keep-me.txt", "run-8-young.log"):
        file = state_folder / name
        file.write_text("x")
        if "young" not in name:
            os.utime(file, (long_ago, long_ago))
    (state_folder / "run-9.log").symlink_to(state_folder / "keep-me.txt")
    assert keep_house(books, settings) == "removed 0 runs, 0 lines of logs, 2 files"
    assert sorted(path.name for path in state_folder.iterdir()) == [
        "keep-me.txt", "run-8-young.log", "run-9.log",
    ]  # fmt: skip
