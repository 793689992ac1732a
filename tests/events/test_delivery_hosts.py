"""Two daemons on one database, one of which sleeps or dies, and a database that goes away and comes
back: nothing is lost, and nothing is sent twice that must not be."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.config import DatabaseConfig, Secret
from engine.database import Database, open_database
from jobs.registry import read_config
from tests.close.books import new_books
from tests.events.storm import (
    PARALLEL,
    Payments,
    Providers,
    add_subscribers,
    at_rest,
    calm_providers,
    told,
    while_it_moves,
)
from tests.jobs.dressed import Dress
from tests.jobs.hosts import Host, until
from tests.jobs.pairs import TTL_MS, put_to_sleep
from tests.servers.mariadb import PASSWORD, USER, MariaDBServer, why_missing

PAYMENTS = 400
SUBSCRIBERS = 100
NewHost = Callable[..., Host]


@pytest.fixture
def providers() -> Iterator[Providers]:
    with calm_providers() as found:
        yield found


@pytest.fixture
def new_host(tmp_path: Path, providers: Providers) -> Iterator[NewHost]:
    """Makes hosts that are known by their names, with short leases."""
    made: list[Host] = []

    def make(name: str, where: DatabaseConfig) -> Host:
        dress = Dress(host=name, ttl_ms=TTL_MS, retry_seconds=1)
        made.append(Host(tmp_path / name, where, dress, {}, providers.settings(), {}))
        return made[-1]

    yield make
    for host in made:
        host.clean_up()


def paid(where: DatabaseConfig, host: Host) -> Database:
    """The books, where many payments have been made under the configuration of a host."""
    database = new_books(where)
    if database.dialect.name == "sqlite":
        database.execute("PRAGMA synchronous = off")
    add_subscribers(database, SUBSCRIBERS)
    config = read_config(host.folder / "config.ini", environ={})
    Payments(database, config, SUBSCRIBERS).make(PAYMENTS)
    return database


def holder(database: Database) -> str:
    """The host that delivers just now, empty for none."""
    row = database.row(
        "SELECT holder FROM job_run WHERE job = 'event-delivery' AND state = 'running'"
    )
    return str(row[0]).split(" ")[0] if row else ""


def come_to_rest(database: Database, providers: Providers, host: Host) -> None:
    def moved() -> object:
        return providers.heard, database.integer("SELECT COUNT(*) FROM attempt")

    while_it_moves(lambda: at_rest(database), moved, host.log)


def check(database: Database, providers: Providers, most_unknown: int) -> None:
    """All is done, but for messages of which nobody can know whether they were sent."""
    states = Counter(
        {
            (str(channel), str(state)): int(number)
            for channel, state, number in database.rows(
                "SELECT channel, state, COUNT(*) FROM action GROUP BY channel, state"
            )
        }
    )
    unknown = states.pop(("smspilot", "unknown"), 0)
    assert unknown <= most_unknown
    assert {state for _, state in states} == {"done"}
    assert states["smspilot", "done"] == PAYMENTS - unknown
    taken = Counter(told(text) for _, text in providers.smspilot.taken.elements())
    assert max(taken.values()) == 1
    assert PAYMENTS - unknown <= len(taken) <= PAYMENTS
    sent = Counter(told(text) for _, _, text in providers.smsc.taken.elements())
    assert (len(sent), max(sent.values())) == (PAYMENTS, 1)
    assert len(providers.komtet.made) == PAYMENTS == states["komtet", "done"]


@pytest.mark.parametrize("how", ["sleeps", "dies"])
def test_the_other_host_goes_on(
    database_config: DatabaseConfig, providers: Providers, new_host: NewHost, how: str
) -> None:
    one, two = new_host("one", database_config), new_host("two", database_config)
    database = paid(database_config, one)
    one.start()
    two.start()
    until(lambda: providers.heard >= PAYMENTS // 2 and holder(database), one.log)
    here, there = (one, two) if holder(database) == "one" else (two, one)
    if how == "sleeps":
        put_to_sleep(here, database)
    else:
        here.signal_all(signal.SIGKILL)
    until(lambda: holder(database) == there.dress.host, there.log)
    until(lambda: providers.heard >= PAYMENTS, there.log)
    if how == "sleeps":
        sleepers = here.workers()
        here.signal_all(signal.SIGCONT)
        until(lambda: not set(sleepers) & set(here.workers()), here.log)
    come_to_rest(database, providers, there)
    check(database, providers, 2 * PARALLEL)
    database.close()


def test_a_stop_in_order_leaves_nothing_unknown(
    database_config: DatabaseConfig, providers: Providers, new_host: NewHost
) -> None:
    host = new_host("one", database_config)
    database = paid(database_config, host)
    for part in (1, 2, 3, 4):
        host.start()
        until(lambda part=part: providers.heard >= part * PAYMENTS // 2, host.log)
        assert host.stop() == 0
    host.start()
    come_to_rest(database, providers, host)
    check(database, providers, 0)
    assert not database.integer("SELECT COUNT(*) FROM attempt WHERE verdict = 'lost'")
    database.close()


@pytest.mark.mariadb
def test_a_database_that_was_away(tmp_path: Path, providers: Providers, new_host: NewHost) -> None:
    """The delivery waits for it, with the answers that came meanwhile: none becomes unknown."""
    reason = why_missing()
    if reason is not None:
        pytest.skip(f"MariaDB: {reason}")
    with MariaDBServer() as server:
        server.create_database("books")
        where = DatabaseConfig(
            engine="mariadb",
            path=tmp_path / "none",
            socket=server.socket,
            name="books",
            user=USER,
            password=Secret(PASSWORD),
        )
        host = new_host("one", where)
        paid(where, host).close()
        host.start()
        until(lambda: providers.heard >= PAYMENTS // 2, host.log)
        server.stop()
        server.start()
        database = open_database(where)
        come_to_rest(database, providers, host)
        check(database, providers, 0)
        database.close()
        assert host.stop() == 0
