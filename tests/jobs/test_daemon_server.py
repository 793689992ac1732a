"""The database server is stopped, killed, frozen and started under a daemon and its workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import DatabaseConfig, Secret
from engine.database import Database
from tests.close.books import new_books
from tests.jobs.asking import (
    counted_once,
    is_free,
    request,
    slots_of,
    wait_for_count,
    wait_for_state,
)
from tests.jobs.conftest import StartHost, make_tables
from tests.jobs.dressed import Dress
from tests.jobs.hosts import until
from tests.servers.mariadb import PASSWORD, USER, MariaDBServer, why_missing

pytestmark = pytest.mark.mariadb
LAST = 300


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDBServer]:
    """A server of this module's own."""
    reason = why_missing()
    if reason is not None:
        pytest.skip(f"MariaDB: {reason}")
    with MariaDBServer() as server:
        yield server


@pytest.fixture
def where(server: MariaDBServer, tmp_path: Path) -> Iterator[DatabaseConfig]:
    """A new database on it."""
    server.start()
    server.create_database("books")
    yield DatabaseConfig(
        engine="mariadb",
        path=tmp_path / "none",
        socket=server.socket,
        name="books",
        user=USER,
        password=Secret(PASSWORD),
    )
    server.start()
    server.drop_database("books")


@pytest.fixture
def database_config(where: DatabaseConfig) -> DatabaseConfig:
    """It is the only one here."""
    return where


@pytest.fixture
def books(where: DatabaseConfig) -> Iterator[Database]:
    """The database, empty; a test that stops the server must connect anew."""
    database = new_books(where)
    make_tables(database)
    yield database
    database.close()


def again(books: Database) -> None:
    """Connects anew."""
    books.close()
    books.connect()


@pytest.mark.parametrize("end", ["kill", pytest.param("stop", marks=pytest.mark.heavy)])
def test_it_comes_back(
    server: MariaDBServer, books: Database, new_host: StartHost, end: str
) -> None:
    """The daemon and the worker wait for it, and the same run goes on."""
    host = new_host(schedule={"ticks": "every second overlap=queue"}).start()
    run = request(books, "counts", upto=str(LAST), slowly=True)
    wait_for_count(books, 20, host)
    books.close()
    server.stop() if end == "stop" else server.kill()
    host.wait_for_log("waiting for the database")
    server.start()
    host.wait_for_log("the database is back")
    again(books)
    assert wait_for_state(books, run, "done", host=host).attempt == 1
    counted_once(books, LAST)
    ticked = len(slots_of(books))
    until(lambda: len(slots_of(books)) > ticked, host.log)
    assert host.stop() == 0
    assert is_free(books, "counts")
    assert len(slots_of(books)) == len(set(slots_of(books)))


@pytest.mark.heavy
def test_a_daemon_is_stopped_while_it_is_away(
    server: MariaDBServer, books: Database, new_host: StartHost
) -> None:
    """Nobody could write down how the run ended; the next daemon sees it and goes on with it."""
    host = new_host().start()
    run = request(books, "counts", upto=str(LAST), slowly=True)
    wait_for_count(books, 20, host)
    books.close()
    server.kill()
    host.wait_for_log("waiting for the database")
    assert host.stop() == 0
    assert host.workers() == []
    server.start()
    again(books)
    assert wait_for_state(books, run, "running", host=host).gone
    host.start()
    assert wait_for_state(books, run, "done", host=host).attempt == 2
    counted_once(books, LAST)


@pytest.mark.heavy
def test_it_hangs_for_longer_than_a_lease(
    server: MariaDBServer, books: Database, new_host: StartHost
) -> None:
    """All leases are over when it goes on. Whoever is right then, nothing is done twice."""
    pair = [new_host(name, dress=Dress(host=name, ttl_ms=3_000)).start() for name in ("one", "two")]
    run = request(books, "counts", upto=str(LAST), slowly=True)
    wait_for_count(books, 20, pair[0])
    server.freeze()
    try:
        for host in pair:
            host.wait_for_log("waiting for the database")
    finally:
        server.thaw()
    wait_for_state(books, run, "done", host=pair[0])
    counted_once(books, LAST)
    assert [host.stop() for host in pair] == [0, 0]
