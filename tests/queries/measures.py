"""How the databases carry out a question: by an index, never by walking through or sorting a table.

The plans are asked for, and the work is counted: VM steps on SQLite, rows read on MariaDB. Both
must stay small beside the size of the tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from engine.database import Database

SIZE = 40
# Rows of small tables and of a page itself are read several times.
ROWS_READ = 20 * SIZE
STEPS = 1_200 * SIZE
BIG = ("s", "a", "c", "m", "b", "l", "subscriber", "account", "close_record", "number",
       "number_balance", "e", "action", "event")  # fmt: skip


class Explaining(Database):
    """Keeps the plans of the statements that it carries out."""

    def __init__(self, whole: Database) -> None:
        super().__init__(whole.handle, whole.dialect)
        self.plans: list[tuple[str, Any]] = []

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        if sql.startswith("SELECT"):
            word = "EXPLAIN QUERY PLAN" if self.dialect.name == "sqlite" else "EXPLAIN"
            plan = super().execute(f"{word} {sql}", parameters).fetchall()
            self.plans += [(sql, step) for step in plan]
        return super().execute(sql, parameters)

    def wrong(self) -> list[str]:
        """The steps that grow with a table."""
        wrong = wrong_for_sqlite if self.dialect.name == "sqlite" else wrong_for_mariadb
        return [f"{step}: {sql}" for sql, step in self.plans if wrong(sql, step)]


def wrong_for_sqlite(sql: str, step: Any) -> bool:
    detail = str(step[3])
    scan = re.match(r"SCAN (\w+)(.*)", detail)
    if scan and scan[1] in BIG:
        # In the order of an index from its beginning, up to the LIMIT, is as good as a search.
        return " INDEX " not in scan[2] and f"{scan[1]} NOT INDEXED" not in sql
    few = "FROM (SELECT" in sql
    return "AUTOMATIC" in detail or ("TEMP B-TREE" in detail and not few)


def wrong_for_mariadb(sql: str, step: Any) -> bool:
    _, _, table, access, _, _, _, _, rows, extra = step
    if access == "ALL" and table in BIG and rows and int(rows) > SIZE:
        return True
    return "filesort" in str(extra or "") and "FROM (SELECT" not in sql


def rows_read(database: Database, ask: Callable[[], object]) -> int:
    """How many rows MariaDB has read for a question."""

    def read() -> int:
        status = database.rows("SHOW SESSION STATUS LIKE 'Handler_read%'")
        return sum(int(count) for _, count in status)

    before = read()
    ask()
    return read() - before


def steps(database: Database, ask: Callable[[], object]) -> int:
    """How many steps SQLite's machine has made for a question, to the hundred."""
    count = 0

    def more() -> int:
        nonlocal count
        count += 100
        return 0

    connection = database.handle.connection()
    connection.set_progress_handler(more, 100)
    try:
        ask()
    finally:
        connection.set_progress_handler(None, 0)
    return count


def cheap(database: Database, ask: Callable[[Database], object], what: str, times: int = 1) -> None:
    """The question, asked of a table of thousands, looks at a few rows; at `times` as many where a
    filter passes over some."""
    explaining = Explaining(database)
    ask(explaining)
    assert explaining.plans, what
    assert explaining.wrong() == [], what
    if database.dialect.name == "sqlite":
        assert steps(database, lambda: ask(database)) < STEPS * times, what
    else:
        assert rows_read(database, lambda: ask(database)) < ROWS_READ * times, what
