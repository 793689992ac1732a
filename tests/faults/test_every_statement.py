"""The close cut at every statement: it must come out as if nobody had disturbed it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from engine.close import run
from engine.config import DatabaseConfig
from engine.database import open_database
from engine.errors import DatabaseUnavailable
from tests.close.books import config
from tests.close.conftest import MakeCopies
from tests.close.copies import Copies, through_port
from tests.faults.harness import (
    Victim,
    close_october,
    damages,
    differences,
    half_done,
    rehearse,
    swept,
    undisturbed,
)
from tests.faults.killing import Killing, Losing, MoneyLater
from tests.ledger.cutting import Mode
from tests.servers.fault_proxy import FaultProxy
from tests.servers.mariadb import MariaDBServer

Start = Callable[[DatabaseConfig], None]
# Of the statements of a close on MariaDB the quick tests cut one of so many, and every COMMIT.
SAMPLE = 20


def untouched(where: DatabaseConfig) -> None:
    """Nothing of the period has been closed yet."""


@pytest.fixture(params=[untouched, half_done], ids=lambda start: start.__name__)
def start(request: pytest.FixtureRequest) -> Start:
    """How a run finds the period."""
    found: Start = request.param
    return found


def started(copies: Copies, start: Start) -> Callable[[], DatabaseConfig]:
    def fresh() -> DatabaseConfig:
        where = copies.fresh()
        start(where)
        return where

    return fresh


@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.parametrize("victim", [Killing, Losing])
class TestEveryStatement:
    def test_of_sqlite(
        self,
        original: DatabaseConfig,
        make_copies: MakeCopies,
        start: Start,
        victim: Victim,
        mode: Mode,
    ) -> None:
        fresh = started(make_copies("sqlite", original), start)
        assert damages(fresh, victim, mode) == []

    def test_of_sqlite_when_it_reads_ahead(
        self,
        original: DatabaseConfig,
        make_copies: MakeCopies,
        monkeypatch: pytest.MonkeyPatch,
        victim: Victim,
        mode: Mode,
    ) -> None:
        monkeypatch.setattr(run, "_READ_AHEAD", 0)
        fresh = started(make_copies("sqlite", original), swept)
        assert damages(fresh, victim, mode) == []

    @pytest.mark.mariadb
    def test_of_mariadb_in_samples(
        self, original: DatabaseConfig, make_copies: MakeCopies, victim: Victim, mode: Mode
    ) -> None:
        fresh = started(make_copies("mariadb", original), half_done)
        total, commits = rehearse(fresh)
        assert len(commits) > 5
        sample = {*range(1 + (mode == "after"), total, SAMPLE)}
        at = commits if mode == "after" and victim is Losing else sample
        assert damages(fresh, victim, mode, sorted(at)) == []

    @pytest.mark.heavy
    @pytest.mark.mariadb
    def test_of_mariadb(
        self,
        original: DatabaseConfig,
        make_copies: MakeCopies,
        start: Start,
        victim: Victim,
        mode: Mode,
    ) -> None:
        fresh = started(make_copies("mariadb", original), start)
        assert damages(fresh, victim, mode) == []


class TestOnTheWire:
    """The proxy cuts what really goes to the server; the run must ride it out."""

    @pytest.mark.mariadb
    @pytest.mark.parametrize("mode", ["before", "after"])
    def test_in_samples(
        self,
        original: DatabaseConfig,
        make_copies: MakeCopies,
        mariadb_server: MariaDBServer,
        mode: Mode,
    ) -> None:
        fresh = make_copies("mariadb", original).fresh
        assert cut_on_the_wire(fresh, mariadb_server, mode, step=SAMPLE) == []

    @pytest.mark.heavy
    @pytest.mark.mariadb
    @pytest.mark.parametrize("mode", ["before", "after"])
    def test_every_command(
        self,
        original: DatabaseConfig,
        make_copies: MakeCopies,
        mariadb_server: MariaDBServer,
        mode: Mode,
        start: Start,
    ) -> None:
        fresh = started(make_copies("mariadb", original), start)
        assert cut_on_the_wire(fresh, mariadb_server, mode, step=1) == []


def cut_on_the_wire(
    fresh: Callable[[], DatabaseConfig], server: MariaDBServer, mode: Mode, step: int
) -> list[tuple[str, list[str]]]:
    """Cuts each `step`-th command, one in each run; tells which cuts did damage."""
    expected = undisturbed(fresh)
    found = []
    for k in count(1, step):
        where = fresh()
        with FaultProxy(server.socket, cut_at=k, mode=mode) as proxy:
            wire = through_port(where, proxy.port)
            try:
                database = open_database(wire)
            except DatabaseUnavailable:  # whoever typed the command types it again
                database = open_database(wire)
            close_october(database, config(wire))
            database.close()
            if proxy.cut_statement is None:
                assert k > 4 * step
                break
            what = differences(where, expected, again=False)
            if what:
                found.append((proxy.cut_statement, what))
    return found


class TestTheHarnessItself:
    """On statements in a broken order it must find damage."""

    def test_the_broken_order_is_right_when_nothing_happens(self, copies: Copies) -> None:
        expected = undisturbed(copies.fresh)
        where = copies.fresh()
        database = MoneyLater(where)
        close_october(database, config(where))
        database.close()
        assert database.postponed > 4
        assert differences(where, expected, again=False) == []

    @pytest.mark.parametrize("mode", ["before", "after"])
    def test_it_finds_what_the_broken_order_does(self, copies: Copies, mode: Mode) -> None:
        total, _ = rehearse(copies.fresh)
        step = 1 if copies.engine == "sqlite" else SAMPLE // 2
        found = damages(copies.fresh, MoneyLater, mode, range(1, total, step))
        assert 0 < len(found) < total // step
        assert any("balance" in text for one in found for text in one.what)
        assert any("was charged 0 times" in text for one in found for text in one.what)
