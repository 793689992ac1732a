"""Any way through the list of subscribers shows the rows of one full sort; and its neighbours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.database import Database
from engine.errors import InputError
from engine.queries.columns import Sort
from engine.queries.filters import Condition
from engine.queries.paging import FEW, Page, Query
from engine.queries.source import pages
from engine.queries.subscribers import SUBSCRIBERS
from tests.queries import people

SORTABLE = [column.name for column in SUBSCRIBERS.columns if column.sortable]
WORDS = ("Иван", "иван", "ИВАН", "ооо иван", "ivan", "u", "12", "7900", "+7", "😀", "a%", "a_",
         "\U0010ffff", "№", "иванова мария", "nobody")  # fmt: skip
in_few_examples = settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def conditions() -> st.SearchStrategy[Condition]:
    words = st.sampled_from(WORDS)
    texts = st.sampled_from([c.name for c in SUBSCRIBERS.columns if c.kind == "text"])
    amounts = st.sampled_from((-50_001, -50_000, -1, 0, 1, 60_000))
    compare = st.sampled_from(("<", "<=", ">", ">=", "="))
    some_dates = st.sampled_from(("2026", "2026-10", "2026-10-01", "2026-09-30", "1900"))
    negated = st.booleans()
    return st.one_of(
        st.builds(Condition, st.just(""), st.just(":"), words, negated),
        st.builds(Condition, texts, st.sampled_from((":", "=", "~", "<", ">=")), words, negated),
        st.builds(Condition, texts, st.sampled_from((":", "=")), st.just(""), negated),
        st.builds(Condition, st.sampled_from(("balance", "credit_limit")), compare, amounts,
                  negated),
        st.builds(Condition, st.just("id"), compare, st.integers(990, 1700), negated),
        st.builds(Condition, st.just("state"), st.just("="), st.sampled_from(people.STATES),
                  negated),
        st.builds(Condition, st.sampled_from(("plan", "ordered_plan")), st.just("="),
                  st.sampled_from(("p1", "p3", "")), negated),
        st.builds(Condition, st.just("group"), st.just("="), st.just("staff"), negated),
        st.builds(Condition, st.just("active_since"), compare, some_dates, negated),
        st.builds(Condition, st.just("ordered_from"), st.just(":"), st.just("2026"), negated),
        st.builds(Condition, st.just("is"), st.just("="),
                  st.sampled_from(("beyond_limit", "failed", "to_block")), negated),
    )  # fmt: skip


def sorts() -> st.SearchStrategy[tuple[Sort, ...]]:
    one = st.builds(Sort, st.sampled_from(SORTABLE), st.booleans())
    return st.lists(one, max_size=1).map(tuple)


STEPS = st.lists(
    st.one_of(
        st.sampled_from(("home", "end", "next", "previous", "far next", "again")),
        st.integers(0, 700),
    ),
    min_size=1,
    max_size=8,
)


def walk(
    database: Database, query: Query, size: int, steps: list[Any], rows: list[Any], few: int
) -> None:
    """Takes the steps; each page must be that stretch of `rows`."""
    total = len(rows)
    page: Page | None = None
    for step in steps:
        start = page.start if page else 0
        known = total if step == "end" or start % 2 else None
        if step == "home":
            start = 0
        elif step == "end":
            start = max(0, total - 1) // size * size
        elif step in ("next", "far next"):
            start += size * (3 if step == "far next" else 1)
        elif step == "previous":
            start = max(0, start - size)
        elif step != "again":
            start = int(step)
        page = SUBSCRIBERS.page(database, query, start, size, page, known)
        assert page.rows == rows[start : start + size], (step, start, few)
        assert page.start == start


@pytest.mark.parametrize("seed", [1, 2])
def test_every_way_leads_through_the_same_rows(
    database: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On random data, by index and by sorting few."""
    people.fill(database, seed)
    everybody, close = people.everybody(database), people.of_last_close(database)

    @in_few_examples
    @given(st.lists(conditions(), max_size=3), sorts(), st.integers(1, 90), STEPS,
           st.sampled_from((0, 30, FEW)))  # fmt: skip
    def check(
        chosen: list[Condition], order: tuple[Sort, ...], size: int, steps: list[Any], few: int
    ) -> None:
        monkeypatch.setattr("engine.queries.paging.FEW", few)
        query = Query(tuple(chosen), order)
        rows = people.expected(everybody, close, query.conditions, order)
        walk(database, query, size, steps, rows, few)
        assert SUBSCRIBERS.count(database, query) == len(rows)
        found = pages(SUBSCRIBERS, database, query, size + 50)
        assert [row for page in found for row in page.rows] == rows

    check()


def test_two_columns_sort_few_rows(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    people.fill(database, 3)
    everybody, close = people.everybody(database), people.of_last_close(database)
    order = (Sort("state", descending=True), Sort("name"))
    query = SUBSCRIBERS.query("balance<0", order)
    rows = people.expected(everybody, close, query.conditions, order)
    assert len(rows) > 100
    walk(database, query, 40, ["home", "next", "end", "previous", "previous"], rows, FEW)
    monkeypatch.setattr("engine.queries.paging.FEW", 50)
    with pytest.raises(InputError, match="at most 50 rows"):
        SUBSCRIBERS.page(database, query, 0, 10)


def test_rows_that_come_and_go_do_not_stop_a_walk(database: Database) -> None:
    """What stands between two pages that follow one another is neither repeated nor left out."""
    people.fill(database, 4)
    query = Query((), (Sort("balance"),))
    first = SUBSCRIBERS.page(database, query, 0, 50)
    with database.transaction():
        database.execute("UPDATE account SET balance = -999999999999 WHERE id % 3 = 0 AND id > 999")
    second = SUBSCRIBERS.page(database, query, 50, 50, first)
    keys = [(row[4], row[0]) for row in second.rows]
    assert keys == sorted(keys)
    assert first.last is not None
    assert keys[0] > first.last


def test_estimates(database: Database) -> None:
    people.fill(database, 5)
    everybody, close = people.everybody(database), people.of_last_close(database)
    assert SUBSCRIBERS.estimate(database, Query()) == len(everybody)
    for text in ("balance<0", "address~Ленина", "ivan", "nobody"):
        query = SUBSCRIBERS.query(text)
        rows = people.expected(everybody, close, query.conditions, ())
        assert SUBSCRIBERS.estimate(database, query) == len(rows), text


def test_an_estimate_of_many_is_near(many: Database) -> None:
    for text, share in (("!state:active", 0.05), ("address~Садовая", 1.0), ("address~нет", 0.0)):
        found = SUBSCRIBERS.estimate(many, SUBSCRIBERS.query(text))
        assert abs(found - 4000 * share) <= 200, text


def test_nobody(database: Database) -> None:
    for view in SUBSCRIBERS.views:
        query = SUBSCRIBERS.view(view.name)
        page = SUBSCRIBERS.page(database, query, 0, 10)
        assert (page.rows, page.first, page.last) == ([], None, None)
        assert SUBSCRIBERS.count(database, query) == SUBSCRIBERS.estimate(database, query) == 0
        assert SUBSCRIBERS.page(database, query, 20, 10, page, 0).rows == []


def test_wrong_questions(database: Database) -> None:
    for query, part in (
        (Query((), (Sort("address"),)), "cannot be sorted by address"),
        (Query((Condition("plan", "=", "[x]"),)), r"no plan '\[x\]'"),
    ):
        with pytest.raises(InputError, match=part):
            SUBSCRIBERS.page(database, query, 0, 10)
    with pytest.raises(InputError, match="no such view"):
        SUBSCRIBERS.view("nothing")
