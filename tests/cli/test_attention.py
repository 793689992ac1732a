"""`billdeck` alone and `billdeck jobs`: what goes on, and what someone should look at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from engine.database import Database
from engine.holder import holder_name
from engine.period import parse_when
from engine.queries.run_list import Runs
from tests.cli.conftest import MOSCOW, NOW, Shell


def a_run(books: Database, state: str, **facts: object) -> None:
    row: dict[str, object] = {
        "job": "month-close",
        "subject": "2026-10",
        "state": state,
        "holder": "host:1",
        "actor": "anna",
        "asked_at": NOW - 20_000,
        "started_at": NOW - 20_000,
        "heartbeat_at": NOW - 10_000,
        "finished_at": None if state == "running" else NOW - 5_000,
        "done": 500,
        "total": 2000,
        "note": "",
        **facts,
    }
    marks = ", ".join("?" * len(row))
    books.execute(f"INSERT INTO job_run ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def kinds(shell: Shell) -> list[str]:
    answer = shell("--json")
    assert answer.status == 0
    return [row["kind"] for row in answer.json["attention"]]


def test_without_a_period(shell: Shell) -> None:
    assert kinds(shell) == ["no_period"]


def test_all_is_well(ivan: Shell) -> None:
    assert kinds(ivan) == []
    assert "Nothing needs attention." in ivan().out


def test_the_open_period_has_ended(ivan: Shell) -> None:
    ivan.clock.advance(parse_when("2026-11-30T23:59:59", MOSCOW) - NOW)
    assert kinds(ivan) == []
    ivan.clock.advance(1000)
    assert kinds(ivan) == ["period_ended"]
    assert (
        "The period 2026-11 has ended and is not closed: `billdeck run month-close --late`."
        in ivan().out
    )
    ivan.clock.advance(40 * 86_400_000)
    assert (
        "The periods 2026-11 to 2026-12 have ended and are not closed:"
        " `billdeck run month-close --late` closes them, oldest first." in ivan().out
    )


def test_the_advice_is_taken(ivan: Shell) -> None:
    """What is advised is a command that does it, also on a day that is not the 1st."""
    ivan.clock.advance(parse_when("2027-01-15", MOSCOW) - NOW)
    (row,) = ivan("--json").json["attention"]
    words = row["text"].split("`")[1].split()
    assert words[0] == "billdeck"
    answer = ivan(*words[1:])
    assert answer.status == 0, answer.err
    assert kinds(ivan) == []


def test_failures_of_the_closing_period(ivan: Shell, books: Database) -> None:
    books.execute("UPDATE billing_period SET state = 'closing'")
    books.execute(
        "INSERT INTO close_record (period, subscriber_id, status, amount, block, authorised,"
        " group_id, reason, in1, out1, in2, out2, in3, out3, in4, out4)"
        " VALUES ('2026-11', 1000, 'failed', 0, 0, 0, 1, 'plan_missing', 0, 0, 0, 0, 0, 0, 0, 0)"
    )
    assert kinds(ivan) == ["close_failures"]
    assert "1 subscriber could not be charged for 2026-11" in ivan().out


def test_a_run_goes_on(ivan: Shell, books: Database) -> None:
    a_run(books, "running")
    (row,) = ivan("--json").json["attention"]
    assert row["kind"] == "run_in_progress"
    assert row["run"]["per_second"] == 50
    assert row["run"]["seconds_left"] == 30
    shown = ivan().out
    assert "month-close goes on" in shown
    assert "25 % (500 of 2000)" in shown


def test_the_rate_is_of_this_run_alone(ivan: Shell, books: Database) -> None:
    a_run(books, "running", already=400)
    (run,) = ivan("jobs", "--json").json["runs"]
    assert (run["done"], run["already"], run["per_second"]) == (500, 400, 10)
    assert run["seconds_left"] == 150
    assert "25 % (500 of 2000) 10/s 150 s left" in ivan("jobs").out


def test_a_run_that_has_done_nothing_yet_has_no_rate(ivan: Shell, books: Database) -> None:
    a_run(books, "running", already=500)
    (run,) = ivan("jobs", "--json").json["runs"]
    assert (run["per_second"], run["seconds_left"]) == (None, None)


def test_a_killed_run_is_not_said_to_go_on(ivan: Shell, books: Database) -> None:
    code = "from engine.holder import holder_name; print(holder_name(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        a_run(books, "running", holder=process.stdout.readline().strip())
        assert "month-close goes on" in ivan().out
        process.kill()
    (row,) = ivan("--json").json["attention"]
    assert row["kind"] == "run_in_progress"
    assert row["text"] == "A run of month-close ended without a word: run it again."
    run = row["run"]
    assert (run["state"], run["alive"], run["gone"]) == ("running", False, True)
    assert run["seconds_left"] is None
    for shown in (ivan().out, ivan("jobs").out):
        assert "1 month-close 2026-10 ended without a word 25 % (500 of 2000)" in shown
        assert "left" not in shown
        assert "goes on" not in shown
    runs = Runs(ivan.clock)
    (row,) = runs.page(books, runs.query(""), 0, 10).rows
    assert "silent" in row


def test_a_run_of_a_living_process_may_fall_silent(ivan: Shell, books: Database) -> None:
    a_run(books, "running", holder=holder_name(), heartbeat_at=NOW - 61_000)
    (run,) = ivan("jobs", "--json").json["runs"]
    assert (run["alive"], run["gone"]) == (False, False)
    assert "running (silent since" in ivan("jobs").out


def test_a_run_that_fell_silent(ivan: Shell, books: Database) -> None:
    a_run(books, "running", heartbeat_at=NOW - 120_000, started_at=NOW - 130_000)
    assert "is silent" in ivan().out


def test_only_the_last_run_of_a_job_counts(ivan: Shell, books: Database) -> None:
    a_run(books, "failed", note="lost the database")
    assert kinds(ivan) == ["run_ended_badly"]
    a_run(books, "done")
    assert kinds(ivan) == []


def test_jobs(ivan: Shell, books: Database) -> None:
    assert "No job has run yet." in ivan("jobs").out
    a_run(books, "done", note="first")
    a_run(books, "interrupted", note="x\x1b]0;t\x07")
    books.execute(
        "INSERT INTO lease (name, holder, token, expires_at) VALUES ('month-close', 'h:1', 3,"
        f" {books.dialect.now_ms} + 60000)"
    )
    answer = ivan("jobs", "--json")
    assert [run["state"] for run in answer.json["runs"]] == ["interrupted", "done"]
    assert answer.json["leases"][0]["holder"] == "h:1"
    assert answer.json["runs"][0]["started_at"] == "2026-11-12T11:59:40+03:00"
    shown = ivan("jobs").out
    assert "lease month-close: h:1" in shown
    assert "\\x1b]0;t\\x07" in shown
    assert "\x1b" not in shown
    assert "first" not in ivan("jobs", "--limit", "1").out


def test_an_expired_lease_is_held_by_nobody(ivan: Shell, books: Database) -> None:
    books.execute(
        "INSERT INTO lease (name, holder, token, expires_at) VALUES ('month-close', 'h:1', 3,"
        f" {books.dialect.now_ms})"
    )
    assert ivan("jobs", "--json").json["leases"] == []
