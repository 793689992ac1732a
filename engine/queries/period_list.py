"""The periods, and the failures of one, as lists for the console to page through."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from engine.close.run import StatusSum
from engine.database import Database, Row
from engine.errors import InputError
from engine.queries.columns import Column, Sort
from engine.queries.filters import parse
from engine.queries.paging import Page, Query
from engine.queries.periods import PeriodLine, count_statuses, failures, periods
from engine.queries.short_list import ShortList

MOST_PERIODS = 600
# Counting a period that is being closed may take at most this part of the time.
_COUNTING_SHARE = 0.05

_STATES = ("open", "closing", "closed")


class PeriodList(ShortList):
    """Periods, newest first; a row is the period twice, then the columns. Closed ones are read from
    what their close reported, the one being closed is counted now and then: `periods` says how."""

    name = "periods"
    title = "Month close"
    columns = (
        Column("period", "Period", "", "period", 7),
        Column("state", "State", "", "choice", 8, choices=_STATES),
        Column("charged", "Charged", "", "number", 9),
        Column("amount", "Sum", "", "amount", 14),
        Column("failed", "Failed", "", "number", 6),
        Column("exempt", "Exempt", "", "number", 6),
        Column("not_started", "Not begun", "", "number", 9),
        Column("blocked", "To block", "", "number", 8),
        Column("late_in", "Late in", "", "number", 8),
        Column("late_out", "Late out", "", "number", 8),
        Column("closed_at", "Closed", "", "date", 16),
    )

    def __init__(self) -> None:
        self._counted: dict[str, dict[str, StatusSum]] = {}
        self._count_again = 0.0

    def query(self, text: str, sorts: tuple[Sort, ...] = ()) -> Query:
        return _all_of(self, text, sorts)

    def some(
        self, database: Database, query: Query, start: int, size: int
    ) -> Sequence[tuple[Any, ...]]:
        self._count(database)
        lines = periods(database, MOST_PERIODS, self._counted)
        return [_period_row(line) for line in lines[start : start + size]]

    def count(self, database: Database, query: Query) -> int:
        return min(MOST_PERIODS, database.integer("SELECT COUNT(*) FROM billing_period"))

    def _count(self, database: Database) -> None:
        """Counts what is being closed, unless that was done a moment ago."""
        started = time.monotonic()
        if started < self._count_again:
            return
        self._counted = {
            str(row[0]): count_statuses(database, row[0])
            for row in database.rows("SELECT period FROM billing_period WHERE state = 'closing'")
        }
        ended = time.monotonic()
        self._count_again = ended + (ended - started) / _COUNTING_SHARE


class FailureList:
    """Those whom the close of a period could not charge; a row is the subscriber's number, then the
    columns."""

    name = "failures"
    title = "Failures"
    columns = (
        Column("login", "Login", "", "text", 16),
        Column("reason", "Why", "", "text", 30),
        Column("plan", "Plan", "", "text", 12),
        Column("name", "Name", "", "text", 28),
    )

    def __init__(self, period: str) -> None:
        self.period = period

    def query(self, text: str, sorts: tuple[Sort, ...] = ()) -> Query:
        return _all_of(self, text, sorts)

    def page(
        self,
        database: Database,
        query: Query,
        start: int,
        size: int,
        near: Page | None = None,
        total: int | None = None,
    ) -> Page:
        if near is not None and near.last and near.start + len(near.rows) == start:
            after = int(near.last[0])
        else:
            after = self._before(database, start)
        rows: list[Row] = [
            (one.number, one.login, one.reason, one.plan, one.name)
            for one in failures(database, self.period, after, size)
        ]
        edges = ((rows[0][0],), (rows[-1][0],)) if rows else (None, None)
        return Page(start, rows, *edges)

    def count(self, database: Database, query: Query) -> int:
        return database.integer(f"SELECT COUNT(*) {_FAILED}", (self.period,))

    def estimate(self, database: Database, query: Query) -> int:
        return self.count(database, query)

    def _before(self, database: Database, start: int) -> int:
        """The number of the one before place `start`; from an index, wherever that is."""
        if start == 0:
            return 0
        return database.integer(
            f"SELECT subscriber_id {_FAILED} ORDER BY subscriber_id LIMIT 1 OFFSET ?",
            (self.period, start - 1),
        )


_FAILED = "FROM close_record WHERE status = 'failed' AND period = ? AND block = 0"


def _all_of(source: PeriodList | FailureList, text: str, sorts: tuple[Sort, ...]) -> Query:
    if parse(text, source.columns):
        raise InputError(f"{source.title} cannot be filtered: the list is shown as it is.")
    return Query((), sorts)


def _period_row(line: PeriodLine) -> tuple[Any, ...]:
    def of(status: str) -> int | None:
        return line.statuses[status].subscribers if status in line.statuses else None

    return (
        line.period, line.period, line.state, of("charged"),
        line.charged.amount if line.statuses else None, of("failed"), of("exempt"),
        of("not_started"), line.charged.blocked or None, line.late_in or None,
        line.late_out or None, line.closed_at,
    )  # fmt: skip
