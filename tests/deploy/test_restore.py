"""A backup taken while payments come in, restored by the commands of docs/operate.md."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import bench.data
from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.ledger.balances import balance_of
from engine.ledger.operations import Ledger
from engine.ledger.proof import prove
from tests.close.books import NOW, new_books
from tests.close.books import config as settings
from tests.deploy.pages import Machine, blocks
from tests.servers.mariadb import MariaDBServer

PAGE, HEADING = "operate.md", "Backup and restore"
TAKE, NAME, SQLITE, MARIADB = range(4)
IVAN, LOGIN = 1000, "u1000"


@dataclass
class Office:
    """A machine, and the database that it has."""

    machine: Machine
    where: DatabaseConfig


@pytest.fixture
def named(engine_name: str, request: pytest.FixtureRequest) -> Iterator[DatabaseConfig | None]:
    """An empty database on MariaDB that is called as on the page; None for SQLite."""
    if engine_name == "sqlite":
        yield None
        return
    server: MariaDBServer = request.getfixturevalue("mariadb_server")
    make: Callable[[str], DatabaseConfig] = request.getfixturevalue("new_database")
    server.create_database("billdeck")
    yield replace(make("mariadb"), name="billdeck")
    server.drop_database("billdeck")


@pytest.fixture
def office(named: DatabaseConfig | None, tmp_path: Path) -> Office:
    """Two thousand subscribers, on each engine."""
    file = tmp_path / "config.ini"
    if named is None:
        machine = Machine(tmp_path, file)
        where = DatabaseConfig(engine="sqlite", path=machine.home / "billing.db")
        lines = ["engine = sqlite", f"path = {where.path}"]
    else:
        root = ["--no-defaults", f"--socket={named.socket}", "--user=root"]
        machine, where = Machine(tmp_path, file, root), named
        assert where.password is not None
        password = where.password.reveal()
        lines = ["engine = mariadb", f"socket = {where.socket}", f"password = {password}"]
    file.touch(mode=0o600)
    file.write_text("\n".join(["[database]", *lines]) + "\n", encoding="utf-8")
    (machine.home / "backup").mkdir(mode=0o700)
    database = new_books(where)
    bench.data.fill(database, 2_000)
    database.close()
    return Office(machine, where)


class Cashier(threading.Thread):
    """Takes payments of 1, 2, 3... kopecks, each with its key, until told to stop."""

    def __init__(self, where: DatabaseConfig) -> None:
        super().__init__()
        self._where = where
        self._enough = threading.Event()
        self._more = threading.Condition()
        self.taken = 0

    def run(self) -> None:
        database = open_database(self._where)
        while not self._enough.is_set():
            pay(database, self._where, self.taken + 1)
            with self._more:
                self.taken += 1
                self._more.notify_all()
        database.close()

    def wait_for(self, count: int) -> None:
        """Returns when so many payments were taken."""
        with self._more:
            assert self._more.wait_for(lambda: self.taken >= count, 60)

    def stop(self) -> None:
        self._enough.set()
        self.join(60)


def pay(database: Database, where: DatabaseConfig, number: int) -> bool:
    """The payment of this number; whether it was there already."""
    ledger = Ledger(database, settings(where).billing, FixedClock(NOW), "anna", 30)
    return ledger.payment(LOGIN, number, key=f"bank-{number}").repeated


def sum_to(count: int) -> int:
    return count * (count + 1) // 2


def test_what_was_copied_comes_back_and_the_rest_is_taken_again(
    office: Office, engine_name: str
) -> None:
    commands = blocks(PAGE, HEADING)
    machine, where = office.machine, office.where
    cashier = Cashier(where)
    cashier.start()
    try:
        cashier.wait_for(3)
        before = cashier.taken
        machine.run(commands[TAKE])
        cashier.wait_for(cashier.taken + 3)
    finally:
        cashier.stop()
    (backup,) = (machine.home / "backup").iterdir()
    assert backup.stat().st_mode & 0o777 == 0o600
    name = commands[NAME].strip()
    assert name.startswith("backup=/var/lib/billdeck/backup/")
    restore = commands[SQLITE if engine_name == "sqlite" else MARIADB]
    said = machine.run(f"backup={backup}", restore)
    assert "ledger: ok" in said
    assert machine.told_systemd == ["stop billdeck", "start billdeck"]
    database = open_database(where)
    assert prove(database) == []
    kept = database.integer("SELECT COUNT(*) FROM journal_entry WHERE kind = 'payment'")
    assert before <= kept < cashier.taken
    assert balance_of(database, IVAN) == sum_to(kept)
    repeated = [pay(database, where, number) for number in range(1, cashier.taken + 1)]
    assert repeated == [True] * kept + [False] * (cashier.taken - kept)
    assert balance_of(database, IVAN) == sum_to(cashier.taken)
    assert prove(database) == []
    with pytest.raises(Exception, match="never changed"):
        database.execute("UPDATE posting SET amount = 0")
    database.close()


def test_what_was_there_is_kept(office: Office, engine_name: str) -> None:
    """The page moves what it replaces out of the way, not away."""
    commands = blocks(PAGE, HEADING)
    office.machine.run(commands[TAKE])
    (backup,) = (office.machine.home / "backup").iterdir()
    database = open_database(office.where)
    pay(database, office.where, 1)
    database.close()
    restore = commands[SQLITE if engine_name == "sqlite" else MARIADB]
    office.machine.run(f"backup={backup}", restore)
    if engine_name == "sqlite":
        broken = open_database(
            replace(office.where, path=office.machine.home / "broken/billing.db")
        )
        assert balance_of(broken, IVAN) == 1
        broken.close()
    else:
        assert "bank-1" in backup.with_name(f"{backup.name}.broken").read_text(encoding="utf-8")
