"""Two daemons on one database, as if on two hosts; one of them dies or sleeps. Nothing is done
twice, nothing is lost, and the other goes on when the lease is over."""

from __future__ import annotations

import signal

import pytest

from engine.database import Database
from jobs.lease import TTL_MS as REAL_TTL_MS
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
from tests.jobs.dressed import Dress
from tests.jobs.hosts import until
from tests.jobs.pairs import TTL_MS, Pair, put_to_sleep, start_pair, wait_for_takeover, who_has

QUICK_ON = "mariadb"


@pytest.fixture
def pair(books: Database, new_host: StartHost) -> Pair:
    """Two hosts with daemons."""
    return start_pair(new_host)


def test_one_is_killed_while_it_counts(books: Database, pair: Pair) -> None:
    run = request(books, "counts", upto="300", slowly=True)
    first, second = who_has(run, books, pair)
    wait_for_count(books, 20, first)
    first.signal_all(signal.SIGKILL)
    assert wait_for_state(books, run, "done", host=second).attempt == 2
    assert f"run {run} of counts ended without a word: now queued" in second.log()
    counted_once(books, 300)
    processes = "SELECT COUNT(DISTINCT process) FROM counted"
    assert books.integer(processes) == 2
    assert is_free(books, "counts")


def test_one_sleeps_past_its_lease(books: Database, pair: Pair) -> None:
    run = request(books, "counts", upto="100000", slowly=True)
    first, second = who_has(run, books, pair)
    wait_for_count(books, 20, first)
    (sleeper,) = first.workers()
    put_to_sleep(first, books)
    written = "SELECT COUNT(*) FROM counted WHERE process = ?"
    before = books.integer(written, (sleeper,))
    wait_for_takeover(books, run, second)
    first.signal_all(signal.SIGCONT)
    until(lambda: not first.workers(), first.log)
    wait_for_count(books, before + 50, second)
    assert books.integer(written, (sleeper,)) == before
    assert run_of(books, run).holder.startswith(f"{second.dress.host} ")
    assert first.stop() == 0
    assert second.stop() == 0
    counted_once(books, books.integer("SELECT MAX(number) FROM counted"))


@pytest.mark.heavy
def test_slots_of_two_daemons(books: Database, new_host: StartHost) -> None:
    schedule = {"ticks": "every second catch_up=all overlap=queue"}
    one, two = (
        new_host(name, schedule=schedule, dress=Dress(host=name, ttl_ms=TTL_MS)).start()
        for name in ("one", "two")
    )
    until(lambda: len(slots_of(books)) >= 3, one.log)
    one.signal_all(signal.SIGKILL)
    seen = len(slots_of(books))
    until(lambda: len(slots_of(books)) >= seen + 3, two.log)
    assert two.stop() == 0
    ticked = slots_of(books)
    assert len(ticked) == len(set(ticked)), "a slot was run twice"
    runs = books.rows("SELECT slot, state FROM job_run ORDER BY slot")
    assert [slot - runs[0][0] for slot, _ in runs] == [1_000 * n for n in range(len(runs))]
    lost = {slot for slot, state in runs if state == "interrupted"}
    assert len(lost) <= 1, "only what the killed host had under way"
    assert {slot for slot, state in runs if state == "done"} <= set(ticked)
    assert set(ticked) <= {slot for slot, state in runs if state == "done"} | lost


@pytest.mark.mariadb
@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_who_sleeps_in_a_transaction_keeps_its_rows_locked_no_longer_than_its_lease(
    books: Database,
) -> None:
    """A host that is gone without a word would keep them until the server notices, for hours."""
    seconds = books.integer("SELECT @@SESSION.idle_write_transaction_timeout")
    assert 0 < seconds * 1_000 < REAL_TTL_MS
