"""MariaDB stopped, killed and started in the middle of a close; its connection cut by others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from engine.close.hooks import Hooks
from engine.config import Config, DatabaseConfig, Secret
from engine.database import open_database
from engine.errors import DatabaseUnavailable
from jobs.month_close import CloseOptions
from tests.close.books import OCTOBER, config, job
from tests.close.copies import Copies, Refilled
from tests.close.looks import Look, faults, look
from tests.faults.harness import undisturbed
from tests.servers.mariadb import PASSWORD, USER, MariaDBServer, why_missing

pytestmark = pytest.mark.mariadb

ALL = CloseOptions(accept_failures=True)


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDBServer]:
    """A server of this module's own, for it is stopped and killed."""
    reason = why_missing()
    if reason is not None:
        pytest.skip(f"MariaDB: {reason}")
    with MariaDBServer() as server:
        server.create_database("books")
        yield server


@pytest.fixture(scope="module")
def copies(original: DatabaseConfig, server: MariaDBServer) -> Copies:
    """Copies of the books on that server."""

    where = DatabaseConfig(
        engine="mariadb",
        path=original.path,
        socket=server.socket,
        name="books",
        user=USER,
        password=Secret(PASSWORD),
    )
    return Copies("mariadb", original, lambda engine: where, Refilled(where))


@pytest.fixture(scope="module")
def expected(copies: Copies) -> Look:
    """What a close leaves that nobody disturbs."""
    return undisturbed(copies.fresh)


def patient(where: DatabaseConfig, seconds: int) -> Config:
    return config(replace(where, wait_seconds=seconds))


class Mishap:
    """Happens once, at the n-th time that a hook is called, whatever it is called with."""

    def __init__(self, what: Callable[[], object], at: int = 2) -> None:
        self._what = what
        self._left = at

    def __call__(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            self._what()


def hooks_at(place: str, mishap: Mishap, note: Callable[[str], None] = print) -> Hooks:
    """Hooks with the mishap between two chunks, or within one."""
    if place == "between chunks":
        return Hooks(progress=mishap, note=note)
    return Hooks(compare=mishap, note=note)


def prove_close(where: DatabaseConfig, expected: Look) -> None:
    database = open_database(where)
    assert faults(database, OCTOBER) == []
    assert look(database) == expected
    database.close()


@pytest.mark.parametrize("place", ["between chunks", "within a chunk"])
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_it_waits_and_finishes(
    server: MariaDBServer, copies: Copies, expected: Look, end: str, place: str
) -> None:
    where = copies.fresh()
    notes: list[str] = []
    mishap = Mishap(server.stop if end == "stop" else server.kill)

    def note(text: str) -> None:
        notes.append(text)
        if len(notes) == 3:
            server.start()

    database = open_database(where)
    try:
        job(database, patient(where, 60), hooks_at(place, mishap, note)).run(ALL)
    finally:
        database.close()
        server.start()
    assert len(notes) >= 3
    assert all("database lost" in one for one in notes)
    prove_close(where, expected)


@pytest.mark.parametrize("place", ["between chunks", "within a chunk"])
def test_when_it_stays_away_the_run_ends_and_can_go_on(
    server: MariaDBServer, copies: Copies, expected: Look, place: str
) -> None:
    where = copies.fresh()
    mishap = Mishap(server.kill)
    database = open_database(where)
    try:
        with pytest.raises(DatabaseUnavailable, match="run the same command again"):
            job(database, patient(where, 0), hooks_at(place, mishap)).run(ALL)
    finally:
        database.close()
        server.start()
    database = open_database(where)
    assert database.integer("SELECT COUNT(*) FROM close_record WHERE period = '2026-10'") > 0
    job(database, config(where)).run(ALL)
    database.close()
    prove_close(where, expected)


@pytest.mark.parametrize("how", ["KILL HARD CONNECTION", "KILL SOFT CONNECTION"])
def test_its_connection_is_killed(
    server: MariaDBServer, copies: Copies, expected: Look, how: str
) -> None:
    where = copies.fresh()
    database = open_database(where)

    def kill() -> None:
        number = database.integer("SELECT CONNECTION_ID()")
        admin = server.connect(root=True)
        with admin.cursor() as cursor:
            cursor.execute(f"{how} %s", (number,))
        admin.close()

    hooks = Hooks(compare=Mishap(kill), progress=Mishap(kill))
    job(database, patient(where, 20), hooks).run(ALL)
    database.close()
    prove_close(where, expected)
