"""Deciding the next chunk while the present one is written, on a second connection and thread.

A close spends half of its time in Python and half in the database's statements, which need no
Python. SQLite tells by `PRAGMA data_version` whether anybody else has committed since the reading
began; if so the decisions are thrown away and made again inside the transaction. So they are always
those that the transaction itself would have made. MariaDB has no such sign: there each chunk reads
under its own locks.
"""

from __future__ import annotations

import sys
from concurrent.futures import Future, ThreadPoolExecutor

import peewee

from engine.close.decide import Decider, Decision
from engine.database import Database

# How soon (seconds) a thread that comes back from the database is given the interpreter.
_SWITCH_SECONDS = 0.0005


class ReadAhead:
    """Decides one range ahead. `start`, `take` and `close` belong to the thread that writes."""

    def __init__(self, database: Database, decider: Decider) -> None:
        self._database = database
        self._decider = decider
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead")
        self._span: tuple[int, int] | None = None
        self._future: Future[list[Decision]] | None = None
        self._version: tuple[object, int] | None = None
        self._switch_seconds = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_SECONDS)

    def start(self, after: int, upto: int) -> None:
        """Begins with the subscribers with `after < id <= upto`. Within a write transaction, so
        that nobody else commits between the version read here and the first of the data."""
        if self._span != (after, upto):
            self._version = self._data_version()
            self._span = (after, upto)
            self._future = self._thread.submit(self._decide, after, upto)

    def take(self, after: int, upto: int) -> list[Decision] | None:
        """The decisions for a range, in the write transaction that uses them. None if they are not
        there, or if somebody has written meanwhile. They are given once: a chunk that is tried
        again may have been committed, its answer lost."""
        future = self._future
        if future is None or self._span != (after, upto):
            return None
        self._future = self._span = None
        try:
            decisions = future.result()
        except peewee.PeeweeException:
            return None
        return decisions if self._data_version() == self._version else None

    def close(self) -> None:
        """Ends the thread and its connection."""
        self._thread.submit(self._database.close).result()
        self._thread.shutdown()
        sys.setswitchinterval(self._switch_seconds)

    def _decide(self, after: int, upto: int) -> list[Decision]:
        self._database.connect()
        return self._decider.decide(after, upto)

    def _data_version(self) -> tuple[object, int]:
        """The connection, for another one counts anew, and its number, which changes when others,
        of any process, have committed. Our own commits, which touch nothing that the next range is
        decided by, do not count."""
        number = self._database.integer("PRAGMA data_version")
        return self._database.handle.connection(), number
