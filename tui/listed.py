"""A short list that is in memory already, as a source for a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.queries.short_list import ShortList

if TYPE_CHECKING:
    from engine.database import Database
    from engine.queries.columns import Column
    from engine.queries.paging import Query


class Listed(ShortList):
    """`rows` are each an id and the values of `columns`; whoever changes them lets the table read
    again. There are no filters and no other order."""

    def __init__(self, name: str, title: str, columns: tuple[Column, ...]) -> None:
        self.name = name
        self.title = title
        self.columns = columns
        self.rows: Sequence[tuple[Any, ...]] = ()

    def some(
        self, database: Database, query: Query, start: int, size: int
    ) -> Sequence[tuple[Any, ...]]:
        """See the base."""
        return self.rows[start : start + size]

    def count(self, database: Database, query: Query) -> int:
        """How many rows there are."""
        return len(self.rows)
