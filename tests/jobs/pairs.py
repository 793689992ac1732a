"""Two daemons on one database, as if on two hosts, and what may become of one of them."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing, suppress

from engine.database import Database
from tests.jobs.asking import run_of, wait_for_state
from tests.jobs.conftest import StartHost
from tests.jobs.dressed import Dress
from tests.jobs.hosts import Host, until

TTL_MS = 3_000
Pair = tuple[Host, Host]


def start_pair(new_host: StartHost) -> Pair:
    """Two hosts with daemons, each with a lock of its own; leases last three seconds."""
    one, two = (
        new_host(
            name,
            settings={"billing": {"close_chunk": 250, "close_latency_ms": 1}},
            dress=Dress(host=name, ttl_ms=TTL_MS),
        )
        for name in ("one", "two")
    )
    return one.start(), two.start()


def who_has(run: int, books: Database, pair: Pair) -> Pair:
    """The host that has this run, which goes on, and the other."""
    wait_for_state(books, run, "running", host=pair[0])
    holder = run_of(books, run).holder.split(" ")[0]
    one, two = pair
    return (one, two) if holder == one.dress.host else (two, one)


def put_to_sleep(host: Host, books: Database) -> None:
    """Stops (SIGSTOP) the daemon and its workers. On SQLite between two transactions, for whoever
    sleeps within one keeps all others from writing; on MariaDB anywhere."""
    if books.dialect.name == "mariadb":
        host.signal_all(signal.SIGSTOP)
        return
    with closing(_locked(books.value("SELECT file FROM pragma_database_list"))):
        host.signal_all(signal.SIGSTOP)


def _locked(file: str) -> sqlite3.Connection:
    """A connection that keeps all others from writing. SQLite itself would ask for the lock too
    seldom to get it from who wants it again and again."""
    connection = sqlite3.connect(file, timeout=0, isolation_level=None)

    def get() -> bool:
        for _ in range(2_000):
            with suppress(sqlite3.OperationalError):
                connection.execute("BEGIN IMMEDIATE")
                return True
        return False

    until(get)
    return connection


def wait_for_takeover(books: Database, run: int, host: Host) -> None:
    """Waits until that host has the run."""

    def has_it() -> bool:
        found = run_of(books, run)
        return found.holder.startswith(f"{host.dress.host} ") and found.state != "queued"

    until(has_it, lambda: f"{run_of(books, run)}\n{host.log()}")
