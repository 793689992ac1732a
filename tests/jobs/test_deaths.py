"""A worker that is killed, anywhere; a daemon that is killed and its workers are not."""

from __future__ import annotations

import signal
from itertools import count
from pathlib import Path

import pytest

from engine.database import Database
from tests.jobs.asking import (
    counted_once,
    is_free,
    request,
    run_of,
    wait_for_count,
    wait_for_state,
)
from tests.jobs.conftest import StartHost
from tests.jobs.dressed import Dress
from tests.jobs.hosts import Host, until

QUICK_ON = "sqlite"

# A worker sends some forty statements; the quick test kills it at some of them.
SAMPLE = (1, 29)
MOST = 400


def test_a_killed_worker_is_followed_by_another_at_once(
    books: Database, new_host: StartHost
) -> None:
    """The lease would last for half a minute; the daemon sees that its holder is gone."""
    host = new_host().start()
    run = request(books, "counts", upto="200", slowly=True)
    wait_for_count(books, 20, host)
    host.signal_workers(signal.SIGKILL)
    done = wait_for_state(books, run, "done", host=host)
    assert done.attempt == 2
    assert f"run {run} of counts ended without a word: now queued" in host.log()
    counted_once(books, 200)
    assert is_free(books, "counts")


@pytest.mark.heavy
def test_a_run_that_dies_three_times_has_failed(books: Database, new_host: StartHost) -> None:
    host = new_host().start()
    run = request(books, "counts", upto="100000", slowly=True)
    for attempt in (1, 2, 3):
        wait_for_attempt(books, run, attempt, host)
        host.signal_workers(signal.SIGKILL)
    failed = wait_for_state(books, run, "failed", host=host)
    assert (failed.attempt, failed.exit_reason) == (3, "gone")
    assert "3 times" in failed.note
    assert is_free(books, "counts")
    again = request(books, "counts", upto="100000", slowly=True)
    assert again != run, "it does not wait any more"


def wait_for_attempt(books: Database, run: int, attempt: int, host: Host) -> None:
    """Waits until the run goes on for the so manieth time."""

    def goes_on() -> bool:
        found = run_of(books, run)
        return (found.state, found.attempt) == ("running", attempt)

    until(goes_on, lambda: f"{run_of(books, run)}\n{host.log()}")


def test_workers_do_not_outlive_their_daemon(books: Database, new_host: StartHost) -> None:
    """They stop at a safe point, and the run waits for the next daemon, which goes on with it."""
    host = new_host().start()
    run = request(books, "counts", upto="100000", slowly=True)
    wait_for_count(books, 20, host)
    host.kill()
    until(lambda: not host.workers(), host.log)
    left = run_of(books, run)
    assert (left.state, left.exit_reason) == ("queued", "stopped")
    assert is_free(books, "counts")
    before = books.integer("SELECT MAX(number) FROM counted")
    counted_once(books, before)
    host.start()
    wait_for_count(books, before + 20, host)


@pytest.mark.heavy
def test_the_daemon_of_a_hanging_worker_is_killed(books: Database, new_host: StartHost) -> None:
    """It hears nothing, and ends when it was silent for too long; the next daemon settles it."""
    host = new_host().start()
    run = request(books, "hangs")
    wait_for_state(books, run, "running", host=host)
    host.kill()
    host.start()
    assert wait_for_state(books, run, "interrupted", host=host).exit_reason == "gone"
    assert host.workers() == []


@pytest.fixture
def deadly(new_host: StartHost, tmp_path: Path) -> tuple[Host, Path]:
    """A daemon whose next worker kills itself at the statement whose number is in the file."""
    file = tmp_path / "die_at"
    return new_host(dress=Dress(die_at=str(file), reserved_ms=1_000)).start(), file


def dies_and_comes_right(books: Database, deadly: tuple[Host, Path], statement: int) -> bool:
    """A run whose first worker is killed at this statement: afterwards all must be as it should.
    Whether the worker came so far."""
    host, file = deadly
    books.execute("DELETE FROM counted")
    file.write_text(str(statement))
    run = request(books, "counts", upto="3")
    done = wait_for_state(books, run, "done", "failed", "interrupted", host=host)
    assert (done.state, done.note) == ("done", "counted to 3"), f"killed at statement {statement}"
    assert done.attempt <= 2
    counted_once(books, 3)
    assert is_free(books, "counts")
    return not file.exists()


def test_killed_at_some_statements(books: Database, deadly: tuple[Host, Path]) -> None:
    for statement in SAMPLE:
        assert dies_and_comes_right(books, deadly, statement), f"there is no statement {statement}"


@pytest.mark.heavy
def test_killed_at_every_statement(books: Database, deadly: tuple[Host, Path]) -> None:
    """At the 1st, 2nd, 3rd... until a worker passes untouched."""
    for statement in count(1):
        assert statement < MOST
        if not dies_and_comes_right(books, deadly, statement):
            assert statement > max(SAMPLE)
            break
