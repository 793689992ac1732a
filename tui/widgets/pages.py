"""Which rows of a table are at hand, and which page is to be asked for next. Pure.

A page is 256 rows in the order of the query. At most `KEPT` pages are kept, those used last.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.queries.paging import Page

PAGE_SIZE = 256
KEPT = 64
# A window of rows touches two pages, with their neighbours four: pages further apart share a slot
# and replace each other while they wait.
SLOTS = 4

Row = tuple[Any, ...]


class Pages:
    """The pages of one query. `total` is None until somebody has told it; `exact` whether it was
    counted or only estimated."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.exact = False
        self._kept: OrderedDict[int, Page] = OrderedDict()
        self._asked: dict[int, int] = {}

    @property
    def is_empty(self) -> bool:
        """Whether no page has come yet."""
        return not self._kept

    def row(self, index: int) -> Row | None:
        """The row at `index` (from 0), None while its page is not here."""
        number, place = divmod(index, PAGE_SIZE)
        page = self._kept.get(number)
        if page is None:
            return None
        self._kept.move_to_end(number)
        return page.rows[place] if place < len(page.rows) else None

    def has(self, number: int) -> bool:
        """Whether the page is at hand."""
        return number in self._kept

    def to_ask(self, first: int, last: int, prefetch: int = 1) -> list[int]:
        """The pages for the rows `first` to `last` that are neither here nor asked for; they count
        as asked for from now on. What the person sees comes last, for the newest question is
        answered first."""
        low, high = first // PAGE_SIZE, max(first, last) // PAGE_SIZE
        seen = list(range(low, high + 1))
        around = [n for n in range(low - prefetch, high + prefetch + 1) if n not in seen]
        end = None if self.total is None else max(0, self.total - 1) // PAGE_SIZE
        wanted = []
        for number in [*around, *reversed(seen)]:
            if number < 0 or (end is not None and number > end) or number in self._kept:
                continue
            slot = number % SLOTS
            # A page ahead must not push out one that is seen and waits.
            if self._asked.get(slot) == number or (number in around and slot in self._asked):
                continue
            self._asked[slot] = number
            wanted.append(number)
        return wanted

    def near(self, number: int) -> Page | None:
        """A page right before or after this one, from which the database finds it quickly."""
        return self._kept.get(number - 1) or self._kept.get(number + 1)

    def store(self, page: Page) -> list[int]:
        """Keeps a page. Returns the rows (indexes) that are now other than before."""
        number = page.start // PAGE_SIZE
        if self._asked.get(number % SLOTS) == number:
            del self._asked[number % SLOTS]
        old = self._kept.get(number)
        self._kept[number] = page
        self._kept.move_to_end(number)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        if not self.exact and len(page.rows) < PAGE_SIZE and (page.rows or number == 0):
            self.total, self.exact = page.start + len(page.rows), True
        return _differences(page, old)

    def failed(self, slot: int) -> None:
        """The page of this slot did not come; it may be asked for again."""
        self._asked.pop(slot, None)

    def keep_only(self, first: int, last: int) -> list[int]:
        """Drops all pages but those of the rows `first` to `last`, which are to be read again and
        are returned; they stay until their newer form comes."""
        numbers = range(first // PAGE_SIZE, max(first, last) // PAGE_SIZE + 1)
        for number in [n for n in self._kept if n not in numbers]:
            del self._kept[number]
        self._asked = {number % SLOTS: number for number in numbers}
        return list(numbers)


def _differences(page: Page, old: Page | None) -> list[int]:
    before = old.rows if old is not None else []
    count = max(len(page.rows), len(before))
    return [
        page.start + place
        for place in range(count)
        if place >= len(page.rows)
        or place >= len(before)
        or tuple(page.rows[place]) != tuple(before[place])
    ]
