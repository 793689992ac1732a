"""The list of numbers: any way through it shows the rows of one full sort; pages read indexes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.balances.trend import STATUSES
from engine.database import Database
from engine.errors import InputError
from engine.queries.columns import Sort
from engine.queries.filters import Condition
from engine.queries.paging import FEW, Page, Query
from engine.queries.source import pages
from tests.queries import numbers
from tests.queries.measures import SIZE, cheap
from tests.queries.numbers import LIST

SORTABLE = [column.name for column in LIST.columns if column.sortable]
WORDS = ("900", "9", "12", "iva", "ivan", "Иван", "nobody", "\U0010ffff", "a%")
MANY = 4_000


def conditions() -> st.SearchStrategy[Condition]:
    words, negated = st.sampled_from(WORDS), st.booleans()
    texts = st.sampled_from(("number", "personal_account", "tariff", "login"))
    compare = st.sampled_from(("<", "<=", ">", ">="))
    moments = st.sampled_from(("2026", "2026-01", "2026-01-01", "2025-12-31", "2027"))
    days = st.sampled_from(("2026", "2026-11", "2026-11-02"))
    status = st.sampled_from(("", *STATUSES))
    return st.one_of(
        st.builds(Condition, st.just(""), st.just(":"), words, negated),
        st.builds(Condition, texts, st.sampled_from((":", "=", "~", "<", ">=")), words, negated),
        st.builds(Condition, texts, st.just(":"), st.just(""), negated),
        st.builds(Condition, st.just("balance"), compare, st.sampled_from((-1, 0, 1)), negated),
        st.builds(Condition, st.just("status"), st.just("="), status, negated),
        st.builds(Condition, st.just("is"), st.just("="), st.just("static"), negated),
        st.builds(Condition, st.just("operator"), st.just("="), st.just("Two [b]"), negated),
        st.builds(Condition, st.just("status_since"), st.one_of(compare, st.just(":")), moments,
                  negated),
        st.builds(Condition, st.just("last_report"), compare, days, negated),
    )  # fmt: skip


def sorts() -> st.SearchStrategy[tuple[Sort, ...]]:
    one = st.builds(Sort, st.sampled_from(SORTABLE), st.booleans())
    return st.lists(one, max_size=1).map(tuple)


STEPS = st.lists(
    st.one_of(st.sampled_from(("end", "next", "previous")), st.integers(0, 450)),
    min_size=1,
    max_size=8,
)


def walk(database: Database, query: Query, size: int, steps: list[Any], rows: list[Any]) -> None:
    """Takes the steps; each page must be that stretch of `rows`."""
    page: Page | None = None
    for step in steps:
        start = page.start if page else 0
        known = len(rows) if step == "end" or start % 2 else None
        if step == "end":
            start = max(0, len(rows) - 1) // size * size
        elif step == "next":
            start += size
        elif step == "previous":
            start = max(0, start - size)
        else:
            start = int(step)
        page = LIST.page(database, query, start, size, page, known)
        assert page.rows == rows[start : start + size], step


def test_every_way_leads_through_the_same_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On random data with many ties and empty cells, by index and by sorting few."""
    numbers.fill(database, 1)
    everyone = numbers.all_of(database)

    @settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(conditions(), max_size=3), sorts(), st.integers(1, 90), STEPS,
           st.sampled_from((0, 30, FEW)))  # fmt: skip
    def check(
        chosen: list[Condition], order: tuple[Sort, ...], size: int, steps: list[Any], few: int
    ) -> None:
        monkeypatch.setattr("engine.queries.paging.FEW", few)
        query = Query(tuple(chosen), order)
        rows = numbers.expected(everyone, query.conditions, order)
        walk(database, query, size, steps, rows)
        assert LIST.count(database, query) == len(rows)
        found = pages(LIST, database, query, size + 50)
        assert [row for page in found for row in page.rows] == rows

    check()


def test_the_views_and_an_empty_list(database: Database) -> None:
    for view in LIST.views:
        query = LIST.view(view.name)
        assert LIST.page(database, query, 0, 10).rows == []
        assert LIST.count(database, query) == LIST.estimate(database, query) == 0
    numbers.fill(database, 2)
    everyone = numbers.all_of(database)
    for view in LIST.views:
        query = LIST.view(view.name)
        wanted = numbers.expected(everyone, query.conditions, query.sorts)
        assert wanted
        assert LIST.page(database, query, 0, 500).rows == wanted


def test_wrong_questions(database: Database) -> None:
    for text, part in (
        ("operator:nobody", "no operator 'nobody': there are none yet"),
        ("status:dead", "status is never 'dead'"),
        ("status_since>2026-13", "no day 2026-13"),
        ("status_since:0001", "no day 0001"),
    ):
        with pytest.raises(InputError, match=part):
            LIST.page(database, LIST.query(text), 0, 10)


@pytest.fixture
def dense(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Thousands, where most filters leave too many to be sorted."""
    numbers.fill(database, 3, MANY)
    with database.transaction():
        database.execute("UPDATE number SET status = 'no_data' WHERE id % 2 = 0")
        database.execute(
            "UPDATE number SET status = 'negative_static' WHERE id % 10 IN (3, 5, 7, 9)"
        )
    monkeypatch.setattr("engine.queries.paging.FEW", 100)
    if database.dialect.name == "mariadb":
        database.rows("ANALYZE TABLE number, number_balance, personal_account, subscriber")
    return database


def test_every_order_and_common_filters_read_an_index(dense: Database) -> None:
    orders = [(), *((Sort(name, down),) for name in SORTABLE for down in (False, True))]
    for text in ("", "status:no_data", "is:static", "balance<0", "login:", "9", "!status:ok"):
        for order in orders:
            query = LIST.query(text, order)
            total = LIST.count(dense, query)
            home = LIST.page(dense, query, 0, SIZE)
            end = LIST.page(dense, query, total - SIZE, SIZE, None, total)
            for start, near, known in (
                (0, None, None),
                (SIZE, home, None),
                (total - SIZE, None, total),
                (total - 2 * SIZE, end, None),
            ):
                cheap(
                    dense,
                    lambda one, q=query, s=start, n=near, k=known: LIST.page(one, q, s, SIZE, n, k),
                    f"{text} {order} from {start}",
                    times=2,
                )


def test_rare_filters_read_an_index(dense: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.queries.paging.FEW", FEW)
    with dense.transaction():
        dense.execute("UPDATE number SET status = 'ok' WHERE status = 'terminated' AND id % 9 > 0")
        dense.execute("UPDATE number SET subscriber_id = NULL WHERE id % 50 > 0")
        dense.execute("UPDATE number SET personal_account_id = NULL WHERE id % 60 > 0")
    for text in ("status:terminated", "92600", "login:ivan", "number=9260001", "ivan",
                 "personal_account=123"):  # fmt: skip
        for order in ((), (Sort("status_since", True),), (Sort("status_since"), Sort("number"))):
            query = LIST.query(text, order)
            cheap(dense, lambda one, q=query: LIST.page(one, q, 0, SIZE), f"{text} {order}")
