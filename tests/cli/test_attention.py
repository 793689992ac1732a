"""`billdeck` alone and `billdeck jobs`: what goes on, and what someone should look at."""

from __future__ import annotations

from engine.database import Database
from engine.period import parse_when
from tests.cli.conftest import MOSCOW, NOW, Shell


def a_run(books: Database, state: str, **facts: object) -> None:
    row: dict[str, object] = {
        "job": "month-close",
        "subject": "2026-10",
        "state": state,
        "holder": "host:1",
        "actor": "anna",
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
    assert "The period 2026-11 has ended" in ivan().out
    ivan.clock.advance(40 * 86_400_000)
    assert "The periods 2026-11 to 2026-12 have ended" in ivan().out


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
        "INSERT INTO lease (name, holder, token, expires_at) VALUES ('month-close', 'h:1', 3, ?)",
        (NOW + 1000,),
    )
    answer = ivan("jobs", "--json")
    assert [run["state"] for run in answer.json["runs"]] == ["interrupted", "done"]
    assert answer.json["leases"][0]["holder"] == "h:1"
    assert answer.json["runs"][0]["started_at"] == "2026-11-12T11:59:40+03:00"
    shown = ivan("jobs").out
    assert "lease month-close: h:1" in shown
    assert "\\x1b]0;t\\x07" in shown
    assert "\x1b" not in shown
    assert len(ivan("jobs", "--limit", "1").out.splitlines()) == 2


def test_an_expired_lease_is_held_by_nobody(ivan: Shell, books: Database) -> None:
    books.execute(
        "INSERT INTO lease (name, holder, token, expires_at) VALUES ('month-close', 'h:1', 3, ?)",
        (NOW,),
    )
    assert ivan("jobs", "--json").json["leases"] == []
