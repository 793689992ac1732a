"""A list whose every page is read from its beginning: it is short, or in the order of an index."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from engine.queries.paging import Page, Query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.database import Database
    from engine.queries.columns import Sort


class ShortList(ABC):
    """A `Source` of which a subclass has `name`, `title` and `columns`, and says what `some` rows
    are and how many there are. Without a `query` of its own it has no filter and one order."""

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
        """`size` rows from place `start` on; `near` and `total` are of no use."""
        return Page(start, list(self.some(database, query, start, size)), None, None)

    @abstractmethod
    def some(
        self, database: Database, query: Query, start: int, size: int
    ) -> Sequence[tuple[Any, ...]]:
        """`size` rows from place `start` on: the id, then the values of the columns."""

    @abstractmethod
    def count(self, database: Database, query: Query) -> int:
        """How many rows there are."""

    def estimate(self, database: Database, query: Query) -> int:
        """The same: it is quick."""
        return self.count(database, query)
