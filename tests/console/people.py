"""In-memory lists for the console's tests: any number of rows made from their number, and rows
whose names attack the terminal and the markup."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.database import Database, Row
from engine.queries.columns import Column, Sort
from engine.queries.filters import parse
from engine.queries.paging import Page, Query

COLUMNS = (
    Column("login", "login", "login", "text", 12, sortable=True),
    Column("name", "name", "name", "text", 24),
    Column("balance", "balance", "balance", "amount", 14, sortable=True),
    Column("state", "state", "state", "choice", 8, choices=("active", "blocked")),
    Column("since", "since", "since", "date", 10),
    Column("plan", "plan", "plan", "text", 12),
    Column("address", "address", "address", "text", 30),
)

_FAMILY = ("Иванов", "Петрова", "Сидоренко", "Їжакевич", "Smith")
_GIVEN = ("Иван", "Ольга", "Анна-Мария", "Пётр")

HOSTILE = (
    "closing [/b] tag",
    "[@click=app.bell]press[/]",
    "[red]red",
    "title \x1b]0;owned\x07 set",
    "csi \x1b[31m\x1b[2J red",
    "c1 \x9b31m\x9d0;x\x9c",
    "bidi \u202eevil\u202c \u2066x\u2069",
    "nul \x00 and \x7f",
    "line\nbreak\r\ttab",
    "wide 漢字漢字漢字漢字漢字漢字漢字漢字漢字",
    "zero\u200bwidth\u200d\ufeff",
    "marks e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
    "lone \ud800 surrogate",
    "\U000e0041 tag, \ue000 private",
)


def person(number: int) -> Row:
    """The row of a made-up subscriber."""
    balance = (number * 7_919) % 2_000_000 - 300_000
    return (
        number,
        f"u{number:07}",
        f"{_FAMILY[number % 5]} {_GIVEN[number % 4]}",
        balance,
        "blocked" if balance < 0 else "active",
        f"20{10 + number % 16}-0{1 + number % 9}-1{number % 9}",
        f"plan {number % 12}",
        f"ул. Ленина, д. {number % 180}",
    )


@dataclass
class People:
    """`size` rows, numbered from 1; row N changes by `changed[N]`. Sorting by login or balance only
    turns the order: enough to see that it was asked for. The first page waits for nobody."""

    size: int = 1_000_000
    rows: dict[int, Row] = field(default_factory=dict)
    name: str = "people"
    title: str = "People"
    columns: tuple[Column, ...] = COLUMNS
    asked: list[tuple[Query, int]] = field(default_factory=list)

    def query(self, text: str, sorts: tuple[Sort, ...] = ()) -> Query:
        return Query(parse(text, self.columns), sorts)

    def page(
        self,
        database: Database,
        query: Query,
        start: int,
        size: int,
        near: Page | None = None,
        total: int | None = None,
    ) -> Page:
        self.asked.append((query, start))
        numbers = range(start + 1, min(start + size, self.count(database, query)) + 1)
        if query.sorts and query.sorts[0].descending:
            last = self.count(database, query)
            return Page(start, [self.row(last - n + 1) for n in numbers], None, None)
        return Page(start, [self.row(n) for n in numbers], None, None)

    def count(self, database: Database, query: Query) -> int:
        return self.size // 1_000 if query.conditions else self.size

    def estimate(self, database: Database, query: Query) -> int:
        return self.count(database, query)

    def row(self, number: int) -> Row:
        return self.rows.get(number) or person(number)


def hostile_people() -> People:
    """Every hostile text in every text column, the rest of a screenful ordinary."""
    rows = {
        number: (number, text, text, -5 * number, text, text, text, text)
        for number, text in enumerate(HOSTILE, 1)
    }
    return People(size=200, rows=rows)
