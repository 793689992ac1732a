"""Long lists, a page at a time: what the console scrolls through and what an export writes.

A list has an order that ends with the row's id, so every row has one place. A page is read in two
steps: the keys of its rows, from an index if there is no better way, then their columns. No page
reads or sorts a whole table: it walks an index, or it sorts the rows of a condition that an index
says are few. A filter that is both rare and unknown to any index has to look at all rows.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from engine.errors import InputError
from engine.queries.clauses import Clause, negation
from engine.queries.columns import Column, Kind, Sort
from engine.queries.filters import Condition, parse
from engine.queries.walking import Key, Shape, Walk, Walker
from engine.text import safe

if TYPE_CHECKING:
    from engine.database import Database, Row

__all__ = ["Column", "Key", "Kind", "Page", "PagedSource", "Query", "Sort", "View"]

T = TypeVar("T")

_NUMBER = re.compile("[1-9][0-9]{0,17}")

# Up to so many rows are sorted for a page; it also decides when a second column may be sorted by.
FEW = 5_000
# Further than this from a page that is known, counting from an end is as good.
_NEAR = 4_096
_SAMPLE = 900


@dataclass(frozen=True, slots=True)
class Query:
    """What a list shows and in which order. Without `sorts`: by id. With one the id has the same
    direction; a second is for when few rows are left."""

    conditions: tuple[Condition, ...] = ()
    sorts: tuple[Sort, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """A saved view: `filter` as it would be typed, and the order."""

    name: str
    title: str
    filter: str
    sorts: tuple[Sort, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Rows from place `start` (from 0) on: each its id, then the values of the source's columns.
    `first` and `last` are the keys of its first and last row, None without rows."""

    start: int
    rows: list[Row]
    first: Key | None
    last: Key | None


