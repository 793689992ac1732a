"""A daemon that is asked to stop, to stop now, or to read its configuration anew."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import DatabaseConfig, Secret
from engine.database import Database
from jobs.record import MOST_ATTEMPTS
from tests.jobs.asking import (
    counted_once,
    is_free,
    request,
    run_of,
    slots_of,
    wait_for_count,
    wait_for_state,
)
from tests.jobs.conftest import StartHost
from tests.jobs.hosts import Host, until

QUICK_ON = "sqlite"


def counting(books: Database, host: Host, last: int) -> int:
    """A run that counts and is in the middle of it."""
    number = request(books, "counts", upto=str(last), slowly=True)
    wait_for_count(books, 5, host)
    return number


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.heavy)]
)
def test_a_run_is_handed_on(books: Database, new_host: StartHost, number: signal.Signals) -> None:
    """As often as that happens: whoever stops daemons in order must not use up the run's tries."""
    host = new_host().start()
    run = request(books, "counts", upto="100000", slowly=True)
    for times in range(1, MOST_ATTEMPTS + 2):
        wait_for_count(books, times * 5, host)
        wait_for_state(books, run, "running", host=host)
        host.signal(number)
        assert host.exit_status() == 0
        left = run_of(books, run)
        assert (left.state, left.exit_reason, left.holder) == ("queued", "stopped", "")
        assert is_free(books, "counts")
        counted_once(books, books.integer("SELECT MAX(number) FROM counted"))
        host.start()
    assert run_of(books, run).attempt <= 2


def test_told_twice_runs_are_broken_off(books: Database, new_host: StartHost) -> None:
    host = new_host(settings={"daemon": {"stop_seconds": 600}}).start()
    deaf = request(books, "deaf")
    wait_for_state(books, deaf, "running", host=host)
    host.signal(signal.SIGTERM)
    host.wait_for_log("1 runs are asked to end")
    host.signal(signal.SIGTERM)
    assert host.exit_status() == 0
    assert "told to stop once more" in host.log()
    assert run_of(books, deaf).state == "interrupted"
    assert is_free(books, "deaf")
    assert host.workers() == []
    assert books.integer("SELECT COUNT(*) FROM daemon") == 0


@pytest.mark.heavy
def test_what_does_not_stop_in_time_is_broken_off(books: Database, new_host: StartHost) -> None:
    host = new_host(settings={"daemon": {"stop_seconds": 1}}).start()
    deaf = request(books, "deaf")
    wait_for_state(books, deaf, "running", host=host)
    assert host.stop() == 0
    assert "did not stop within the limit" in host.log()
    assert run_of(books, deaf).state == "interrupted"
    assert host.workers() == []


@pytest.mark.heavy
def test_nothing_new_is_begun_while_it_stops(books: Database, new_host: StartHost) -> None:
    host = new_host(settings={"daemon": {"stop_seconds": 4}}).start()
    deaf = request(books, "deaf")
    wait_for_state(books, deaf, "running", host=host)
    host.signal(signal.SIGTERM)
    host.wait_for_log("stopping")
    late = request(books, "counts", upto="1")
    assert host.exit_status() == 0
    assert run_of(books, late).state == "queued"


def test_it_reads_its_configuration_anew(books: Database, new_host: StartHost) -> None:
    host = new_host().start()
    host.write_config("[schedule]\nticks = whenever\n")
    host.signal(signal.SIGHUP)
    host.wait_for_log("the configuration was not taken over")
    host.write_config("[schedule\n\x00\xff")
    host.signal(signal.SIGHUP)
    host.wait_for_log("the configuration was not taken over", 2)
    assert slots_of(books) == []
    host.configure({"ticks": "every second"}, {})
    host.signal(signal.SIGHUP)
    host.wait_for_log("the configuration was taken over")
    until(lambda: slots_of(books), host.log)
    assert host.stop() == 0


@pytest.mark.heavy
def test_another_database_needs_a_restart(
    books: Database, new_host: StartHost, tmp_path: Path, database_config: DatabaseConfig
) -> None:
    host = new_host().start()
    elsewhere = replace(database_config, path=tmp_path / "other.db", name="elsewhere")
    new_host(where=elsewhere)  # writes the configuration of the same host anew
    host.signal(signal.SIGHUP)
    host.wait_for_log("[database] has changed: that needs a restart")
    run = request(books, "counts", upto="3")
    wait_for_state(books, run, "done", host=host)


def test_it_can_be_stopped_while_it_waits_for_its_database(
    tmp_path: Path, new_host: StartHost
) -> None:
    nowhere = DatabaseConfig(
        engine="mariadb", path=tmp_path / "none", socket=tmp_path / "no-server", name="books",
        user="anna", password=Secret("x"), wait_seconds=3_600,
    )  # fmt: skip
    host = new_host(where=nowhere)
    host.launch()
    host.wait_for_log("the database is not there")
    assert host.stop() == 0


def test_the_second_of_a_host_waits_and_takes_over(books: Database, new_host: StartHost) -> None:
    first = new_host("first").start()
    second = new_host("second", environ={"XDG_STATE_HOME": str(first.folder)}).start()
    assert "standby" in second.log()
    run = counting(books, first, 100_000)
    assert second.workers() == []
    first.kill()
    second.wait_for_log("this one takes over")
    wait_for_state(books, run, "queued", host=first)
    wait_for_state(books, run, "running", host=second)
    assert len(second.workers()) == 1
    assert second.stop() == 0
    counted_once(books, books.integer("SELECT MAX(number) FROM counted"))
