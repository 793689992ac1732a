"""How a list is read in order: along an index, or from a few rows sorted on the spot.

An index is walked from the nearest of the places known: the beginning, the end (if the number of
rows is known), the edges of a page that stands near. `Walker` writes the statements; it speaks of a
`Shape`, tables whose rows stand for the same thing and have the same id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.queries.clauses import Clause, Fragment, conjunction

if TYPE_CHECKING:
    from engine.database import Database, Row

Key = tuple[Any, ...]
"""Where a row stands: its values of the columns sorted by, then its id."""


@dataclass(frozen=True, slots=True)
class Walk:
    """An index that keeps the order of a column: `key` is the column in SQL, `table` the alias it
    belongs to, `index` its name (None: the primary key). `unique`: no two rows have the same value,
    as with the id. `nullable`: it may be empty; empty values come before all others."""

    column: str
    table: str
    key: str
    index: str | None
    unique: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """Tables by alias, each with a column `id` that is the row's. `only` leaves out what an alias
    has besides: rows that the first table does not have."""

    tables: Mapping[str, str]
    only: Mapping[str, str]

    @property
    def first(self) -> str:
        """The alias of the table that has all rows and no others."""
        return next(iter(self.tables))


class Walker:
    """Reads the keys of a list that fulfils some clauses."""

    def __init__(self, database: Database, shape: Shape, clauses: Sequence[Clause]) -> None:
        self._database = database
        self._shape = shape
        self._clauses = clauses

    def along(
        self, walk: Walk, descending: bool, limit: int, offset: int, beyond: Key | None = None
    ) -> list[Key]:
        """`limit` keys in the order of an index after the first `offset`, counted from its
        beginning (descending: its end) or from `beyond`, which is left out itself."""
        identity = f"{walk.table}.id"
        sign = "<" if descending else ">"
        pinned = any(clause.pinned == walk.key for clause in self._clauses)
        # MariaDB sorts all rows if the order has more than its index is known to give: the id after
        # a unique index, a column of which there is but one value.
        order = [identity] if pinned else [walk.key] if walk.unique else [walk.key, identity]
        if beyond is None:
            return self._keys(walk, order, descending, ("", ()), limit, offset)
        if len(order) == 1:
            after = (f"{order[0]} {sign} ?", beyond[1:] if pinned else beyond[:1])
            return self._keys(walk, order, descending, after, limit, offset)
        # Rows with the same value first, then those with other ones: an index finds the beginning
        # of each at once, which SQLite does not for both together.
        wanted = offset + limit
        keys: list[Key] = []
        for by, place in _stretches(walk, identity, order, descending, beyond):
            if len(keys) < wanted:
                keys += self._keys(walk, by, descending, place, wanted - len(keys), 0)
        return keys[offset:]

    def _keys(
        self,
        walk: Walk,
        order: Sequence[str],
        descending: bool,
        place: Fragment,
        limit: int,
        offset: int,
    ) -> list[Key]:
        way = " DESC" if descending else ""
        index = self._database.dialect.by_index(walk.index)
        sql, parameters = self._where(place, walk.table)
        rows = self._database.rows(
            f"SELECT {walk.key}, {walk.table}.id FROM {self._shape.tables[walk.table]} {index}"
            f"{self._joins(walk.table, self._needed())} WHERE {sql}"
            f" ORDER BY {', '.join(name + way for name in order)} LIMIT ? OFFSET ?",
            (*parameters, limit, offset),
        )
        return [tuple(row) for row in rows]

    def sorted_from(
        self, ids: Sequence[Fragment], order: Sequence[tuple[str, bool]], limit: int, offset: int
    ) -> list[Key]:
        """`limit` keys after the first `offset`, of rows among `ids`, which are few. `order` are
        columns in SQL and whether each descends; the id comes after them."""
        sql, parameters = self._where(("", ()), None)
        given = _union(ids)
        first = self._shape.first
        joins = self._joins(None, [*self._shape.tables])
        wanted = [*(name for name, _ in order), f"{first}.id"]
        ways = [descending for _, descending in order]
        ways.append(ways[0] if ways else False)
        by = [name + " DESC" * down for name, down in zip(wanted, ways, strict=True)]
        rows = self._database.rows(
            f"SELECT {', '.join(wanted)} FROM ({given[0]}) n{joins} WHERE {sql}"
            f" ORDER BY {', '.join(by)} LIMIT ? OFFSET ?",
            (*given[1], *parameters, limit, offset),
        )
        return [tuple(row) for row in rows]

    def count(self, ids: Sequence[Fragment] = ()) -> int:
        """How many rows there are; among `ids` if some are given."""
        if ids:
            given = _union(ids)
            sql, parameters = self._where(("", ()), None)
            joins = self._joins(None, self._needed() or [self._shape.first])
            return self._database.integer(
                f"SELECT COUNT(*) FROM ({given[0]}) n{joins} WHERE {sql}", (*given[1], *parameters)
            )
        needed = self._needed() or [self._shape.first]
        base = self._shape.first if self._shape.first in needed else needed[0]
        sql, parameters = self._where(("", ()), base)
        joins = "".join(
            f" JOIN {self._shape.tables[alias]} ON {alias}.id = {base}.id"
            for alias in needed
            if alias != base
        )
        return self._database.integer(
            f"SELECT COUNT(*) FROM {self._shape.tables[base]}{joins} WHERE {sql}", parameters
        )

    def share(self, ids: Sequence[int]) -> tuple[int, int]:
        """How many of these rows there are, and how many of them fulfil the clauses."""
        sql, parameters = conjunction(self._clauses)
        first = self._shape.first
        joins = self._joins(first, self._needed())
        found: Row | None = self._database.row(
            f"SELECT COUNT(*), COALESCE(SUM(CASE WHEN {sql} THEN 1 ELSE 0 END), 0)"
            f" FROM {self._shape.tables[first]} {self._database.dialect.by_index(None)}{joins}"
            f" WHERE {first}.id IN ({', '.join('?' * len(ids))})",
            (*parameters, *ids),
        )
        return (int(found[0]), int(found[1])) if found else (0, 0)

    def few(self, limit: int) -> tuple[Fragment, ...]:
        """The ids of the first clause that an index says is fulfilled by `limit` rows at most;
        empty without one."""
        for clause in self._clauses:
            if not clause.ids:
                continue
            counts = " + ".join(
                f"(SELECT COUNT(*) FROM ({sql} LIMIT {limit + 1}) x)" for sql, _ in clause.ids
            )
            parameters = [value for _, values in clause.ids for value in values]
            if self._database.integer(f"SELECT {counts}", parameters) <= limit:
                return clause.ids
        return ()

    def _needed(self) -> list[str]:
        """The aliases that the clauses speak of, in the order of the shape."""
        spoken = {alias for clause in self._clauses for alias in clause.tables}
        return [alias for alias in self._shape.tables if alias in spoken]

    def _joins(self, base: str | None, aliases: Iterable[str]) -> str:
        join = self._database.dialect.ordered_join
        return "".join(
            f" {join} {self._shape.tables[alias]} ON {alias}.id = {base or 'n'}.id"
            for alias in aliases
            if alias != base
        )

    def _where(self, place: Fragment, base: str | None) -> Fragment:
        sql, parameters = conjunction(self._clauses)
        parts = [place[0], self._shape.only.get(base, "") if base else "", sql]
        return " AND ".join(part for part in parts if part), (*place[1], *parameters)


def _stretches(
    walk: Walk, identity: str, order: Sequence[str], descending: bool, beyond: Key
) -> Iterator[tuple[Sequence[str], Fragment]]:
    """What comes behind a place, stretch by stretch: an order and a condition for each."""
    sign = "<" if descending else ">"
    if beyond[0] is None:
        yield [identity], (f"{walk.key} IS NULL AND {identity} {sign} ?", beyond[1:])
        if not descending:
            yield order, (f"{walk.key} IS NOT NULL", ())
        return
    yield [identity], (f"{walk.key} = ? AND {identity} {sign} ?", beyond)
    yield order, (f"{walk.key} {sign} ?", beyond[:1])
    if walk.nullable and descending:
        yield [identity], (f"{walk.key} IS NULL", ())


def _union(ids: Sequence[Fragment]) -> Fragment:
    """Each id once."""
    sql = " UNION ".join(text for text, _ in ids)
    return sql, tuple(value for _, values in ids for value in values)
