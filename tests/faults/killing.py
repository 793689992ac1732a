"""A connection whose process dies at the K-th statement, and one with the money in a transaction
of its own, which must not survive that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import peewee

from engine.close.statements import make
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from tests.ledger.cutting import CuttingDatabase

T = TypeVar("T")


class Killed(BaseException):
    """The process is no more; nothing that it would still do reaches the database."""


def quick(where: DatabaseConfig) -> Database:
    """A connection that does not wait for the disk: a killed process leaves the system alive."""
    database = open_database(where)
    if where.engine == "sqlite":
        database.execute("PRAGMA synchronous = off")
    return database


class Losing(CuttingDatabase):
    """Loses the connection once, and remembers which of its statements were COMMITs."""

    def __init__(self, where: DatabaseConfig) -> None:
        super().__init__(quick(where))
        self.commits: list[int] = []

    def _commit(self) -> None:
        self.commits.append(self.statements + 1)
        super()._commit()


class Killing(CuttingDatabase):
    """Dies for good where its parent only loses the connection: whatever is tried afterwards, by
    any `finally` on the way out, is not done. Not even a rollback: the connection is gone."""

    def __init__(self, where: DatabaseConfig) -> None:
        super().__init__(quick(where))
        self.dead = False

    def connect(self) -> None:
        if self.dead:
            raise Killed
        super().connect()

    def step(self, carry_out: Callable[[], T]) -> T:
        """Something outside of the database at which the process may die, too."""
        return self._step(carry_out)

    def _step(self, carry_out: Callable[[], T]) -> T:
        if self.dead:
            raise Killed
        try:
            return super()._step(carry_out)
        except peewee.OperationalError as error:
            if "(cut)" not in str(error):
                raise
            self.dead = True
            raise Killed from None


class MoneyLater(Killing):
    """The deliberately broken order: close records are committed first, and the balances and
    postings of their subscribers after that, in a transaction of their own."""

    def __init__(self, where: DatabaseConfig) -> None:
        super().__init__(where)
        sql = make(self.dialect)
        self._money = (sql.balances, sql.postings)
        self._later: list[tuple[str, Sequence[Any]]] = []
        self.postponed = 0

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        if sql in self._money:
            self._later.append((sql, parameters))
            self.postponed += 1
            return None
        return super().execute(sql, parameters)

    def _commit(self) -> None:
        super()._commit()
        later, self._later = self._later, []
        if later:
            with self.transaction():
                for sql, parameters in later:
                    super().execute(sql, parameters)


class Impatient(threading.Event):
    """A stop that never comes, and waits that end at once."""

    def wait(self, timeout: Any = None) -> bool:
        return self.is_set()
