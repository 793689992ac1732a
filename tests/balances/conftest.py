"""A database with numbers on either engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.config import DatabaseConfig
from tests.balances.office import Office, open_office


@pytest.fixture
def office(database_config: DatabaseConfig) -> Iterator[Office]:
    """Five numbers of Megafon, and an importer."""
    database = open_office(database_config)
    yield Office(database)
    database.close()
