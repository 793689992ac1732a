"""The rows of a bundle on their way: a private temporary database on disk.

SQLite makes it (an unnamed database: a file that nobody else can open and that is gone with the
connection), so memory stays flat however large the bundle is, and duplicates and references are
found by sorting and joining instead of by tables in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from engine.database import Database, Row
from engine.errors import JobFailed
from engine.text import safe

# The disk is full, gives errors, or has no place for a file of ours.
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
_CACHE_KIB = 16 * 1024
_BATCH = 5_000
_LOOKUP = 2_000


class Staging:
    """One temporary database. `rows` of a query come one by one."""

    def __init__(self) -> None:
        self._handle = sqlite3.connect("", isolation_level=None)
        for setting in (
            "journal_mode = OFF",
            "synchronous = OFF",
            f"cache_size = -{_CACHE_KIB}",
            "temp_store = FILE",
        ):
            self._handle.execute(f"PRAGMA {setting}")

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Runs one statement."""
        self._handle.execute(sql, parameters)

    def write(self, sql: str, rows: Iterable[Row]) -> None:
        """Runs one statement for many rows, all in one go."""
        self._handle.execute("BEGIN")
        self._handle.executemany(sql, rows)
        self._handle.execute("COMMIT")

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Iterator[Row]:
        """The rows of a query one by one."""
        return iter(self._handle.execute(sql, parameters))

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, None without a row."""
        row = self._handle.execute(sql, parameters).fetchone()
        return row[0] if row else None

    def batches(self, sql: str, parameters: Sequence[Any], size: int) -> Iterator[list[Row]]:
        """The rows of a query in lists of up to `size`."""
        cursor = self._handle.execute(sql, parameters)
        while batch := cursor.fetchmany(size):
            yield batch

    def close(self) -> None:
        """Ends the connection and with it the database."""
        self._handle.close()


class Inserter:
    """Collects rows for one table and writes them in batches."""

    def __init__(self, staging: Staging, table: str, width: int) -> None:
        self._staging = staging
        self._sql = f"INSERT INTO {table} VALUES ({', '.join('?' * width)})"
        self._rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Takes a row; it is in the table after `flush` at the latest."""
        self._rows.append(row)
        if len(self._rows) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Writes what was collected."""
        self._staging.write(self._sql, self._rows)
        self._rows.clear()


@contextmanager
def open_staging() -> Iterator[Staging]:
    """A staging database for the time of a block. JobFailed when the disk for temporary files
    gives out."""
    staging: Staging | None = None
    try:
        staging = Staging()
        yield staging
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF not in _NO_ROOM:
            raise
        raise JobFailed(
            f"the temporary database for the import failed: {safe(error)}. Nothing was imported."
            " It lies in $SQLITE_TMPDIR or /var/tmp and needs about as much room as the files."
        ) from None
    finally:
        if staging is not None:
            staging.close()


def fetch_known(staging: Staging, database: Database, wanted: str, column: str = "login") -> None:
    """Fills the staging table `known` (made here if need be) with the subscribers of the database
    whose `column` is among the values of the staging query `wanted`.

    `known` has id, login, uid, and the id of the main subscriber.
    """
    staging.run(
        "CREATE TABLE IF NOT EXISTS known (id INTEGER PRIMARY KEY, login TEXT, uid TEXT,"
        " main INTEGER)"
    )
    if database.value("SELECT 1 FROM subscriber LIMIT 1") is None:
        return
    for batch in staging.batches(wanted, (), _LOOKUP):
        values = [value for (value,) in batch]
        marks = ", ".join("?" * len(values))
        found = database.rows(
            "SELECT id, login, external_uid, COALESCE(alias_of, id) FROM subscriber"
            f" WHERE {column} IN ({marks})",
            values,
        )
        staging.write("INSERT OR IGNORE INTO known VALUES (?, ?, ?, ?)", found)
