"""Between a table and the loader: asks for the pages that are looked at, counts, reads again."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.queries.source import Source
from tui.messages import Loaded, LoadFailed
from tui.widgets.pages import PAGE_SIZE, SLOTS, Pages

if TYPE_CHECKING:
    from engine.database import Database
    from engine.queries.paging import Page, Query


# Counting a large table again may take at most this part of the time.
_COUNTING_SHARE = 0.05

Ask = Callable[[Hashable, "Callable[[Database], object]"], None]


@dataclass(frozen=True, slots=True)
class News:
    """What an answer changed: `rows` are indexes that look other now; `total` whether the number of
    rows is known anew; `as_of_ms` the age of a page, None when the answer was no page."""

    rows: tuple[int, ...] = ()
    total: bool = False
    as_of_ms: int | None = None


class Feed:
    """The rows of one source by one query. `ask` hands a question to the loader, `forget` takes all
    waiting ones back, `give_up` also the one under way."""

    def __init__(
        self,
        source: Source,
        query: Query,
        ask: Ask,
        forget: Callable[[], None],
        give_up: Callable[[], None],
    ) -> None:
        self.source = source
        self.query = query
        self.pages = Pages()
        self._ask = ask
        self._forget = forget
        self._give_up = give_up
        self._generation = 0
        self._counted_at = 0.0
        self._count_seconds = 0.0

    def start(self, query: Query) -> None:
        """Begins anew with another query (or the same): nothing of the old one is shown again."""
        self.query = query
        self.pages = Pages()
        self._generation += 1
        self._give_up()
        self._ask_total()
        self.look(0, 0)

    def look(self, first: int, last: int) -> None:
        """The rows `first` to `last` are looked at now."""
        for number in self.pages.to_ask(first, last):
            self._ask_page(number, self.pages.near(number))

    def again(self, first: int, last: int) -> None:
        """Reads the rows looked at again, and their number. What is shown stays until then."""
        self._forget()
        if self.pages.total is None:
            self._ask_total()
        elif time.monotonic() - self._counted_at > self._count_seconds / _COUNTING_SHARE:
            self._ask_count()
        for number in self.pages.keep_only(first, last):
            # Rows may have come or gone: only the position counts, not the neighbours.
            self._ask_page(number, None)

    def loaded(self, message: Loaded) -> News:
        """Takes an answer of the loader."""
        if not isinstance(message.key, tuple) or message.key[1] != self._generation:
            return News()
        before = (self.pages.total, self.pages.exact)
        kind, value = message.key[0], message.value
        rows: tuple[int, ...] = ()
        as_of: int | None = None
        if kind == "page":
            rows, as_of = tuple(self.pages.store(value)), message.as_of_ms
        elif kind == "count":
            self.pages.total, self._count_seconds = value
            self.pages.exact, self._counted_at = True, time.monotonic()
        elif not self.pages.exact:
            self.pages.total = int(value)
        return News(rows, before != (self.pages.total, self.pages.exact), as_of)

    def failed(self, message: LoadFailed) -> bool:
        """Takes a refusal. Whether it was about what is shown now."""
        if not isinstance(message.key, tuple) or message.key[1] != self._generation:
            return False
        if message.key[0] == "page":
            self.pages.failed(message.key[2])
        return True

    def _ask_page(self, number: int, near: Page | None) -> None:
        source, query = self.source, self.query
        total = self.pages.total if self.pages.exact else None
        start = number * PAGE_SIZE

        def work(database: Database) -> Page:
            return source.page(database, query, start, PAGE_SIZE, near, total)

        self._ask(("page", self._generation, number % SLOTS), work)

    def _ask_total(self) -> None:
        source, query = self.source, self.query
        self._ask_count()
        self._ask(("estimate", self._generation), lambda database: source.estimate(database, query))

    def _ask_count(self) -> None:
        source, query = self.source, self.query

        def work(database: Database) -> tuple[int, float]:
            started = time.perf_counter()
            return int(source.count(database, query)), time.perf_counter() - started

        self._ask(("count", self._generation), work)
