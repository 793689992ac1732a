"""One cluster of three nodes for all tests of this folder, and a database of its own for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

import bench.data
from engine.config import DatabaseConfig
from engine.database import open_database
from engine.ledger.proof import prove
from tests.close.books import new_books
from tests.close.copies import at
from tests.close.looks import Look
from tests.cluster.places import CROWD, Places
from tests.faults.harness import undisturbed
from tests.servers.galera import GaleraCluster, why_missing

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[GaleraCluster]:
    """The cluster, started by the first test that asks."""
    reason = why_missing()
    if reason is not None:
        pytest.skip(f"Galera: {reason}")
    with GaleraCluster() as cluster:
        yield cluster


@pytest.fixture
def places(cluster: GaleraCluster) -> Iterator[Places]:
    """A new database with tables and nothing in them, as each node has it. Afterwards all nodes are
    there again, and the ledger is sound on each of them."""
    name = f"books{next(_numbers)}"
    cluster.create_database(name)
    places = Places(cluster, name)
    new_books(places.configs[0]).close()
    yield places
    for node in cluster.nodes:
        node.start()
        node.thaw()
    cluster.settle()
    for where in places.configs:
        database = open_database(where)
        assert prove(database) == []
        database.close()
    cluster.nodes[0].drop_database(name)


@pytest.fixture(scope="session")
def crowd_look(tmp_path_factory: pytest.TempPathFactory) -> Look:
    """What a close of the crowd leaves on SQLite, where nobody disturbs it."""
    folder = tmp_path_factory.mktemp("crowd")
    numbers = itertools.count(1)

    def fresh() -> DatabaseConfig:
        return _crowd_at(folder / f"books{next(numbers)}.db")

    return undisturbed(fresh)


@pytest.fixture
def crowd(places: Places) -> Places:
    """The same subscribers, ready to close, on the cluster."""
    database = open_database(places.configs[0])
    bench.data.fill(database, CROWD)
    database.close()
    return places


def _crowd_at(path: Path) -> DatabaseConfig:
    database = new_books(at(path))
    bench.data.fill(database, CROWD)
    database.close()
    return at(path)
