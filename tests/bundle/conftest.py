"""A database without a row, on either engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from tests.bundle.folders import open_empty


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    """Only the schema."""
    opened = open_empty(database_config)
    yield opened
    opened.close()
