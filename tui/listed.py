"""A short list that is in memory already, as a source for a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.queries.paging import Page, Query

if TYPE_CHECKING:
    from engine.database import Database
    from engine.queries.columns import Column, Sort


class Listed:
    """`rows` are each an id and the values of `columns`; whoever changes them lets the table read
    again. There are no filters and no other order."""

    def __init__(self, name: str, title: str, columns: tuple[Column, ...]) -> None:
        self.name = name
        self.title = title
        self.columns = columns
        self.rows: Sequence[tuple[Any, ...]] = ()

    def query(self, text: str, sorts: tuple[Sort, ...] = ()) -> Query:
        """The one query."""
        return Query()

    def page(
        self,
        database: Database,
        query: Query,
        start: int,
        size: int,
        near: Page | None = None,
        total: int | None = None,
    ) -> Page:
        """`size` rows from place `start` on."""
        return Page(start, list(self.rows[start : start + size]), None, None)

    def count(self, database: Database, query: Query) -> int:
        """How many rows there are."""
        return len(self.rows)

    def estimate(self, database: Database, query: Query) -> int:
        """The same."""
        return len(self.rows)
