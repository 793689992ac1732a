"""How the databases carry out a page of the subscribers: by an index (see `measures`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC
from functools import partial

import pytest

from engine.database import Database
from engine.queries.card import LedgerOf, card
from engine.queries.columns import Sort
from engine.queries.overview import payments_today
from engine.queries.paging import Page, Query
from engine.queries.ping import ping
from engine.queries.subscribers import SUBSCRIBERS
from tests.queries.measures import ROWS_READ, SIZE, STEPS, Explaining, cheap, rows_read, steps


def around(database: Database, query: Query, what: str) -> None:
    """Home, next, end, the one before, and back from the middle: each is cheap."""
    total = SUBSCRIBERS.count(database, query)
    home = SUBSCRIBERS.page(database, query, 0, SIZE)
    end = SUBSCRIBERS.page(database, query, total - SIZE, SIZE, None, total)
    middle = SUBSCRIBERS.page(database, query, total // 2, SIZE)
    for start, near, known in (
        (0, None, None),
        (SIZE, home, None),
        (total - SIZE, None, total),
        (total - 2 * SIZE, end, None),
        (total // 2 + SIZE, middle, None),
        (total // 2 - SIZE, middle, None),
    ):
        cheap(database, asks(query, start, near, known), f"{what} {query.sorts} from {start}")


def asks(
    query: Query, start: int, near: Page | None = None, total: int | None = None
) -> Callable[[Database], object]:
    """The question for a page."""
    return lambda database: SUBSCRIBERS.page(database, query, start, SIZE, near, total)


ORDERS = [
    (Sort(column.name, descending),)
    for column in SUBSCRIBERS.columns
    if column.sortable
    for descending in (False, True)
]


@pytest.fixture
def dense(many: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The thousands, where most filters leave too many to be sorted."""
    monkeypatch.setattr("engine.queries.paging.FEW", 100)
    return many


def knowledge(database: Database) -> Iterator[str]:
    """What the engine knows of its tables: statistics of the whole, and on SQLite also none."""
    if database.dialect.name == "mariadb":
        database.rows("ANALYZE TABLE subscriber, account")
    yield "with statistics"
    if database.dialect.name == "sqlite":
        database.execute("DELETE FROM sqlite_stat1")
        database.close()
        database.connect()
        yield "without statistics"


def test_every_order_reads_an_index(dense: Database) -> None:
    for known in knowledge(dense):
        for order in [(), *ORDERS]:
            around(dense, Query((), order), known)


def test_common_filters_read_an_index(dense: Database) -> None:
    """Filters that many fulfil are looked at row by row along the order."""
    for known in knowledge(dense):
        for text in ("state:active", "иванова", "u !state:frozen"):
            for order in [(), (Sort("name"),), (Sort("balance"),), (Sort("state", True),)]:
                around(dense, SUBSCRIBERS.query(text, order), f"{text} {known}")
        around(dense, SUBSCRIBERS.view("debtors"), f"debtors {known}")
        around(dense, SUBSCRIBERS.view("beyond_limit"), f"beyond the limit {known}")


def test_rare_filters_read_an_index(many: Database) -> None:
    """Few rows are found by an index and then sorted."""
    with many.transaction():
        many.execute("UPDATE subscriber SET state = 'blocked', phone = '8' WHERE id % 500 = 1")
        many.execute("UPDATE account SET balance = -99999 WHERE id > 999 AND id % 500 = 2")
    for text in ("u1007", "state:blocked", "phone:8", "balance<-90000", "id<1020", "login=u2000",
                 "is:failed", "is:to_block", "name:x", "8"):  # fmt: skip
        for order in ((), (Sort("balance", True),), (Sort("name"), Sort("login"))):
            query = SUBSCRIBERS.query(text, order)
            cheap(many, asks(query, 0), text)
            cheap(many, partial(SUBSCRIBERS.estimate, query=query), text)


def test_a_card_and_the_payments_of_today_read_indexes(many: Database) -> None:
    for ask, what in (
        (lambda one: card(one, "u1007"), "card"),
        (lambda one: LedgerOf(1007).page(one, Query(), 0, SIZE), "ledger"),
        (lambda one: payments_today(one, 0, UTC), "payments"),
        (ping, "ping"),
    ):
        if many.dialect.name == "sqlite":
            assert steps(many, partial(ask, many)) < STEPS / 6, what
        else:
            assert rows_read(many, partial(ask, many)) < ROWS_READ, what


def test_what_is_dear_is_seen(many: Database) -> None:
    """The measures of this module tell an index from a table."""
    dear = "SELECT id FROM subscriber s WHERE address = '' ORDER BY created_at LIMIT 1"
    explaining = Explaining(many)
    explaining.rows(dear)
    assert explaining.wrong()
    if many.dialect.name == "sqlite":
        assert steps(many, lambda: many.rows(dear)) > STEPS / 6
    else:
        assert rows_read(many, lambda: many.rows(dear)) > ROWS_READ
