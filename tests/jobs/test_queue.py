"""Asking for a run, calling one off, and running once more."""

from __future__ import annotations

import threading

import pytest

from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.errors import InputError
from engine.holder import holder_name
from engine.queries.daemons import any_daemon
from engine.queries.runs import one_run
from jobs.queue import (
    RESERVED_MS,
    ask,
    ask_again,
    cancel,
    is_reserved,
    reserve,
    settle_over,
    withdraw,
)
from jobs.record import MOST_ATTEMPTS, open_runs
from jobs.registry import job_named

NOW = 1_760_000_000_000
CLOCK = FixedClock(NOW)
ELSEWHERE = "elsewhere 4711 99 another-boot.1"


def state(database: Database, number: int) -> str:
    found = one_run(database, NOW, number)
    assert found is not None
    return found.state


def running(database: Database, job: str, holder: str, lease_ms: int, attempt: int = 1) -> int:
    """A run that somebody has begun, and its lease."""
    number = ask(database, CLOCK, job_named(job), {}, "anna").number
    database.execute(
        "UPDATE job_run SET state = 'running', holder = ?, token = 7, attempt = ?, started_at = ?,"
        " heartbeat_at = ? WHERE id = ?",
        (holder, attempt, NOW, NOW, number),
    )
    database.execute("DELETE FROM lease")
    database.execute(
        "INSERT INTO lease (name, holder, token, expires_at)"
        f" VALUES (?, ?, 7, {database.dialect.now_ms} + ?)",
        (job, holder, lease_ms),
    )
    return number


def test_a_double_click_asks_once(books: Database) -> None:
    job = job_named("counts")
    first = ask(books, CLOCK, job, {"upto": "5"}, "anna")
    again = ask(books, CLOCK, job, {"upto": "5"}, "ivan")
    other = ask(books, CLOCK, job, {"upto": "6"}, "ivan")
    assert (first.new, again.new, other.new) == (True, False, True)
    assert first.number == again.number != other.number
    assert not first.daemon


def test_at_the_same_moment(books: Database, database_config: DatabaseConfig) -> None:
    barrier, found = threading.Barrier(4), []

    def click() -> None:
        database = open_database(database_config)
        barrier.wait(60)
        found.append(ask(database, CLOCK, job_named("counts"), {}, "anna").number)
        database.close()

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join(60)
    assert len(found) == 4
    assert len(set(found)) == 1
    assert books.integer("SELECT COUNT(*) FROM job_run") == 1


def test_after_its_end_the_same_may_be_asked_for_again(books: Database) -> None:
    first = ask(books, CLOCK, job_named("counts"), {}, "anna").number
    assert cancel(books, CLOCK, first, "ivan") == "now"
    second = ask(books, CLOCK, job_named("counts"), {}, "anna")
    assert second.new
    assert (state(books, first), state(books, second.number)) == ("cancelled", "queued")


def test_calling_off(books: Database) -> None:
    number = running(books, "counts", ELSEWHERE, 60_000)
    assert cancel(books, CLOCK, number, "ivan") == "soon"
    assert books.value("SELECT cancelled_by FROM job_run") == "ivan"
    books.execute("UPDATE job_run SET state = 'done', finished_at = 1")
    with pytest.raises(InputError, match=f"run {number} has ended .done."):
        cancel(books, CLOCK, number, "ivan")
    with pytest.raises(InputError, match="there is no run 99"):
        cancel(books, CLOCK, 99, "ivan")


def test_once_more(books: Database) -> None:
    number = ask(books, CLOCK, job_named("counts"), {"upto": "3"}, "anna").number
    cancel(books, CLOCK, number, "anna")
    assert ask_again(books, CLOCK, number, "ivan").new
    assert not ask_again(books, CLOCK, number, "ivan").new
    found = one_run(books, NOW, number)
    assert found is not None
    assert (found.state, found.actor, found.parameters) == ("queued", "ivan", {"upto": "3"})
    assert found.cancelled_by is None
    books.execute("UPDATE job_run SET state = 'done', finished_at = 1")
    with pytest.raises(InputError, match="only one that was missed"):
        ask_again(books, CLOCK, number, "ivan")
    with pytest.raises(InputError, match="there is no run 99"):
        ask_again(books, CLOCK, 99, "ivan")


