"""How the databases carry out the statements of a chunk: never by walking through a whole table.

The plans are those of a real close of the second month of some thousands of subscribers, asked for
in the middle of it, with the very parameters. Only the work table of a chunk may be scanned. What
is read once for a whole period is not looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

import bench.data
from engine.clock import FixedClock
from engine.close.chunk import ChunkResult
from engine.close.hooks import Hooks
from engine.close.run import PeriodClose
from engine.config import DatabaseConfig
from engine.database import Database, Row, open_database
from engine.period import parse_when
from jobs.month_close import CloseOptions
from tests.close.books import (
    BYTES,
    CHUNK_IDS,
    MOSCOW,
    NOVEMBER,
    OCTOBER,
    add_subscriber,
    config,
    job,
    new_books,
    use,
)
from tests.close.copies import NewDatabase
from tests.servers.mariadb import MariaDBServer

SUBSCRIBERS = 2_000
DECEMBER_1ST = parse_when("2026-12-01T03:00:00", MOSCOW)
# The work table of a chunk, and the rows handed over for it.
WORK = ("w", "close_work", "given")
# Which times of a statement the plan is asked for.
_ASKED = (1, 4)
_READS = re.compile(r"\s*(SELECT|UPDATE|DELETE|INSERT .* SELECT)\b", re.DOTALL)


class Explaining(Database):
    """Asks for the plan of each statement before it is carried out, and keeps those of chunks."""

    def __init__(self, whole: Database) -> None:
        super().__init__(whole.handle, whole.dialect)
        self._now: list[tuple[str, Row]] = []
        self._times: Counter[str] = Counter()
        self.chunks: list[tuple[str, Row]] = []

    @contextmanager
    def transaction(self, keep: bool = True) -> Iterator[None]:
        self._now = []
        with super().transaction(keep):
            yield

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        self._times[sql] += 1
        if self._times[sql] in _ASKED and _READS.match(sql):
            word = "EXPLAIN QUERY PLAN" if self.dialect.name == "sqlite" else "EXPLAIN"
            plan = super().execute(f"{word} {sql}", parameters).fetchall()
            self._now += [(sql, tuple(step)) for step in plan]
        return super().execute(sql, parameters)

    def keep(self, result: ChunkResult) -> None:
        """The transaction under way is that of a chunk."""
        self.chunks += self._now


def second_month(database: Database, where: DatabaseConfig) -> None:
    """October is closed; November has usage, aliases, services, and October got some late."""
    bench.data.fill(database, SUBSCRIBERS)
    with database.transaction():
        for n in range(40):
            add_subscriber(database, 900_000 + n, alias_of=1000 + 50 * n)
    done = job(database, config(where, close_chunk=5000)).run(CloseOptions())
    assert done.complete
    names = ", ".join(BYTES)
    with database.transaction():
        database.execute(
            f"INSERT INTO period_usage SELECT '{NOVEMBER}', subscriber_id, {names}"
            " FROM period_usage WHERE period = ?",
            (str(OCTOBER),),
        )
        for n in range(0, SUBSCRIBERS, 50):
            use(database, OCTOBER, 1000 + n, 5)
        database.execute(
            "UPDATE subscriber SET ordered_plan_id = 7, ordered_plan_from = '2026-12'"
            " WHERE id % 10 = 0"
        )


def plans(where: DatabaseConfig) -> list[tuple[str, Row]]:
    """Statement and step of its plan, of all chunks of November; nothing is kept."""
    database = Explaining(open_database(where))
    hooks = Hooks(compare=database.keep)
    clock = FixedClock(DECEMBER_1ST)
    close = PeriodClose(database, config(where), clock, "anna", NOVEMBER, hooks)
    tally = close.run(keep=False).tally
    database.close()
    assert tally.charged > SUBSCRIBERS * 9 // 10
    assert len({sql for sql, _ in database.chunks}) >= 12
    return database.chunks


def prepared(where: DatabaseConfig) -> Database:
    database = new_books(where)
    second_month(database, where)
    return database


def test_of_sqlite(new_database: NewDatabase) -> None:
    """With statistics of a month ago, of today, and with none."""
    where = new_database("sqlite")
    database = prepared(where)
    for statistics in ("SELECT 1", "ANALYZE", "DELETE FROM sqlite_stat1"):
        database.execute(statistics)
        assert {wrong for step in plans(where) if (wrong := wrong_for_sqlite(*step))} == set()
    database.close()


def wrong_for_sqlite(sql: str, step: Row) -> str | None:
    """The step, if it is one that grows with a table."""
    detail = str(step[3])
    scan = re.match(r"SCAN (\w+)", detail)
    if (
        (scan and scan[1] not in WORK)
        or "AUTOMATIC" in detail
        or "BLOOM" in detail
        # a whole period, or all of a status, is as good as a whole table
        or (detail.endswith("(period=?)") and not re.match(r"SEARCH (b|billing_period) ", detail))
        or re.search(r"\(status=\?( AND period=\?)?\)", detail)
    ):
        return f"{detail}: {sql}"
    return None


@pytest.mark.mariadb
def test_of_mariadb(new_database: NewDatabase) -> None:
    """With statistics of a month ago, and of today."""
    where = new_database("mariadb")
    database = prepared(where)
    tables = "subscriber, account, period_usage, close_record, posting"
    for statistics in ("SELECT 1", f"ANALYZE TABLE {tables}"):
        database.rows(statistics)
        assert {wrong for step in plans(where) if (wrong := wrong_for_mariadb(*step))} == set()
    database.close()


@pytest.mark.mariadb
def test_of_mariadb_after_a_restart(new_database: NewDatabase) -> None:
    """A server that is restarted soon after a large import believes that all tables are empty."""
    where = new_database("mariadb")  # skips where there is no server
    with MariaDBServer(in_memory=True) as server:
        server.create_database(where.name)
        where = replace(where, socket=server.socket)
        prepared(where).close()
        connection = server.connect(root=True)
        with connection.cursor() as cursor:
            empty = "UPDATE mysql.innodb_table_stats SET n_rows = 0, clustered_index_size = 1"
            assert cursor.execute(f"{empty} WHERE database_name = %s", (where.name,)) > 10
            connection.commit()
        connection.close()
        server.kill()
        server.start()
        wrong = {one for step in plans(where) if (one := wrong_for_mariadb(*step))}
    # The terms, of which there are never many, may be walked through until the server counts anew.
    assert {one for one in wrong if not one.startswith("charge_terms ")} == set()


def wrong_for_mariadb(sql: str, step: Row) -> str | None:
    """The step, if it is one that grows with a table. `rows` is the server's own estimate."""
    _, _, table, access, _, key, _, _, rows, extra = step
    if table is None or table in WORK or rows is None or key == "subscriber_alias_of":
        return None
    if access in ("ALL", "index") or int(rows) > 4 * CHUNK_IDS:
        return f"{table} {access} {key} {rows} {extra}: {sql}"
    return None
