"""The month close on two hosts, one of which dies or sleeps in the middle: each subscriber is
charged once, and all is as if nobody had been disturbed."""

from __future__ import annotations

import signal

import pytest

import bench.data
from engine.close.hooks import Hooks
from engine.database import Database
from engine.period import Period
from jobs.close_here import CloseHere
from jobs.month_close import CloseOptions
from tests.close.books import config, new_books
from tests.close.copies import NewDatabase
from tests.close.looks import Look, faults, look
from tests.jobs.asking import CLOCK, request, wait_for_state
from tests.jobs.conftest import StartHost
from tests.jobs.hosts import until
from tests.jobs.pairs import put_to_sleep, start_pair, wait_for_takeover, who_has

QUICK_ON = "mariadb"

LONG_AGO = Period(2025, 10)
OPTIONS = {"period": str(LONG_AGO), "late": True}
CROWD = 12_000
# On MariaDB a chunk takes its time, so that the middle of the run cannot be missed.
SLOW = "CREATE TRIGGER slow AFTER INSERT ON journal_entry FOR EACH ROW DO SLEEP(0.1)"


def fill(database: Database) -> None:
    """Many subscribers of a month that has long ended."""
    bench.data.fill(database, CROWD)


@pytest.fixture
def undisturbed(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> Look:
    """What the same close leaves when nothing happens."""
    monkeypatch.setattr(bench.data, "PERIOD", LONG_AGO)
    where = new_database("sqlite")
    database = new_books(where)
    fill(database)
    close = CloseHere(database, config(where), CLOCK, "anna", Hooks())
    assert close.run(CloseOptions.of(OPTIONS)).complete
    seen = look(database)
    database.close()
    return seen


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, pytest.param(signal.SIGSTOP, marks=pytest.mark.heavy)]
)
def test_the_month_close_is_taken_over(
    undisturbed: Look,
    books: Database,
    new_host: StartHost,
    how: signal.Signals,
) -> None:
    fill(books)
    if books.dialect.name == "mariadb":
        books.execute(SLOW)
    pair = start_pair(new_host)
    run = request(books, "month-close", **OPTIONS)
    first, second = who_has(run, books, pair)
    closed = "SELECT COUNT(*) FROM close_record"
    until(lambda: books.integer(closed), first.log)
    if how == signal.SIGSTOP:
        put_to_sleep(first, books)
    else:
        first.signal_all(how)
    assert 0 < books.integer(closed) < CROWD
    wait_for_takeover(books, run, second)
    if how == signal.SIGSTOP:
        first.signal_all(signal.SIGCONT)
    assert wait_for_state(books, run, "done", "failed", host=second).state == "done"
    assert faults(books, LONG_AGO) == []
    assert look(books) == undisturbed
    assert books.integer("SELECT COUNT(*) FROM system_event WHERE kind = 'month_close'") == 1
