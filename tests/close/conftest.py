"""Books to close, on each engine; what a test does to them is proved afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine.config import DatabaseConfig, Secret
from engine.database import Database, open_database
from engine.ledger.proof import prove
from tests.close.books import build
from tests.close.copies import Copies, NewDatabase, Refilled, empty_file
from tests.servers.mariadb import PASSWORD, USER, MariaDBServer

MakeCopies = Callable[[str, DatabaseConfig], Copies]


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> DatabaseConfig:
    """The books of `tests.close.books`, made once."""
    return build(tmp_path_factory.mktemp("original") / "books.db")


@pytest.fixture(scope="session")
def refilled(mariadb_server: MariaDBServer, tmp_path_factory: pytest.TempPathFactory) -> Refilled:
    """The database of MariaDB for all copies there."""
    mariadb_server.drop_database("close_books")
    mariadb_server.create_database("close_books")
    return Refilled(
        DatabaseConfig(
            engine="mariadb",
            path=tmp_path_factory.getbasetemp(),
            socket=mariadb_server.socket,
            name="close_books",
            user=USER,
            password=Secret(PASSWORD),
        )
    )


@pytest.fixture
def make_copies(new_database: NewDatabase, request: pytest.FixtureRequest) -> MakeCopies:
    """Makes copies, on an engine, of an SQLite file."""

    def make(engine: str, file: DatabaseConfig) -> Copies:
        refilled = request.getfixturevalue("refilled") if engine == "mariadb" else None
        return Copies(engine, file, new_database, refilled)

    return make


@pytest.fixture
def copies(engine_name: str, original: DatabaseConfig, make_copies: MakeCopies) -> Copies:
    """Copies of the books on the engine in turn."""
    return make_copies(engine_name, original)


@pytest.fixture
def where(copies: Copies) -> DatabaseConfig:
    """A fresh copy of the books."""
    return copies.fresh()


@pytest.fixture
def books(where: DatabaseConfig) -> Iterator[Database]:
    """An open copy of the books; the ledger must be sound at the end."""
    database = open_database(where)
    yield database
    database.close()
    database = open_database(where)
    assert prove(database) == []
    database.close()


@pytest.fixture
def other(books: Database, where: DatabaseConfig) -> Iterator[Database]:
    """A second connection to `books`."""
    database = open_database(where)
    yield database
    database.close()


@pytest.fixture(scope="session")
def no_books(tmp_path_factory: pytest.TempPathFactory) -> DatabaseConfig:
    """Tables without a row of ours, made once."""
    return empty_file(tmp_path_factory.mktemp("empty") / "books.db")


@pytest.fixture
def empty(
    engine_name: str, no_books: DatabaseConfig, make_copies: MakeCopies
) -> Iterator[Database]:
    """An open database with tables and nothing in them."""
    database = open_database(make_copies(engine_name, no_books).fresh())
    yield database
    database.close()
