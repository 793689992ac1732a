"""Two closes at once: each subscriber is charged once, whoever comes first."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from typing import Any

import pytest

import bench.data
from engine.close import run
from engine.config import DatabaseConfig
from engine.database import open_database
from tests.close.books import OCTOBER, new_books
from tests.close.conftest import MakeCopies
from tests.close.copies import Copies, at
from tests.close.looks import faults, look
from tests.faults import workers
from tests.faults.harness import undisturbed

CROWD = 2_000
_SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> DatabaseConfig:
    """Two thousand subscribers, ready to close: eight chunks."""
    where = at(tmp_path_factory.mktemp("crowd") / "books.db")
    database = new_books(where)
    bench.data.fill(database, CROWD)
    database.close()
    return where


def both(work: Callable[..., None], where: DatabaseConfig) -> list[Any]:
    """Does the work in two processes at the same moment; their answers, sorted as text."""
    barrier, answers = _SPAWN.Barrier(2), _SPAWN.Queue()
    pair = [_SPAWN.Process(target=work, args=(where, barrier, answers)) for _ in range(2)]
    for one in pair:
        one.start()
    found = [answers.get(timeout=120) for _ in pair]
    for one in pair:
        one.join(60)
    return sorted(found, key=str)


def in_threads(where: DatabaseConfig) -> list[Any]:
    """The same in two threads with connections of their own."""
    barrier, found = threading.Barrier(2), []

    def work() -> None:
        barrier.wait(60)
        try:
            found.append(workers.close_without_lease(where))
        except BaseException as error:
            found.append(repr(error))
            raise

    pair = [threading.Thread(target=work) for _ in range(2)]
    for one in pair:
        one.start()
    for one in pair:
        one.join(120)
    return found


@pytest.mark.parametrize("how", ["processes", "threads"])
def test_without_a_lease(
    crowd: DatabaseConfig, make_copies: MakeCopies, engine_name: str, how: str
) -> None:
    copies = make_copies(engine_name, crowd)
    expected = undisturbed(copies.fresh)
    where = copies.fresh()
    if how == "processes":
        assert both(workers.close_at_once, where) == ["complete", "complete"]
    else:
        assert in_threads(where) == ["complete", "complete"]
    database = open_database(where)
    assert faults(database, OCTOBER) == []
    assert look(database) == expected
    events = "SELECT COUNT(*) FROM system_event WHERE kind = 'month_close'"
    assert database.integer(events) == 1
    database.close()


def test_when_both_read_ahead(
    crowd: DatabaseConfig, make_copies: MakeCopies, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = make_copies("sqlite", crowd)
    expected = undisturbed(copies.fresh)
    monkeypatch.setattr(run, "_READ_AHEAD", 0)
    where = copies.fresh()
    assert in_threads(where) == ["complete", "complete"]
    database = open_database(where)
    assert faults(database, OCTOBER) == []
    assert look(database) == expected
    database.close()


def test_with_failures_and_late_usage(copies: Copies) -> None:
    expected = undisturbed(copies.fresh)
    for _ in range(5):
        where = copies.fresh()
        assert in_threads(where) == ["complete", "complete"]
        database = open_database(where)
        assert faults(database, OCTOBER) == []
        assert look(database) == expected
        database.close()


def test_the_job_is_run_by_one(copies: Copies) -> None:
    """The first lease of a database is the hardest: there is no row to lock."""
    expected = undisturbed(copies.fresh)
    for _ in range(2):
        where = copies.fresh()
        database = open_database(where)
        database.execute("DELETE FROM lease")
        answers = both(workers.run_at_once, where)
        # Whoever comes when the other is through finds nothing left to do.
        assert answers in ([0, 3], [0, 0])
        assert faults(database, OCTOBER) == []
        assert look(database) == expected
        database.close()
