"""Bonuses: recorded with the payment, credited once as entries of their own, never on a bonus."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from engine.events import pauses
from engine.events.facts import Happened
from engine.events.plan import Moment
from engine.events.record import record
from engine.ledger.bonuses import any_due, credit_some
from engine.ledger.proof import prove
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

DAY_MS = 86_400_000


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    yield opened
    opened.close()


def bonuses(database: Database) -> list[tuple[str, str]]:
    return [(kind, state) for kind, channel, state in actions(database) if channel == "bonus"]


def credit(database: Database, now: int = NOW) -> tuple[int, int]:
    return credit_some(database, BILLING, FixedClock(now), lambda: None)


def balance(database: Database) -> int:
    return database.integer("SELECT balance FROM account WHERE id = ?", (IVAN,))


def test_a_bonus_is_recorded_with_the_payment_and_credited_once(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", 2_200_00)
    assert bonuses(database) == [("top_up_bonus", "waiting")]
    assert balance(database) == 2_200_00
    assert any_due(database, NOW)
    assert credit(database) == (1, 110_00)
    assert credit(database) == (0, 0)
    assert (balance(database), bonuses(database)) == (2_310_00, [("top_up_bonus", "done")])
    assert database.rows("SELECT kind FROM journal_entry ORDER BY id") == [("payment",), ("bonus",)]
    # Nothing follows a bonus: no event, so no receipt and no bonus on it.
    assert database.integer("SELECT COUNT(*) FROM event") == 1
    assert prove(database) == []


def test_one_top_up_bonus_in_a_month(database: Database) -> None:
    clock = FixedClock(NOW)
    ledger = ledger_with(database, rules(), clock)
    ledger.payment("ivan", 2_000_00)
    ledger.payment("ivan", 2_000_00)
    clock.advance(30 * DAY_MS - 1)
    ledger.payment("ivan", 2_000_00)
    assert len(bonuses(database)) == 2


def test_a_bonus_of_a_reversed_payment_is_not_credited(database: Database) -> None:
    ledger = ledger_with(database, rules())
    ledger.reverse(ledger.payment("ivan", 2_000_00).entry_id)
    assert credit(database) == (0, 0)
    assert (balance(database), bonuses(database)) == (0, [("top_up_bonus", "cancelled")])


def test_a_paused_channel_credits_nothing(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", 2_000_00)
    with database.transaction():
        pauses.keep_channel(database, pauses.Channel("bonus", NOW, None, "anna", "audit"))
    assert credit(database) == (0, 0)


@pytest.mark.parametrize(
    ("change", "paid", "expected"),
    [
        ("phone = '8 999 123-45-67'", 2_000_00, ["top_up_bonus"]),
        ("phone = ''", 2_000_00, []),
        ("phone = '8 999 123-45-67'", 1_999_99, ["loyalty_bonus"]),
        ("contract_date = '2025-06-15'", 1_000_00, []),
        ("contract_date = '2025-06-14'", 1_000_00, ["loyalty_bonus"]),
        ("contract_date = '2025-06-14'", 999_99, []),
    ],
)
def test_gates(database: Database, change: str, paid: int, expected: list[str]) -> None:
    with database.transaction():
        database.execute(
            "INSERT INTO plan (id, code, name, monthly_fee) VALUES (1, 'a', 'A', 1000000000)"
        )
        database.execute(
            "UPDATE subscriber SET plan_id = 1, contract_date = ?",
            (date(2020, 1, 1).isoformat(),),
        )
        database.execute(f"UPDATE subscriber SET {change}")
    ledger_with(database, rules()).payment("ivan", paid)
    assert [kind for kind, _ in bonuses(database)] == expected


def test_no_bonus_with_a_discount_or_below_the_allowed_minus(database: Database) -> None:
    ledger = ledger_with(database, rules())
    with database.transaction():
        database.execute("UPDATE subscriber SET credit_limit = 10000")
    ledger.correct("ivan", -100_01)
    ledger.payment("ivan", 2_000_00)
    assert bonuses(database) == []
    with database.transaction():
        database.execute(
            "INSERT INTO discount (subscriber_id, scope, kind, value)"
            " VALUES (?, 'rent', 'fixed', 1)",
            (IVAN,),
        )
    ledger.payment("ivan", 2_000_00)
    assert bonuses(database) == []


def test_a_date_that_is_still_to_come_makes_no_month_pass(database: Database) -> None:
    """MikBill's staff may date a payment as they like."""
    for number, at in enumerate((NOW, NOW + 40 * DAY_MS)):
        happened = Happened("payment", IVAN, f"payment:{number}", at, "mikbill", "x", 2_000_00)
        with database.transaction():
            record(database, rules(), Moment(NOW, BILLING.timezone, "RUB"), [happened])
    assert bonuses(database) == [("top_up_bonus", "waiting")]