def test_one_daemon_reserves_a_run(books: Database, other: Database) -> None:
    ask(books, CLOCK, job_named("counts"), {}, "anna")
    (run,) = open_runs(books)
    assert reserve(books, CLOCK, run, ELSEWHERE)
    assert not reserve(other, CLOCK, run, holder_name()), "what it saw has changed since"
    (seen,) = open_runs(other)
    assert is_reserved(seen, NOW)
    assert not is_reserved(seen, NOW + RESERVED_MS + 1)
    assert not is_reserved(seen, NOW - RESERVED_MS - 1), "the clock was set back since"
    assert reserve(other, CLOCK, seen, holder_name())


def test_a_daemon_that_was_heard_of_in_the_future_is_not_there(books: Database) -> None:
    """The clock was set back since, and whoever was there may be gone."""
    now = books.dialect.now_ms
    said = f"INSERT INTO daemon VALUES ('{ELSEWHERE}', '1', 'active', 0, {now} + ?, '')"
    books.execute(said, (3_600_000,))
    assert not any_daemon(books)
    books.execute(f"UPDATE daemon SET heartbeat_at = {now} + 500")
    assert any_daemon(books)


def test_a_reservation_of_a_dead_process_does_not_count(books: Database) -> None:
    ask(books, CLOCK, job_named("counts"), {}, "anna")
    (run,) = open_runs(books)
    host, pid, _, world = holder_name().split(" ")
    assert reserve(books, CLOCK, run, f"{host} {pid} 1 {world}")
    assert not is_reserved(open_runs(books)[0], NOW)


@pytest.mark.parametrize(
    ("job", "attempt", "cancelled", "expected"),
    [
        ("counts", 1, False, "queued"),
        ("counts", MOST_ATTEMPTS, False, "failed"),
        ("counts", 1, True, "cancelled"),
        ("raises", 1, False, "interrupted"),
    ],
)
def test_what_becomes_of_a_run_whose_lease_ran_out(
    books: Database, job: str, attempt: int, cancelled: bool, expected: str
) -> None:
    number = running(books, job, ELSEWHERE, -1, attempt)
    if cancelled:
        cancel(books, CLOCK, number, "ivan")
    (run,) = open_runs(books)
    assert run.is_over
    assert settle_over(books, run) == expected
    assert settle_over(books, run) == "", "another was quicker"
    assert state(books, number) == expected
    assert books.row("SELECT holder, token FROM lease") == (None, 8)


def test_a_run_that_goes_on_is_let_alone(books: Database) -> None:
    running(books, "counts", ELSEWHERE, 60_000)
    (run,) = open_runs(books)
    assert not run.is_over
    assert settle_over(books, run) is None


def test_a_process_of_this_host_that_is_gone_is_seen_at_once(books: Database) -> None:
    host, pid, _, world = holder_name().split(" ")
    running(books, "counts", f"{host} {pid} 1 {world}", 60_000)
    (run,) = open_runs(books)
    assert run.is_over
    assert settle_over(books, run) == "queued"


def test_a_run_of_a_job_that_no_longer_exists(books: Database) -> None:
    number = running(books, "counts", ELSEWHERE, -1)
    books.execute("UPDATE job_run SET job = 'gone'")
    books.execute("UPDATE lease SET name = 'gone'")
    assert settle_over(books, open_runs(books)[0]) == "interrupted"
    assert state(books, number) == "interrupted"


def test_who_asks_finds_the_run_whose_process_is_gone(books: Database) -> None:
    """Without a daemon nobody else would: the request would wait for a dead run for ever."""
    host, pid, _, world = holder_name().split(" ")
    number = running(books, "counts", f"{host} {pid} 1 {world}", 60_000)
    assert ask(books, CLOCK, job_named("counts"), {}, "anna") == (number, False, False, True)
    assert state(books, number) == "queued"
    number = running(books, "raises", f"{host} {pid} 1 {world}", 60_000)
    assert ask_again(books, CLOCK, number, "ivan").new
    running(books, "hangs", ELSEWHERE, 60_000)
    assert not ask(books, CLOCK, job_named("hangs"), {}, "anna").waits


def test_what_nobody_could_begin_is_withdrawn(books: Database) -> None:
    number = ask(books, CLOCK, job_named("counts"), {}, "anna").number
    assert withdraw(books, CLOCK, number, "anna", "no process")
    assert not withdraw(books, CLOCK, number, "anna", "no process")
    found = one_run(books, NOW, number)
    assert found is not None
    assert (found.state, found.exit_reason, found.note) == ("cancelled", "not_begun", "no process")
    other = running(books, "counts", ELSEWHERE, 60_000)
    assert not withdraw(books, CLOCK, other, "anna", "it goes on")
    assert state(books, other) == "running"
