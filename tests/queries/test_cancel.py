"""A statement that hangs is broken off from another thread; the connection goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable

import peewee
import pytest

from engine import schema
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.dialect import is_cancelled, is_conflict, is_lost
from engine.queries.ping import ping

# It would go on for hours.
ENDLESS = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 500)"
    " SELECT COUNT(*) FROM n a, n b, n c, n d, n e"
)


class Worker(threading.Thread):
    """A thread with a connection of its own."""

    def __init__(self, where: DatabaseConfig, work: Callable[[Database], None]) -> None:
        super().__init__(daemon=True)
        self.database: Database | None = None
        self.connected = threading.Event()
        self.error: Exception | None = None
        self.answer: object = None
        self._where = where
        self._work = work

    def run(self) -> None:
        self.database = open_database(self._where)
        self.connected.set()
        try:
            self._work(self.database)
        except peewee.PeeweeException as error:
            self.error = error
        self.answer = self.database.value("SELECT 7")
        self.database.close()

    def cancel_until_it_ends(self) -> None:
        self.start()
        assert self.connected.wait(30)
        assert self.database is not None
        for _ in range(600):
            self.database.cancel()
            self.join(0.05)
            if not self.is_alive():
                return
        raise AssertionError("the statement goes on")


@pytest.fixture
def where(database_config: DatabaseConfig) -> DatabaseConfig:
    database = open_database(database_config, create=True)
    schema.create(database)
    database.close()
    return database_config


def test_a_hanging_query_is_broken_off(where: DatabaseConfig) -> None:
    def hang(database: Database) -> None:
        database.rows(ENDLESS)

    worker = Worker(where, hang)
    worker.cancel_until_it_ends()
    assert worker.error is not None
    assert is_cancelled(worker.error)
    assert not is_lost(worker.error)
    assert not is_conflict(worker.error)
    assert worker.answer == 7


def test_a_transaction_that_is_broken_off_is_undone(where: DatabaseConfig) -> None:
    def hang(database: Database) -> None:
        with database.transaction():
            database.execute("INSERT INTO subscriber_group (code, name) VALUES ('g', 'G')")
            database.rows(ENDLESS)

    worker = Worker(where, hang)
    worker.cancel_until_it_ends()
    assert worker.error is not None
    database = open_database(where)
    assert database.rows("SELECT * FROM subscriber_group") == []
    database.close()


def test_without_a_statement_nothing_happens(where: DatabaseConfig) -> None:
    database = open_database(where)
    ping(database)
    canceller = threading.Thread(target=database.cancel)
    canceller.start()
    canceller.join()
    ping(database)
    database.close()
    database.cancel()


def test_another_error_is_no_cancellation(where: DatabaseConfig) -> None:
    database = open_database(where)
    with pytest.raises(peewee.PeeweeException) as caught:
        database.rows("SELECT nothing FROM nowhere")
    assert not is_cancelled(caught.value)
    database.close()


def test_what_would_follow_is_broken_off_too_until_it_may_go_on(
    where: DatabaseConfig,
) -> None:
    database = open_database(where)
    breaker = threading.Thread(target=database.break_off)
    breaker.start()
    breaker.join()
    for _ in range(2):
        with pytest.raises(peewee.OperationalError) as refused:
            database.value("SELECT 1")
        assert is_cancelled(refused.value)
    database.go_on()
    assert database.value("SELECT 1") == 1
    database.close()
