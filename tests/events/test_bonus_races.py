"""Bonuses when several payments, a reversal and the crediting come at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.events.hook import Given, Hook
from engine.ledger.bonuses import credit_some
from engine.ledger.proof import prove
from engine.retry import run_unit
from tests.events.books import (
    BILLING,
    IVAN,
    NOW,
    FixedClock,
    actions,
    ledger_with,
    open_event_books,
    rules,
)

Work = Callable[[Database], object]
WAIT = 60


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    with opened.transaction():
        opened.execute(
            "INSERT INTO plan (id, code, name, monthly_fee) VALUES (1, 'p', 'P', 1000000000)"
        )
        opened.execute(
            "UPDATE subscriber SET plan_id = 1, contract_date = '2020-01-01' WHERE id = ?", (IVAN,)
        )
    yield opened
    opened.close()


def at_once(config: DatabaseConfig, works: Sequence[Work]) -> None:
    """Does the works side by side, each on a connection of its own."""
    barrier = Barrier(len(works))

    def one(work: Work) -> None:
        database = open_database(config)
        try:
            barrier.wait()
            work(database)
        finally:
            database.close()

    with ThreadPoolExecutor(len(works)) as pool:
        list(pool.map(one, works))


def bonuses(database: Database) -> list[tuple[str, str]]:
    return [(kind, state) for kind, channel, state in actions(database) if channel == "bonus"]


def pay(amount: int) -> Work:
    return lambda database: ledger_with(database, rules()).payment("ivan", amount)


def hooked(number: int, amount: int) -> Work:
    def work(database: Database) -> object:
        hook = Hook(database, rules(), BILLING, FixedClock(NOW), "hook", WAIT)
        return hook.record(Given("payment", "ivan", str(number), amount, NOW))

    return work


@pytest.mark.parametrize(
    ("amount", "kind"), [(2_000_00, "top_up_bonus"), (1_000_00, "loyalty_bonus")]
)
def test_one_bonus_for_payments_at_the_same_moment(
    database: Database, database_config: DatabaseConfig, amount: int, kind: str
) -> None:
    at_once(database_config, [pay(amount)] * 4)
    assert bonuses(database) == [(kind, "waiting")]


def test_hooks_at_the_same_moment_are_all_recorded_and_earn_no_bonus(
    database: Database, database_config: DatabaseConfig
) -> None:
    """The balance before is not known from a hook alone."""
    at_once(database_config, [hooked(number, 2_000_00) for number in range(4)])
    assert database.integer("SELECT COUNT(*) FROM event") == 4
    assert bonuses(database) == []


def test_a_reversal_and_the_crediting_at_the_same_moment(
    database: Database, database_config: DatabaseConfig
) -> None:
    def credit(own: Database) -> object:
        return run_unit(own, lambda: credit_some(own, BILLING, FixedClock(NOW), lambda: None), WAIT)

    for _ in range(5):
        entry = ledger_with(database, rules()).payment("ivan", 2_000_00).entry_id

        def reverse(own: Database, entry: int = entry) -> object:
            return ledger_with(own, rules()).reverse(entry)

        at_once(database_config, [reverse, credit, pay(1_00)])
        # A bonus that was called off counts for nothing: the next payment earns one.
        database.execute("UPDATE action SET created_at = 0 WHERE channel = 'bonus'")
    credited = database.rows("SELECT entry_key FROM journal_entry WHERE kind = 'bonus'")
    done = database.rows("SELECT id FROM action WHERE channel = 'bonus' AND state = 'done'")
    assert sorted(credited) == sorted((f"bonus:{number}",) for (number,) in done)
    assert {state for _, state in bonuses(database)} <= {"done", "cancelled"}
    assert prove(database) == []
