"""A database with numbers on either engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from tests.balances.office import Office, open_office
from tests.servers.dovecot import DovecotServer, why_missing


@pytest.fixture
def office(database_config: DatabaseConfig) -> Iterator[Office]:
    """Five numbers of Megafon, and an importer."""
    database = open_office(database_config)
    yield Office(database)
    database.close()


@pytest.fixture(scope="session")
def dovecot() -> Iterator[DovecotServer]:
    """The server that the tests of a mailbox share, started by the first that asks."""
    reason = why_missing()
    if reason is not None:
        pytest.skip(f"Dovecot: {reason}")
    with DovecotServer() as server:
        yield server


@pytest.fixture
def server(dovecot: DovecotServer) -> DovecotServer:
    """The shared server with an empty mailbox."""
    dovecot.empty()
    return dovecot


@pytest.fixture
def books(new_database: Callable[[str], DatabaseConfig]) -> Iterator[Database]:
    """An SQLite database with 60 numbers."""
    database = open_office(new_database("sqlite"), numbers=60)
    yield database
    database.close()