class PagedSource:
    """A list. Subclasses set the attributes and say what their conditions are in SQL.

    `columns` are shown, `filters` can be filtered by besides them. `walks` has an index for each
    sortable column; the first is the primary key. `joins` follow the first table of `shape` where
    the columns are read.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    filters: tuple[Column, ...] = ()
    views: tuple[View, ...] = ()
    shape: Shape
    walks: tuple[Walk, ...]
    joins: str

    def clause(self, database: Database, condition: Condition) -> Clause:
        """A condition in SQL; `negated` is seen to elsewhere. Raises InputError."""
        raise NotImplementedError

    def query(self, text: str, sorts: tuple[Sort, ...] = ()) -> Query:
        """What was typed as a query. Raises InputError naming the part that is wrong."""
        return Query(parse(text, (*self.columns, *self.filters)), sorts)

    def view(self, name: str) -> Query:
        """The query of a saved view. Raises InputError without one of that name."""
        for view in self.views:
            if view.name == name:
                return self.query(view.filter, view.sorts)
        known = ", ".join(view.name for view in self.views)
        raise InputError(f"{self.title} have no such view: {known}.")

    def page(
        self,
        database: Database,
        query: Query,
        start: int,
        size: int,
        near: Page | None = None,
        total: int | None = None,
    ) -> Page:
        """`size` rows from place `start` on, fewer at the end. `near` is a page of the same query,
        best one right before or after; `total` the exact number of rows, if known. Where rows came
        or went since, the places are those that `near` and `total` speak of. Raises InputError."""
        walker = Walker(database, self.shape, self._clauses(database, query))
        walks = [self.walk(sort.column, query) for sort in query.sorts]
        few = walker.few(FEW) if query.conditions else ()
        if few:
            order = [(walk.key, sort.descending)
                     for walk, sort in zip(walks, query.sorts, strict=True)]  # fmt: skip
            keys = walker.sorted_from(few, order, size, start)
        elif len(walks) > 1:
            raise InputError(
                f"a second column to sort by needs a filter that leaves at most {FEW} rows and that"
                " an index serves. Filter more, or sort by one column."
            )
        else:
            walk = walks[0] if walks else self.walk(self.walks[0].column, query)
            descending = bool(query.sorts) and query.sorts[0].descending
            keys = _walked(walker, walk, descending, start, size, near, total)
        rows = self.rows(database, [key[-1] for key in keys])
        return Page(start, rows, keys[0] if keys else None, keys[-1] if keys else None)

    def count(self, database: Database, query: Query) -> int:
        """How many rows there are, exactly; on a large table it may take a second."""
        walker = Walker(database, self.shape, self._clauses(database, query))
        return walker.count(walker.few(FEW) if query.conditions else ())

    def estimate(self, database: Database, query: Query) -> int:
        """How many rows there are, about, in milliseconds: exact if few, else from a sample spread
        over all ids, on the ground that ids have few gaps."""
        walker = Walker(database, self.shape, self._clauses(database, query))
        few = walker.few(FEW) if query.conditions else ()
        if few:
            return walker.count(few)
        first = self.shape.tables[self.shape.first]
        lowest, highest = database.row(
            f"SELECT (SELECT MIN(id) FROM {first}), (SELECT MAX(id) FROM {first})"
        ) or (None, None)
        if lowest is None:
            return 0
        spread = highest - lowest + 1
        if not query.conditions:
            return int(spread)
        # Drawn, for an even stride may fall in step with the data; and the same at each call.
        whole = range(lowest, highest + 1)
        taken = sorted(random.Random(1).sample(whole, min(_SAMPLE, spread)))
        found, fulfilled = walker.share(taken)
        return int(spread * fulfilled // found) if found else 0

    def matching(self, database: Database, query: Query, ids: Sequence[int]) -> int:
        """How many of the rows with these ids the query finds."""
        walker = Walker(database, self.shape, self._clauses(database, query))
        return sum(walker.share(part)[1] for part in _parts(ids))

    def named(self, database: Database, names: Sequence[str]) -> list[int]:
        """The ids of rows by their first column, in the order of the names. Raises InputError for
        one that no row has."""
        column, first = self.columns[0], self.shape.first
        found: dict[str, int] = {}
        # MariaDB would take `12abc` for the number 12.
        asked = [name for name in names if column.kind != "number" or _NUMBER.fullmatch(name)]
        for part in _parts(asked):
            rows = database.rows(
                f"SELECT {column.sql}, {first}.id FROM {self.shape.tables[first]}"
                f" WHERE {column.sql} IN ({', '.join('?' * len(part))})",
                part,
            )
            found |= {str(name): number for name, number in rows}
        for name in names:
            if name not in found:
                raise InputError(f"{self.title} have no {column.name} '{safe(name, 60)}'.")
        return [found[name] for name in names]

    def _clauses(self, database: Database, query: Query) -> list[Clause]:
        found = []
        for condition in query.conditions:
            clause = self.clause(database, condition)
            found.append(negation(clause) if condition.negated else clause)
        return found

    def walk(self, column: str, query: Query) -> Walk:
        """The index that keeps the order of a column; a list may have a better one where the filter
        leaves one value of another column. Raises InputError for a column without one."""
        for walk in self.walks:
            if walk.column == column:
                return walk
        known = ", ".join(walk.column for walk in self.walks)
        raise InputError(f"{self.title} cannot be sorted by {column}: {known}.")

    def rows(self, database: Database, ids: Sequence[int]) -> list[Row]:
        """The columns of rows, in the order of `ids`; one that is gone by now is left out."""
        if not ids:
            return []
        first = self.shape.first
        found = database.rows(
            f"SELECT {first}.id, {', '.join(column.sql for column in self.columns)}"
            f" FROM {self.shape.tables[first]} {self.joins}"
            f" WHERE {first}.id IN ({', '.join('?' * len(ids))})",
            ids,
        )
        by_id = {row[0]: tuple(row) for row in found}
        return [by_id[number] for number in ids if number in by_id]


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many at a time as one statement takes."""
    for start in range(0, len(values), _SAMPLE):
        yield values[start : start + _SAMPLE]


def _walked(
    walker: Walker,
    walk: Walk,
    descending: bool,
    start: int,
    size: int,
    near: Page | None,
    total: int | None,
) -> list[Key]:
    """The keys of a page, from the nearest place that is known."""
    if near and near.last and near.first:
        end = near.start + len(near.rows)
        if 0 <= start - end <= min(_NEAR, start):
            return walker.along(walk, descending, size, start - end, near.last)
        gap = near.start - (start + size)
        if 0 <= gap <= min(_NEAR, start):
            return walker.along(walk, not descending, size, gap, near.first)[::-1]
    if total is not None and 0 < total - start <= start:
        shown = min(size, total - start)
        rest = total - start - shown
        return walker.along(walk, not descending, shown, rest)[::-1]
    return walker.along(walk, descending, size, start)
