"""The list of job runs: its columns and what is looked for by words.

Words are the beginning of a job's name, its subject, its actor or its holder.
"""

from __future__ import annotations

from dataclasses import replace

from engine.clock import Clock
from engine.database import Database, Row
from engine.errors import InputError
from engine.queries.clauses import Clause, any_of, begins_with, compared
from engine.queries.columns import Column, Sort
from engine.queries.filters import Condition
from engine.queries.paging import Page, PagedSource, Query
from engine.queries.runs import STATES, shows_life
from engine.queries.walking import Shape, Walk

NEWEST_FIRST = (Sort("id", descending=True),)

_COLUMNS = (
    Column("id", "Run", "r.id", "number", 5, sortable=True),
    Column("job", "Job", "r.job", "choice", 14, sortable=True),
    Column("subject", "About", "r.subject", "choice", 8),
    Column("state", "State", "r.state", "choice", 11, sortable=True, choices=STATES),
    Column("progress", "Done", "r.done || '/' || r.total", "choice", 6),
    Column("started_at", "Since", "COALESCE(r.started_at, r.asked_at)", "date", 16),
    Column("actor", "By", "r.actor", "choice", 8),
    Column("note", "Note", "r.note", "text", 30),
    Column("holder", "Where", "r.holder", "text", 20),
    Column("finished_at", "Until", "r.finished_at", "date", 16),
    Column("heartbeat_at", "Heard of", "r.heartbeat_at", "date", 16),
    Column("slot", "Due", "r.slot", "date", 16),
    Column("attempt", "Attempt", "r.attempt", "number", 7),
    Column("cancelled_by", "Called off by", "r.cancelled_by", "choice", 13),
    Column("exit_reason", "Reason", "r.exit_reason", "choice", 10),
)
_UNFILTERED = ("progress", "started_at", "finished_at", "heartbeat_at", "slot")
_PLACES = {column.name: place for place, column in enumerate(_COLUMNS, 1)}
# By which index the runs of a job, of a state, or of both are in the order of their numbers.
_BY_ID = {("job",): "job_run_job", ("state",): "job_run_state",
          ("job", "state"): "job_run_job_state"}  # fmt: skip


class Runs(PagedSource):
    """All runs. A row is the number and the columns above; times are epoch milliseconds, `state` is
    `silent` where a running one shows no sign of life, `progress` is a share or a count."""

    name = "runs"
    title = "Runs of jobs"
    columns: tuple[Column, ...] = _COLUMNS
    shape = Shape({"r": "job_run r"}, {})
    walks = (
        Walk("id", "r", "r.id", None, unique=True),
        Walk("job", "r", "r.job", "job_run_job"),
        Walk("state", "r", "r.state", "job_run_state"),
    )
    joins = ""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def query(self, text: str, sorts: tuple[Sort, ...] = NEWEST_FIRST) -> Query:
        """What was typed as a query; the newest first unless said otherwise. Raises InputError."""
        found = super().query(text, sorts)
        for condition in found.conditions:
            if condition.column in _UNFILTERED:
                known = ", ".join(name for name in _PLACES if name not in _UNFILTERED)
                raise InputError(f"runs cannot be filtered by {condition.column}: {known}.")
        return found

    def page(
        self,
        database: Database,
        query: Query,
        start: int,
        size: int,
        near: Page | None = None,
        total: int | None = None,
    ) -> Page:
        """See `PagedSource.page`."""
        found = super().page(database, query, start, size, near, total)
        now_ms = self._clock.now_ms()
        return replace(found, rows=[_for_people(row, now_ms) for row in found.rows])

    def walk(self, column: str, query: Query) -> Walk:
        """See `PagedSource.walk`: the runs of a job or a state have indexes of their own."""
        if column != "id":
            return super().walk(column, query)
        fixed = {one.column for one in query.conditions if _fixes(one)}
        index = _BY_ID.get(tuple(sorted(fixed & {"job", "state"})))
        return Walk("id", "r", "r.id", index, unique=True)

    def clause(self, database: Database, condition: Condition) -> Clause:
        """A condition in SQL; an index serves a job and a state, all else is looked for."""
        name, value = condition.column, str(condition.value)
        if not name:
            looked_in = ("r.job", "r.subject", "r.actor", "r.holder")
            sql, parameters = any_of([begins_with(column, value) for column in looked_in])
            return Clause(sql, parameters, frozenset("r"))
        column = _COLUMNS[_PLACES[name] - 1]
        sql, parameters = compared(column, column.sql, condition)
        if not _fixes(condition):
            return Clause(sql, parameters, frozenset("r"))
        ids = ((f"SELECT id FROM job_run WHERE {name} = ?", (value,)),)
        return Clause(sql, parameters, frozenset("r"), ids, column.sql)


def _fixes(condition: Condition) -> bool:
    """Whether it leaves one job, or one state."""
    known = condition.column in ("job", "state") and condition.operator == "="
    return known and condition.value != "" and not condition.negated


def progress_words(done: int, total: int) -> str:
    """`61 %`, or how many where the whole is not known."""
    if total > 0:
        return f"{100 * min(done, total) // total} %"
    return str(done) if done else ""


def _for_people(row: Row, now_ms: int) -> Row:
    cells = list(row)
    done, _, total = str(cells[_PLACES["progress"]]).partition("/")
    cells[_PLACES["progress"]] = progress_words(int(done), int(total))
    running = cells[_PLACES["state"]] == "running"
    holder, heartbeat_at = cells[_PLACES["holder"]], cells[_PLACES["heartbeat_at"]]
    if running and not shows_life(holder, heartbeat_at, now_ms):
        cells[_PLACES["state"]] = "silent"
    return tuple(cells)
