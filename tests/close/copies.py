"""The same rows on a database of either engine, as often as a test needs them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from engine.config import DatabaseConfig
from engine.database import Row, open_database
from tests.close.books import new_books

NewDatabase = Callable[[str], DatabaseConfig]
_OWN_TABLES = ("schema_migration", "sqlite_")
_TRIGGERS = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"


class Refilled:
    """One database of MariaDB that is emptied and filled again, which takes hundredths of a second
    where a new one takes a second. For that it goes without the triggers that refuse to delete."""

    def __init__(self, where: DatabaseConfig) -> None:
        self.where = where
        database = new_books(where)
        for (trigger,) in database.rows(_TRIGGERS):
            database.execute(f"DROP TRIGGER {trigger}")
        database.close()

    def fill(self, original: DatabaseConfig) -> None:
        """Replaces all rows by those of an SQLite file."""
        database = open_database(self.where)
        database.execute("SET foreign_key_checks = 0")
        with database.transaction():
            for table, rows in _all_rows(original.path).items():
                database.execute(f"DELETE FROM {table}")
                if rows:
                    marks = ", ".join("?" for _ in rows[0])
                    database.write_many(f"INSERT INTO {table} VALUES ({marks})", rows)
        database.close()


@lru_cache(maxsize=8)
def _all_rows(path: Path) -> dict[str, list[Row]]:
    database = open_database(at(path))
    tables = [one for one in database.handle.get_tables() if not one.startswith(_OWN_TABLES)]
    rows = {table: database.rows(f"SELECT * FROM {table}") for table in tables}
    database.close()
    return rows


class Copies:
    """Fresh copies of an SQLite file's books. Of MariaDB only the newest exists."""

    def __init__(
        self,
        engine: str,
        original: DatabaseConfig,
        new_database: NewDatabase,
        refilled: Refilled | None,
    ) -> None:
        self.engine = engine
        self._original = original
        self._new_database = new_database
        self._refilled = refilled

    def fresh(self) -> DatabaseConfig:
        """The books as they were at first."""
        if self._refilled is not None:
            self._refilled.fill(self._original)
            return self._refilled.where
        where = self._new_database("sqlite")
        shutil.copyfile(self._original.path, where.path)
        return where


def through_port(where: DatabaseConfig, port: int) -> DatabaseConfig:
    """The same database reached by a port of this machine."""
    return replace(where, socket=None, host="127.0.0.1", port=port)


def at(path: Path) -> DatabaseConfig:
    """An SQLite file as a configuration."""
    return DatabaseConfig(engine="sqlite", path=path)


def empty_file(path: Path) -> DatabaseConfig:
    """A new SQLite file with tables and nothing in them."""
    new_books(at(path)).close()
    return at(path)
