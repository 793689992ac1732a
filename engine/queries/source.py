"""What any long list offers, and how all of it is gone through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.database import Database
    from engine.queries.columns import Column, Sort
    from engine.queries.paging import Page, Query

LISTS = ("subscribers", "balances", "runs", "periods", "failures", "actions")
"""The names of the lists that can be exported, and shown by a view of one's own."""

_AT_ONCE = 2_000


class Source(Protocol):
    """A list; `engine.queries.paging.PagedSource` is one. `row[0]` of a row is its id, then come
    the values of `columns` in their order; the first of them names the row for people."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def columns(self) -> tuple[Column, ...]: ...

    def query(self, text: str, sorts: tuple[Sort, ...] = ()) -> Query: ...

    def page(
        self,
        database: Database,
        query: Query,
        start: int,
        size: int,
        near: Page | None = None,
        total: int | None = None,
    ) -> Page: ...

    def count(self, database: Database, query: Query) -> int: ...

    def estimate(self, database: Database, query: Query) -> int: ...


def pages(
    source: Source, database: Database, query: Query, at_once: int = _AT_ONCE
) -> Iterator[Page]:
    """All pages in order, with flat memory. Raises InputError."""
    page = source.page(database, query, 0, at_once)
    while page.rows:
        yield page
        page = source.page(database, query, page.start + len(page.rows), at_once, page)
