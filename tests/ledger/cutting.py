"""A connection that is cut at the K-th statement, before it or after it was carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import peewee

from engine.config import DatabaseConfig
from engine.database import Database, M, Row, open_database

Mode = Literal["before", "after"]
T = TypeVar("T")


class CuttingDatabase(Database):
    """Counts the statements of our transactions, BEGIN and COMMIT among them, and cuts one.

    A cut closes the driver's connection, so that what was not committed is gone, and raises what a
    lost server raises. "after" carries the statement out first: whoever sent a COMMIT then cannot
    know that it succeeded.
    """

    def __init__(self, whole: Database) -> None:
        super().__init__(whole.handle, whole.dialect)
        self.statements = 0
        self._cut_at = 0
        self._mode: Mode = "before"

    def arm(self, cut_at: int, mode: Mode) -> None:
        """Counts from zero and cuts that statement; 0 cuts none."""
        self.statements, self._cut_at, self._mode = 0, cut_at, mode

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        return self._step(lambda: super(CuttingDatabase, self).execute(sql, parameters))

    def objects(self, query: peewee.ModelSelect[M]) -> list[M]:
        return self._step(lambda: super(CuttingDatabase, self).objects(query))

    def write(self, query: Any) -> int:
        return self._step(lambda: super(CuttingDatabase, self).write(query))

    def write_many(self, sql: str, rows: Iterable[Row]) -> None:
        self._step(lambda: super(CuttingDatabase, self).write_many(sql, rows))

    @contextmanager
    def transaction(self, keep: bool = True) -> Iterator[None]:
        if self._mode == "before":
            self._step(lambda: None)
        with super().transaction(keep):
            if self._mode == "after":
                self._step(lambda: None)
            yield

    def _commit(self) -> None:
        try:
            self._step(self.handle.commit)
        except BaseException:
            self._roll_back()
            raise
        handle: Any = self.handle
        handle.pop_transaction()

    def _step(self, carry_out: Callable[[], T]) -> T:
        self.statements += 1
        if self.statements != self._cut_at:
            return carry_out()
        if self._mode == "after":
            carry_out()
        handle: Any = self.handle
        connection = handle.connection()
        # As the driver of MariaDB does itself when its socket breaks.
        getattr(connection, "_force_close", connection.close)()
        raise peewee.OperationalError(2013, "Lost connection to server during query (cut)")


def cutting(config: DatabaseConfig) -> CuttingDatabase:
    """A second connection to the database, not armed yet."""
    return CuttingDatabase(open_database(config))


class UnguardedDatabase(CuttingDatabase):
    """One without transactions: the mistake that cutting must find."""

    @contextmanager
    def transaction(self, keep: bool = True) -> Iterator[None]:
        yield
