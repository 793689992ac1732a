"""Books on either engine; whatever a test did to them, the ledger must be sound at its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from engine.ledger.operations import Ledger
from engine.ledger.proof import prove
from tests.ledger.books import ledger_of, open_books


@pytest.fixture
def books(database_config: DatabaseConfig) -> Iterator[Database]:
    """Books that a test may damage."""
    database = open_books(database_config)
    yield database
    database.close()


@pytest.fixture
def database(books: Database) -> Iterator[Database]:
    """Books that are proved after the test."""
    yield books
    assert prove(books) == []


@pytest.fixture
def ledger(database: Database) -> Ledger:
    """The commands on `database`."""
    return ledger_of(database)
