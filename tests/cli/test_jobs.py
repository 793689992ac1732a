"""`billdeck jobs` and `billdeck run`: jobs at a glance, a run with its log, asking for one, calling
it off, running it once more."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.database import Database
from engine.holder import holder_name
from jobs.presence import Presence
from tests.cli.conftest import NOW, Shell

MINUTE = 60_000


def a_daemon(books: Database, state: str = "active") -> None:
    """This process says that it is one."""
    presence = Presence(holder_name(), "1.0")
    presence.begin(books, "active" if state == "active" else "standby")


def a_run(books: Database, job: str, state: str, minutes_ago: int, **facts: object) -> int:
    at = NOW - minutes_ago * MINUTE
    row: dict[str, object] = {"job": job, "state": state, "actor": "anna", "asked_at": at}
    if state not in ("queued", "missed"):
        row |= {"started_at": at, "heartbeat_at": at + 5_000}
    if state not in ("queued", "running"):
        row["finished_at"] = at + 9_000
    row |= facts
    marks = ", ".join("?" * len(row))
    return books.insert(
        f"INSERT INTO job_run ({', '.join(row)}) VALUES ({marks})", list(row.values())
    )


def test_all_jobs_at_a_glance(shell: Shell, books: Database) -> None:
    a_daemon(books)
    a_run(books, "month-close", "done", 90)
    a_run(books, "month-close", "running", 1, done=61, total=100, holder=holder_name())
    a_run(books, "month-close", "queued", 0)
    a_run(books, "housekeeping", "missed", 2_000, exit_reason="down", slot=NOW - 2_000 * MINUTE)
    shell.configure("[schedule]\nhousekeeping = daily 05:00")
    answer = shell("jobs", "--json").json
    jobs = {job["name"]: job for job in answer["jobs"]}
    assert jobs["housekeeping"]["next"] == "2026-11-13T05:00:00+03:00"
    assert jobs["housekeeping"]["missed"] == 1
    assert jobs["month-close"]["waiting"] == 1
    assert jobs["month-close"]["last"]["state"] == "done"
    assert [one["state"] for one in answer["daemons"]] == ["active"]
    shown = shell("jobs").out
    assert "monthly 1 00:01  2026-12-01 00:01  run 2 61 % (61 of 100), 1 waiting" in shown
    assert "daily 05:00      2026-11-13 05:00  1 missed" in shown
    assert "daemon active on" in shown
    assert "housekeeping missed (no daemon was there) due 2026-11-11T02:40:00+03:00" in shown


def test_without_a_daemon_it_says_so(shell: Shell) -> None:
    assert "No daemon is running" in shell("jobs").out


def test_a_run_with_its_log(shell: Shell, books: Database) -> None:
    number = a_run(books, "housekeeping", "failed", 5, note="no room", attempt=2)
    books.write_many(
        "INSERT INTO job_log (run_id, line, at, level, text) VALUES (?, ?, ?, ?, ?)",
        [(number, 1, NOW, "info", "begun"), (number, 2, NOW, "error", "disk \x1b[2J full")],
    )
    shown = shell("jobs", "show", str(number))
    assert "attempt 2" in shown.out
    assert shown.out.splitlines()[1:] == [
        "  2026-11-12 12:00:00  begun",
        "  2026-11-12 12:00:00  ERROR disk \\x1b[2J full",
    ]
    lines = shell("jobs", "show", str(number), "--json").json["log"]
    assert [line["text"] for line in lines] == ["begun", "disk \x1b[2J full"]
    assert shell("jobs", "show", "99").status == 2


def test_asking_leaves_it_to_the_daemon(shell: Shell, books: Database) -> None:
    a_daemon(books)
    asked = shell("run", "housekeeping", "--background", "--json")
    assert asked.json == {"run": 1, "new": True, "by": "daemon"}
    assert "was asked for already: run 1" in shell("run", "housekeeping", "--background").out
    off = shell("jobs", "cancel", "1")
    assert "Run 1 is called off." in off.out
    assert shell("jobs", "cancel", "1").status == 2
    assert "Run 1 waits for the daemon" in shell("jobs", "again", "1").out
    assert books.rows("SELECT state FROM job_run") == [("queued",)]


def test_a_standby_takes_no_runs(shell: Shell, books: Database, tmp_path: Path) -> None:
    a_daemon(books, "standby")
    asked = shell("run", "housekeeping", "--background")
    assert "No daemon is running: run 1 goes on by itself" in asked.out
    until_ended(books, 1)
    assert books.rows("SELECT state, exit_reason FROM job_run") == [("done", "complete")]
    (log,) = (tmp_path / "state" / "billdeck").glob("run-1-*.log")
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.read_text() == ""


def until_ended(books: Database, number: int) -> None:
    pause = threading.Event()
    question = "SELECT finished_at FROM job_run WHERE id = ?"
    while books.value(question, (number,)) is None:
        pause.wait(0.02)


def test_a_job_here_and_now(shell: Shell, books: Database) -> None:
    answer = shell("run", "housekeeping")
    assert (answer.status, answer.out) == (
        0,
        "Housekeeping: removed 0 runs, 0 lines of logs, 0 files, 0 actions\n",
    )
    assert shell("run", "housekeeping", "--json").json["complete"] is True
    assert books.integer("SELECT COUNT(*) FROM job_run WHERE state = 'done'") == 2


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("run", "nonsense"), "unknown job 'nonsense'"),
        (("run",), "JOB"),
        (("run", "housekeeping", "--dry-run"), "--dry-run"),
        (("run", "month-close", "--period", "October"), "is not a period"),
        (("jobs", "cancel", "x"), "is not a number of 1 to 18 digits"),
        (("jobs", "nonsense"), "nonsense"),
    ],
)
def test_wrong_use(shell: Shell, books: Database, words: tuple[str, ...], complaint: str) -> None:
    answer = shell(*words)
    assert answer.status == 2
    assert complaint in answer.err
    assert books.integer("SELECT COUNT(*) FROM job_run") == 0


def test_roles(shell: Shell, books: Database) -> None:
    number = str(a_run(books, "housekeeping", "failed", 5))
    shell.configure("[roles]\nviewer = *")
    assert shell("jobs").status == 0
    assert shell("jobs", "show", number).status == 0
    for words in (("jobs", "cancel", number), ("jobs", "again", number), ("run", "housekeeping"),
                  ("daemon",)):  # fmt: skip
        assert shell(*words).status == 4
