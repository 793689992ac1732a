"""From the tables to the bonus of a payment: the plan's fee, and which bonuses are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from engine.events.known import read_facts
from engine.events.settings import FOLLOWS, Rules
from tests.events.books import IVAN, actions, ledger_with, open_event_books, rules

FEE = 334_50


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    """The books; ivan has a plan of 334.50 a month and signed long ago."""
    opened = open_event_books(database_config)
    with opened.transaction():
        opened.execute(
            "INSERT INTO plan (id, code, name, monthly_fee) VALUES (1, 'home', 'Home', 334500000)"
        )
        opened.execute(
            "UPDATE subscriber SET plan_id = 1, contract_date = '2020-05-17' WHERE id = ?", (IVAN,)
        )
    yield opened
    opened.close()


def bonuses(database: Database, given: Rules) -> list[str]:
    ledger_with(database, given).payment("ivan", 2_000_00, key="p1")
    return [kind for kind, payload in actions(database, "kind, payload") if "bonus" in kind]


def test_a_fee_is_minor_units(database: Database) -> None:
    assert read_facts(database, [IVAN])[IVAN].monthly_fee == FEE


def test_a_payment_of_the_fee_earns_loyalty(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", FEE - 1, key="p1")
    assert actions(database) == [("notice", "sms", "waiting"), ("receipt", "komtet", "waiting")]
    # The balance is still a kopeck short of the fee.
    ledger_with(database, rules()).payment("ivan", FEE, key="p2")
    found = actions(database, "kind, payload")[4:]
    assert [(kind, '"amount": 3000' in payload) for kind, payload in found] == [
        ("loyalty_bonus", True)
    ]


def test_top_up_comes_first(database: Database) -> None:
    assert bonuses(database, rules()) == ["top_up_bonus"]


def test_loyalty_where_no_top_up_is_wanted(database: Database) -> None:
    events = rules().events
    follows = {**FOLLOWS, "payment": ("loyalty_bonus",)}
    assert bonuses(database, rules(events=replace(events, follows=follows))) == ["loyalty_bonus"]
