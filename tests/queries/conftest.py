"""Databases to ask: small ones full of edge cases, and one of some thousands of subscribers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import bench.data
from engine import schema
from engine.config import DatabaseConfig
from engine.database import Database, open_database

MANY = 4_000


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    """Tables and nothing in them."""
    database = open_database(database_config, create=True)
    schema.create(database)
    yield database
    database.close()


@pytest.fixture
def many(database: Database) -> Database:
    """`MANY` subscribers of the benchmarks' kind; every second owes or has something."""
    bench.data.fill(database, MANY)
    with database.transaction():
        database.execute(
            "UPDATE account SET balance = id * 37 % 900 - 300 WHERE id > 999 AND id % 2 = 1"
        )
        database.execute("UPDATE subscriber SET state = 'frozen' WHERE id % 20 = 0")
    return database


NewDatabase = Callable[[str], DatabaseConfig]
