"""Units of work on several nodes at once: a conflict is tried again, nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.errors import BilldeckError
from engine.health import examine
from engine.ledger.balances import balance_of
from engine.retry import run_unit
from engine.subscribers.changes import Changes
from engine.subscribers.store import Writer, add
from tests.cluster.places import Places, at_once
from tests.ledger.books import IVAN, MOSCOW, NOW, OPEN, add_subscriber, count, ledger_of

pytestmark = [pytest.mark.heavy, pytest.mark.mariadb]

T = TypeVar("T")

ROUNDS = 25


@pytest.fixture
def books(places: Places) -> Places:
    """A subscriber and an open period on all nodes."""
    database = open_database(places.configs[0])
    with database.transaction():
        database.execute("INSERT INTO subscriber_group (id, code, name) VALUES (1, 'home', 'Home')")
        database.execute("INSERT INTO plan (code, name, monthly_fee) VALUES ('home', 'Home', 0)")
        database.execute("INSERT INTO billing_period (period, state) VALUES (?, 'open')", (OPEN,))
        add_subscriber(database, IVAN, "ivan")
    database.close()
    return places


def on(where: DatabaseConfig, work: Callable[[Database], T]) -> Callable[[], T]:
    """The work, over a connection of its own to a node."""

    def do() -> T:
        database = open_database(where)
        try:
            return work(database)
        finally:
            database.close()

    return do


def balance(places: Places, node: int) -> int:
    database = open_database(places.configs[node])
    found = balance_of(database, IVAN)
    database.close()
    return found


def test_the_later_of_two_commits_is_tried_again(books: Places) -> None:
    """The other node commits the same row while this one's transaction is open; the server tells
    only at the COMMIT."""
    here, there = open_database(books.configs[0]), open_database(books.configs[1])
    tries: list[int] = []

    def unit() -> None:
        with here.transaction():
            here.execute("UPDATE account SET balance = balance + 1 WHERE id = ?", (IVAN,))
            tries.append(len(tries))
            if len(tries) == 1:
                with there.transaction():
                    there.execute("UPDATE account SET balance = balance + 10 WHERE id = ?", (IVAN,))

    before = books.conflicts()
    run_unit(here, unit, 5)
    assert len(tries) == 2
    assert books.conflicts() > before
    assert there.value("SELECT balance FROM account WHERE id = ?", (IVAN,)) == 11
    with there.transaction():  # the books must be sound at the end
        there.execute("UPDATE account SET balance = 0 WHERE id = ?", (IVAN,))
    here.close()
    there.close()


def test_payments_on_three_nodes_add_up(books: Places) -> None:
    def pay(database: Database) -> None:
        for amount in range(1, ROUNDS + 1):
            ledger_of(database, wait=30).payment("ivan", amount)

    before = books.conflicts()
    at_once([on(where, pay) for where in books.configs])
    assert books.conflicts() > before
    assert [balance(books, node) for node in (0, 1, 2)] == [3 * ROUNDS * (ROUNDS + 1) // 2] * 3


def test_the_same_key_on_three_nodes_is_one_entry(books: Places) -> None:
    def pay(database: Database) -> list[tuple[int, bool]]:
        ledger = ledger_of(database, wait=30)
        answers = [ledger.payment("ivan", n, key=f"key {n}") for n in range(1, ROUNDS + 1)]
        return [(answer.entry_id, answer.repeated) for answer in answers]

    found = at_once([on(where, pay) for where in books.configs])
    for answers in zip(*found, strict=True):
        assert len({entry for entry, _ in answers}) == 1
        assert sorted(repeated for _, repeated in answers) == [False, True, True]


def test_an_entry_is_reversed_by_one_node(books: Places) -> None:
    database = open_database(books.configs[0])
    entries = [ledger_of(database).payment("ivan", 10).entry_id for _ in range(ROUNDS)]

    def reverse(database: Database) -> list[str]:
        refused = []
        for entry in entries:
            try:
                ledger_of(database, wait=30).reverse(entry)
            except BilldeckError as error:
                refused.append(error.message)
        return refused

    refused = at_once([on(where, reverse) for where in books.configs])
    assert sum(map(len, refused)) == 2 * ROUNDS
    assert all("reversed already" in message for messages in refused for message in messages)
    assert count(database, "reversal") == ROUNDS
    database.close()
    assert balance(books, 2) == 0


def test_subscribers_added_on_three_nodes_have_numbers_of_their_own(books: Places) -> None:
    writer = Writer("anna", NOW, MOSCOW, wait_seconds=30)

    def grow(name: str) -> Callable[[Database], None]:
        def work(database: Database) -> None:
            for number in range(ROUNDS):
                add(database, f"{name}{number}", Changes(group="home", plan="home"), writer)

        return work

    at_once([on(where, grow(name)) for where, name in zip(books.configs, "abc", strict=True)])
    database = open_database(books.configs[2])
    assert database.row("SELECT COUNT(*), MAX(id) FROM subscriber") == (
        1 + 3 * ROUNDS,
        IVAN + 3 * ROUNDS,
    )
    database.close()


def test_a_commit_is_tried_again_when_the_node_has_lost_the_others(books: Places) -> None:
    """A COMMIT hangs until the node knows that it is alone, and fails with a code of its own. The
    unit waits for the others to come back, and is then done once."""
    database = open_database(books.configs[0])
    others = books.nodes[1:]
    notes: list[str] = []
    tries: list[int] = []

    def unit() -> None:
        with database.transaction():
            database.execute("UPDATE subscriber SET name = 'Ivan' WHERE id = ?", (IVAN,))
            database.execute("INSERT INTO addon (code, name, monthly_fee) VALUES ('tv', 'TV', 0)")
            tries.append(len(tries))
            if len(tries) == 1:
                for node in others:
                    node.freeze()

    def note(text: str) -> None:
        notes.append(text)
        if len(notes) == 1:
            for node in others:
                node.thaw()

    run_unit(database, unit, 60, on_wait=note)
    assert all("database lost" in one for one in notes)
    assert len(tries) >= 2
    database.close()
    for node in (0, 1, 2):
        database = open_database(books.configs[node])
        assert database.value("SELECT COUNT(*) FROM addon WHERE code = 'tv'") == 1
        database.close()


def test_check_minds_how_the_nodes_are_set_up(books: Places) -> None:
    database = open_database(books.configs[1])
    assert examine(database).problems == []
    root = books.nodes[1].connect(root=True)
    with root.cursor() as cursor:
        cursor.execute("SET GLOBAL wsrep_sync_wait = 0, GLOBAL wsrep_max_ws_rows = 1000")
        found = " ".join(examine(database).problems)
        cursor.execute("SET GLOBAL wsrep_sync_wait = 1, GLOBAL wsrep_max_ws_rows = 0")
    root.close()
    database.close()
    assert "wsrep_sync_wait is 0" in found
    assert "wsrep_max_ws_rows is 1000" in found
