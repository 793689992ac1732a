"""What the tests of the jobs' frame share: the jobs of `tests.jobs.extra`, and a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

import jobs.all
from engine.config import Config, DatabaseConfig
from engine.database import Database, open_database
from jobs.registry import all_jobs
from tests.close.books import config, new_books
from tests.jobs.dressed import EXTRA, Dress
from tests.jobs.hosts import Host

StartHost = Callable[..., Host]


def add_extra_jobs() -> None:
    """The jobs of `extra` are there, for the rest of this process."""
    jobs.all.__path__.append(str(EXTRA))
    all_jobs.cache_clear()


def make_tables(database: Database) -> None:
    """What the jobs of `extra` write into."""
    database.execute("CREATE TABLE counted (number INTEGER PRIMARY KEY, process INTEGER NOT NULL)")
    database.execute("CREATE TABLE ticked (slot BIGINT NOT NULL, process INTEGER NOT NULL)")


@pytest.fixture(autouse=True)
def extra_jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A job is one file: these are there as soon as their folder is looked into."""
    monkeypatch.setattr(jobs.all, "__path__", [*jobs.all.__path__, str(EXTRA)])
    all_jobs.cache_clear()
    yield
    all_jobs.cache_clear()


@pytest.fixture
def books(database_config: DatabaseConfig) -> Iterator[Database]:
    """A new database, with tables for the jobs that write down what they do."""
    database = new_books(database_config)
    make_tables(database)
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Real daemons take their time: a module says on which database its tests are quick ones."""
    for item in items:
        module = getattr(item, "module", None)
        quick = getattr(module, "QUICK_ON", None)
        engine = getattr(item, "callspec", None) and item.callspec.params.get("engine_name")
        if quick and engine and engine != quick:
            item.add_marker(pytest.mark.heavy)


@pytest.fixture
def new_host(tmp_path: Path, database_config: DatabaseConfig) -> Iterator[StartHost]:
    """Makes a host on the test's database; `host.start()` starts its daemon. Nothing of it is left
    afterwards."""
    made: list[Host] = []

    def make(
        name: str = "one",
        schedule: Mapping[str, str] | None = None,
        settings: Mapping[str, Mapping[str, object]] | None = None,
        where: DatabaseConfig | None = None,
        environ: Mapping[str, str] | None = None,
        dress: Dress | None = None,
    ) -> Host:
        folder = tmp_path / f"host-{name}"
        host = Host(folder, where or database_config, dress or Dress(), schedule or {},
                    settings or {}, environ or {})  # fmt: skip
        made.append(host)
        return host

    yield make
    for host in made:
        host.clean_up()
