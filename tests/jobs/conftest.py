"""What the tests of the jobs' frame share: the jobs of `tests.jobs.extra`, and a database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import jobs.all
from engine.config import Config, DatabaseConfig
from engine.database import Database, open_database
from jobs.registry import all_jobs
from tests.close.books import config, new_books

EXTRA = Path(__file__).parent / "extra"


@pytest.fixture(autouse=True)
def extra_jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A job is one file: these are there as soon as their folder is looked into."""
    monkeypatch.setattr(jobs.all, "__path__", [*jobs.all.__path__, str(EXTRA)])
    all_jobs.cache_clear()
    yield
    all_jobs.cache_clear()


@pytest.fixture
def books(database_config: DatabaseConfig) -> Iterator[Database]:
    """A new database, with a table for the job that counts."""
    database = new_books(database_config)
    database.execute("CREATE TABLE counted (number INTEGER PRIMARY KEY, process INTEGER NOT NULL)")
    yield database
    database.close()


@pytest.fixture
def other(books: Database, database_config: DatabaseConfig) -> Iterator[Database]:
    """A second connection to it."""
    database = open_database(database_config)
    yield database
    database.close()


@pytest.fixture
def settings(database_config: DatabaseConfig) -> Config:
    """The configuration."""
    return config(database_config)
