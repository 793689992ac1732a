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
from tests.ledger.books import add_subscriber

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
    assert keep_house(books, settings) == "removed 1 runs, 6 lines of logs, 0 files, 0 actions"
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
    assert keep_house(books, settings) == "removed 2500 runs, 0 lines of logs, 0 files, 0 actions"
    assert keep_house(books, settings) == "removed 0 runs, 0 lines of logs, 0 files, 0 actions"


def test_files_by_age(books: Database, settings: Config, state_folder: Path) -> None:
    long_ago = time.time() - 40 * 86_400
    for name in ("run-7-x.log", "error-1.txt", "keep-me.txt", "run-8-young.log"):
        file = state_folder / name
        file.write_text("x")
        if "young" not in name:
            os.utime(file, (long_ago, long_ago))
    (state_folder / "run-9.log").symlink_to(state_folder / "keep-me.txt")
    assert keep_house(books, settings) == "removed 0 runs, 0 lines of logs, 2 files, 0 actions"
    assert sorted(path.name for path in state_folder.iterdir()) == [
        "keep-me.txt", "run-8-young.log", "run-9.log",
    ]  # fmt: skip


def followed(database: Database, days_ago: int, kind: str, state: str) -> int:
    """An action in a state, with an attempt, of an event so long ago."""
    at = NOW - days_ago * DAY
    event = database.insert(
        "INSERT INTO event (event_key, content_hash, kind, subscriber_id, at, recorded_at, is_late,"
        " source, caused_by, actor) VALUES (?, 'h', 'payment', ?, ?, ?, 0, 'ledger', 'staff', 'a')",
        (f"{days_ago} {kind} {state}", database.value("SELECT MIN(id) FROM subscriber"), at, at),
    )
    action = database.insert(
        "INSERT INTO action (event_id, subscriber_id, kind, channel, action_key, payload, state,"
        " created_at, next_at) SELECT id, subscriber_id, ?, 'sms', event_key, '{}', ?, at, at"
        " FROM event WHERE id = ?",
        (kind, state, event),
    )
    database.execute(
        "INSERT INTO attempt (action_id, number, what, started_at, ended_at, verdict)"
        " VALUES (?, 1, 'send', ?, ?, 'done')",
        (action, at, at),
    )
    return action


@pytest.fixture
def subscriber(books: Database) -> None:
    with books.transaction():
        books.execute("INSERT INTO subscriber_group (id, code, name) VALUES (1, 'home', 'Home')")
        add_subscriber(books, 1000, "ivan")


@pytest.mark.usefixtures("subscriber")
def test_actions_that_are_over_since_long(books: Database, settings: Config) -> None:
    for kind, state in (("notice", "done"), ("notice", "dead"), ("session_drop", "expired"),
                        ("receipt", "suppressed"), ("top_up_bonus", "cancelled")):  # fmt: skip
        followed(books, 1_100, kind, state)
    left = [
        followed(books, 1_100, kind, state)
        for kind, state in (("notice", "waiting"), ("notice", "unknown"), ("receipt", "done"),
                            ("receipt", "dead"), ("loyalty_bonus", "done"))
    ]  # fmt: skip
    left += [followed(books, 1_090, "notice", "done"), followed(books, 1, "notice", "dead")]
    assert keep_house(books, settings) == "removed 0 runs, 0 lines of logs, 0 files, 5 actions"
    assert [number for (number,) in books.rows("SELECT id FROM action ORDER BY id")] == left
    attempts = books.rows("SELECT action_id FROM attempt ORDER BY action_id")
    assert [number for (number,) in attempts] == left
    assert books.integer("SELECT COUNT(*) FROM event") == 12
    assert keep_house(books, settings) == "removed 0 runs, 0 lines of logs, 0 files, 0 actions"


@pytest.mark.usefixtures("subscriber")
def test_a_receipt_that_was_accepted_stays_whatever_became_of_it(
    books: Database, settings: Config
) -> None:
    accepted = followed(books, 1_100, "receipt", "cancelled")
    followed(books, 1_101, "receipt", "cancelled")
    with books.transaction():
        books.execute(
            "INSERT INTO receipt (action_id, task, state, accepted_at, ended_at)"
            " VALUES (?, '7', 'error', 1, 2)",
            (accepted,),
        )
    assert keep_house(books, settings).endswith(", 1 actions")
    assert books.rows("SELECT id FROM action") == [(accepted,)]
    assert books.rows("SELECT action_id FROM attempt") == [(accepted,)]


@pytest.mark.usefixtures("subscriber")
def test_many_actions_are_removed_in_pieces(
    books: Database, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.events.retention._AT_A_TIME", 3)
    for days_ago in range(1_107, 1_100, -1):
        followed(books, days_ago, "notice", "done" if days_ago % 2 else "waiting")
    assert keep_house(books, settings) == "removed 0 runs, 0 lines of logs, 0 files, 4 actions"
    assert {state for (state,) in books.rows("SELECT state FROM action")} == {"waiting"}
