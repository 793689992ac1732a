"""The list of actions: any way through it shows the rows of one full sort; pages read indexes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.database import Database
from engine.errors import InputError
from engine.events.kinds import ACTION_KINDS, EVENT_KINDS, STATES
from engine.queries.columns import Sort
from engine.queries.event_counts import counts_of, event_counts
from engine.queries.event_list import NEWEST_FIRST, RECEIPT_STATES
from engine.queries.filters import Condition
from engine.queries.paging import FEW, Page, Query
from engine.queries.source import pages
from tests.queries import action_books
from tests.queries.action_books import LIST
from tests.queries.measures import SIZE, cheap

SORTABLE = [column.name for column in LIST.columns if column.sortable]
WORDS = ("iva", "ivan", "Иван", "900", "nobody", "nas:", "smsc", "no money", "")


def conditions() -> st.SearchStrategy[Condition]:
    negated, compare = st.booleans(), st.sampled_from(("<", "<=", ">", ">=", "="))
    chosen = {"state": STATES, "kind": ACTION_KINDS, "event": EVENT_KINDS,
              "receipt": RECEIPT_STATES, "is": ("open", "late", "no_receipt")}  # fmt: skip
    choices = [
        st.builds(Condition, st.just(name), st.just("="), st.sampled_from(values), negated)
        for name, values in chosen.items()
    ]
    texts, words = st.sampled_from(("login", "channel", "reason")), st.sampled_from(WORDS)
    numbers = st.sampled_from(("id", "event_id", "attempts"))
    moments = st.sampled_from(("2026", "2026-01", "2026-01-01", "2025-12-31", "2027"))
    return st.one_of(
        *choices,
        st.builds(Condition, st.just(""), st.just(":"), st.sampled_from(WORDS[:4]), negated),
        st.builds(Condition, texts, st.sampled_from((":", "=", ">=")), words, negated),
        st.builds(Condition, texts, st.just("~"), st.sampled_from(WORDS[:8]), negated),
        st.builds(Condition, numbers, compare, st.integers(0, 200), negated),
        st.builds(Condition, st.just("at"), compare, moments, negated),
        st.builds(Condition, st.just("next_at"), st.just(":"), moments, negated),
    )


def orders() -> st.SearchStrategy[tuple[Sort, ...]]:
    one = st.builds(Sort, st.sampled_from(SORTABLE), st.booleans())
    return st.lists(one, max_size=1).map(tuple)


def test_every_way_leads_through_the_same_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By index and by sorting few; forwards, and backwards from the end."""
    action_books.fill(database, 1)
    everything = action_books.all_of(database)

    @settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(conditions(), max_size=3), orders(), st.integers(1, 90),
           st.sampled_from((0, 30, FEW)))  # fmt: skip
    def check(chosen: list[Condition], order: tuple[Sort, ...], size: int, few: int) -> None:
        monkeypatch.setattr("engine.queries.paging.FEW", few)
        query = Query(tuple(chosen), order)
        rows = action_books.shown(
            action_books.expected(everything, query.conditions, order)
        )  # fmt: skip
        assert LIST.count(database, query) == len(rows)
        found = pages(LIST, database, query, size)
        assert [row for page in found for row in page.rows] == rows
        page: Page | None = None
        for start in range(max(0, len(rows) - 1) // size * size, -1, -size):
            page = LIST.page(database, query, start, size, page, len(rows))
            assert page.rows == rows[start : start + size]

    check()


def test_the_newest_are_first_and_the_views_find_what_they_say(database: Database) -> None:
    assert LIST.query("").sorts == NEWEST_FIRST
    for view in LIST.views:
        assert LIST.page(database, LIST.view(view.name), 0, 10).rows == []
    action_books.fill(database, 2)
    everything = action_books.all_of(database)
    for view in LIST.views:
        query = LIST.view(view.name)
        wanted = action_books.expected(everything, query.conditions, query.sorts)
        assert wanted, view.name
        assert LIST.page(database, query, 0, 1_000).rows == action_books.shown(wanted)


def test_wrong_questions(database: Database) -> None:
    for text, part in (
        ("state:lost", "state is never 'lost'"),
        ("at>2026-13", "no day 2026-13"),
        ("is:static", "is is never 'static'"),
        ("balance>0", "no column 'balance'"),
    ):
        with pytest.raises(InputError, match=part):
            LIST.page(database, LIST.query(text), 0, 10)


def test_counts(database: Database) -> None:
    found = event_counts(database, 5)
    assert (found.counts, found.receipts_wrong, found.paused, found.actions) == ({}, 0, (), 0)
    action_books.fill(database, 1)
    everything = action_books.all_of(database)
    for name, paused_at, until in (("a", 1, None), ("b", 1, 9), ("c", 1, 5), ("d", None, None)):
        database.execute("INSERT INTO channel (name, paused_at, paused_until) VALUES (?, ?, ?)",
                         (name, paused_at, until))  # fmt: skip
    found = event_counts(database, 5)
    assert [one.name for one in found.paused] == ["a", "b"]
    assert found.actions == len(everything)
    for state in STATES:
        assert found.counts[state] == sum(row[6] == state for row in everything)
    assert found.receipts_wrong == sum(row[11] == "error" for row in everything)
    by_kind = counts_of(database, [*(row[0] for row in everything), 999_999])
    assert by_kind.total() == len(everything)
    dead = sum((row[4], row[6]) == ("notice", "dead") for row in everything)
    assert by_kind["notice", "dead"] == dead


@pytest.fixture
def dense(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Thousands, nearly all done, where most filters leave too many to be sorted."""
    action_books.fill(database, 3, 1_600)
    with database.transaction():
        database.execute("UPDATE action SET state = 'done', next_at = NULL WHERE id % 40 > 0")
        database.execute("UPDATE action SET kind = 'notice' WHERE id % 3 > 0")
    monkeypatch.setattr("engine.queries.paging.FEW", 60)
    if database.dialect.name == "mariadb":
        database.rows("ANALYZE TABLE action, event, receipt, subscriber")
    return database


def test_every_order_and_common_filters_read_an_index(dense: Database) -> None:
    sorts = [(Sort(name, down),) for name in SORTABLE for down in (False, True)]
    for text in ("", "state:done", "kind:notice", "kind:notice state:done", "channel:smsc",
                 "ivan", "event:payment", "is:open"):  # fmt: skip
        for order in sorts:
            query = LIST.query(text, order)
            total = LIST.count(dense, query)
            home = LIST.page(dense, query, 0, SIZE)
            end = LIST.page(dense, query, max(0, total - SIZE), SIZE, None, total)
            for start, near, known in (
                (0, None, None),
                (SIZE, home, None),
                (max(0, total - SIZE), None, total),
                (max(0, total - 2 * SIZE), end, None),
            ):
                times = 8 if text in ("event:payment", "is:open", "ivan") else 2
                cheap(
                    dense,
                    lambda one, q=query, s=start, n=near, k=known: LIST.page(one, q, s, SIZE, n, k),
                    f"{text} {order} from {start}",
                    times,
                )


def test_a_rare_state_is_found_by_its_index_though_too_many_to_be_sorted(dense: Database) -> None:
    query = LIST.query("state:dead")
    dense.execute("UPDATE action SET state = 'dead' WHERE id <= 80")
    cheap(dense, lambda one: LIST.page(one, query, 0, SIZE), "the oldest are dead")


def test_rare_filters_read_an_index(dense: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.queries.paging.FEW", FEW)
    with dense.transaction():
        dense.execute("UPDATE action SET state = 'cancelled' WHERE state = 'dead' AND id % 9 > 0")
        dense.execute("UPDATE event SET kind = 'limit' WHERE kind = 'birthday' AND id % 20 > 0")
        dense.execute("UPDATE receipt SET state = 'done' WHERE state = 'error' AND action_id > 99")
    for text in ("state:dead", "event:birthday", "receipt:error", "id=77", "id<30", "event_id=5",
                 "state:dead channel:nas:m1"):  # fmt: skip
        query = LIST.query(text)
        cheap(dense, lambda one, q=query: LIST.page(one, q, 0, SIZE), text)
