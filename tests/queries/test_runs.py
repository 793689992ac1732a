"""The runs of jobs among half a million: each page reads an index, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC
from functools import partial

import pytest

from engine.clock import FixedClock
from engine.database import Database
from engine.queries.attention import what_needs_attention
from engine.queries.columns import Sort
from engine.queries.job_list import jobs_that_ran
from engine.queries.paging import Query
from engine.queries.run_list import NEWEST_FIRST, Runs
from engine.queries.runs import STATES, last_runs, now_or_last, one_run, run_log, running_now
from tests.queries.test_page_plans import Explaining, rows_read, steps

NOW = 1_790_000_000_000
MANY = 12_000
# A page of 40 rows and what is around it, beside 12,000.
ROWS_READ = 1_500
STEPS = 40_000
# Most are of one job and done; `old` ended long ago, `rare` runs now and then.
JOBS = ("minutely", "old", "rare")
SOURCE = Runs(FixedClock(NOW))


def _facts(number: int) -> tuple[str, str]:
    job = "old" if number <= MANY // 3 else "rare" if number % 1_000 == 0 else "minutely"
    state = "missed" if number <= MANY // 4 else STATES[number // 500 % 7] if job == "rare" else (
        "failed" if number % 3_000 == 7 else "done"
    )  # fmt: skip
    return job, state


@pytest.fixture
def runs(database: Database) -> Database:
    """`MANY` runs."""
    rows = []
    for number in range(1, MANY + 1):
        job, state = _facts(number)
        at = NOW - (MANY - number) * 60_000
        rows.append((number, job, state, "elsewhere 1 1 x", "schedule", at, at, at, at))
    with database.transaction():
        database.write_many(
            "INSERT INTO job_run (id, job, state, holder, actor, asked_at, started_at,"
            " heartbeat_at, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    return database


def knowledge(database: Database) -> Iterator[str]:
    """With statistics of the tables and without."""
    yield "as it is"
    if database.dialect.name == "mariadb":
        database.rows("ANALYZE TABLE job_run")
    else:
        database.execute("ANALYZE")
        database.close()
        database.connect()
    yield "with statistics"


def cheap(database: Database, ask: Callable[[Database], object], what: str) -> None:
    explaining = Explaining(database)
    ask(explaining)
    for sql, step in explaining.plans:
        detail = str(step)
        few = "FROM (SELECT" in sql or "FROM job_run" not in sql
        assert few or ("TEMP B-TREE" not in detail and "filesort" not in detail), (what, sql)
    if database.dialect.name == "sqlite":
        assert steps(database, lambda: ask(database)) < STEPS, what
    else:
        assert rows_read(database, lambda: ask(database)) < ROWS_READ, what


FILTERS = ("", "job:minutely", "job:old", "job:rare", "state:done", "state:missed", "state:queued",
           "job:old state:missed", "job:minutely state:done", "job:minutely state:failed",
           "job:minutely !state:done", "job:none")  # fmt: skip


def test_every_page_reads_an_index(runs: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.queries.paging.FEW", 100)
    for known in knowledge(runs):
        for text in FILTERS:
            if "!" in text:
                continue
            query = SOURCE.query(text, NEWEST_FIRST)
            total = SOURCE.count(runs, query)
            for start in (0, total // 2, max(0, total - 40)):
                near = SOURCE.page(runs, query, max(0, start - 40), 40, None, total)
                ask = partial(_page, query=query, start=start, near=near, total=total)
                cheap(runs, ask, f"{text} from {start} {known}")


def _page(database: Database, query: Query, start: int, near: object, total: int) -> object:
    return SOURCE.page(database, query, start, 40, near if start else None, total)  # type: ignore[arg-type]


def test_the_pages_have_what_the_filter_says(runs: Database) -> None:
    """A second time in Python, in each order."""
    everything = [(number, *_facts(number)) for number in range(1, MANY + 1)]
    for text in FILTERS:
        wanted = [row for row in everything if _fulfils(row, text)]
        for sorts, key, reverse in (
            (NEWEST_FIRST, lambda row: row[0], True),
            ((), lambda row: row[0], False),
            ((Sort("job"),), lambda row: (row[1], row[0]), False),
            ((Sort("state", True),), lambda row: (row[2], row[0]), True),
        ):
            ordered = sorted(wanted, key=key, reverse=reverse)
            query = SOURCE.query(text, sorts)
            assert SOURCE.count(runs, query) == len(ordered)
            for start in (0, len(ordered) // 2):
                page = SOURCE.page(runs, query, start, 40, None, len(ordered))
                found = [row[0] for row in page.rows]
                assert found == [row[0] for row in ordered[start : start + 40]], (text, sorts)


def _fulfils(row: tuple[int, str, str], text: str) -> bool:
    for part in text.split():
        name, _, value = part.removeprefix("!").partition(":")
        if (row[1 if name == "job" else 2] == value) == part.startswith("!"):
            return False
    return True


def test_what_is_read_each_second_is_little(runs: Database) -> None:
    runs.write_many(
        "INSERT INTO job_log (run_id, line, at, level, text) VALUES (?, ?, 0, 'info', 'x')",
        [(number, line) for number in range(MANY - 20, MANY) for line in range(1, 200)],
    )
    for known in knowledge(runs):
        for what, ask in {
            "running": lambda one: running_now(one, NOW),
            "now or last": lambda one: now_or_last(one, NOW),
            "one": lambda one: one_run(one, NOW, MANY),
            "names": jobs_that_ran,
            "last runs": lambda one: last_runs(one, NOW, "rare"),
            "attention": lambda one: what_needs_attention(one, NOW, UTC),
            "log": lambda one: run_log(one, MANY - 1),
        }.items():
            cheap(runs, ask, f"{what} {known}")


def test_names_and_the_last_run(runs: Database) -> None:
    assert jobs_that_ran(runs) == list(JOBS)
    going_on = running_now(runs, NOW)
    assert going_on is not None
    assert _facts(going_on.number)[1] == "running"
    assert now_or_last(runs, NOW) == going_on
    runs.execute("UPDATE job_run SET state = 'done' WHERE state = 'running'")
    runs.execute("UPDATE job_run SET state = 'missed' WHERE id = ?", (MANY,))
    assert running_now(runs, NOW) is None
    last = now_or_last(runs, NOW)
    assert last is not None
    assert last.number == MANY - 1
