"""The proof pairs bonuses that are done with the entries that credit them, both ways."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from engine.events import by_hand
from engine.ledger.bonuses import credit_some
from engine.ledger.proof import NAMED_AT_MOST, prove
from tests.events.books import (
    BILLING,
    IVAN,
    NOW,
    OLGA,
    FixedClock,
    ledger_with,
    open_event_books,
    rules,
)
from tests.ledger.test_proof import take_guards_away

# The entries of the books: two payments and the bonuses of both.
IVANS, OLGAS = 3, 4


@pytest.fixture
def credited(database_config: DatabaseConfig) -> Iterator[Database]:
    """Ivan and olga were credited 110.00 and 100.00, olga's was taken back; the next payments
    earned nothing. The guards that keep damage out are gone."""
    database = open_event_books(database_config)
    ledger = ledger_with(database, rules())
    ledger.payment("ivan", 2_200_00)
    ledger.payment("olga", 2_000_00)
    assert credit_some(database, BILLING, FixedClock(NOW), lambda: None) == (2, 210_00)
    ledger.reverse(OLGAS)
    ledger.payment("ivan", 2_200_00)
    assert prove(database) == []
    take_guards_away(database)
    yield database
    database.close()


def bonus_of(number: int) -> str:
    """The action of a subscriber's bonus, as SQL."""
    return f"channel = 'bonus' AND subscriber_id = {number}"


# Damage: the statements, the findings, and words of one finding's detail.
DAMAGE: dict[str, tuple[list[str], list[tuple[str, str]], str]] = {
    "the entry is gone": (
        [
            f"DELETE FROM posting WHERE entry_id = {IVANS}",
            f"DELETE FROM journal_entry WHERE id = {IVANS}",
            f"UPDATE account SET balance = balance - 11000 WHERE id = {IVAN}",
        ],
        [("bonus-entry", "subscriber ivan")],
        r"the bonus of action \d+, 110\.00, is done, yet no entry credits it",
    ),
    "another amount": (
        [
            f"UPDATE posting SET amount = amount * 2 WHERE entry_id = {IVANS}",
            f"UPDATE account SET balance = balance + 11000 WHERE id = {IVAN}",
        ],
        [("bonus-entry", "subscriber ivan")],
        "entry 3 does not credit it to them",
    ),
    "the action was of another amount": (
        [f"UPDATE action SET payload = '{{\"amount\": 11001}}' WHERE {bonus_of(IVAN)}"],
        [("bonus-entry", "subscriber ivan")],
        r"110\.01, is done, yet entry 3 does not credit",
    ),
    "a payload that nobody can read": (
        [f"UPDATE action SET payload = 'amount' WHERE {bonus_of(IVAN)}"],
        [("bonus-entry", "subscriber ivan")],
        "not an amount",
    ),
    "another subscriber": (
        [
            f"UPDATE posting SET account_id = {OLGA} WHERE entry_id = {IVANS} AND line = 1",
            f"UPDATE account SET balance = balance - 11000 WHERE id = {IVAN}",
            f"UPDATE account SET balance = balance + 11000 WHERE id = {OLGA}",
        ],
        [("bonus-entry", "subscriber ivan")],
        "entry 3 does not credit it to them",
    ),
    "out of another account": (
        [f"UPDATE posting SET account_id = 4 WHERE entry_id = {IVANS} AND line = 2"],
        [("bonus-entry", "subscriber ivan")],
        "entry 3 does not credit it to them",
    ),
    "of another kind": (
        [f"UPDATE journal_entry SET kind = 'correction' WHERE id = {IVANS}"],
        [("bonus-action", "entry 3"), ("bonus-entry", "subscriber ivan")],
        r"it is a correction with the key 'bonus:\d+'",
    ),
    "credited once more under another key": (
        [
            "INSERT INTO journal_entry VALUES (99, 'bonus', 'again', 'h', 1, 1, 'a', '')",
            f"INSERT INTO posting VALUES (99, 1, {IVAN}, 11000)",
            "INSERT INTO posting VALUES (99, 2, 6, -11000)",
            f"UPDATE account SET balance = balance + 11000 WHERE id = {IVAN}",
        ],
        [("bonus-action", "entry 99")],
        "a bonus with the key 'again', to which no bonus that is done belongs",
    ),
    "an entry without its action": (
        [f"UPDATE action SET id = id + 500 WHERE {bonus_of(IVAN)}"],
        [("bonus-action", "entry 3"), ("bonus-entry", "subscriber ivan")],
        "to which no bonus that is done belongs",
    ),
    "credited and not done": (
        [f"UPDATE action SET state = 'waiting', next_at = 1 WHERE {bonus_of(IVAN)}"],
        [("bonus-action", "entry 3")],
        "to which no bonus that is done belongs",
    ),
    "a key that only looks like it": (
        [f"UPDATE journal_entry SET entry_key = 'bonus:0x' WHERE id = {IVANS}"],
        [("bonus-action", "entry 3"), ("bonus-entry", "subscriber ivan")],
        "'bonus:0x'",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_and_named(name: str, credited: Database) -> None:
    statements, expected, words = DAMAGE[name]
    for statement in statements:
        credited.execute(statement)
    found = prove(credited)
    assert sorted((finding.kind, finding.subject) for finding in found) == expected
    assert any(re.search(words, finding.detail) for finding in found), found


def test_what_a_person_marked_as_done_needs_no_entry(credited: Database) -> None:
    add_bonus(credited, "dead")
    (number,) = credited.row("SELECT MAX(id) FROM action") or (0,)
    hand = by_hand.Hand("anna", NOW)
    assert by_hand.mark_done(credited, [number], "given in cash", hand).changed == (number,)
    assert prove(credited) == []


def test_done_by_nobody(credited: Database) -> None:
    for _ in range(NAMED_AT_MOST + 1):
        add_bonus(credited, "done")
    found = prove(credited)
    assert {finding.kind for finding in found} == {"bonus-entry"}
    assert found[-1].detail.startswith("101 findings of this kind in all")


def add_bonus(database: Database, state: str) -> None:
    """One more bonus of ivan's, in this state."""
    with database.transaction():
        database.execute(
            "INSERT INTO action (event_id, subscriber_id, kind, channel, round, action_key,"
            " payload, state, created_at, ended_at) SELECT event_id, subscriber_id, kind, channel,"
            " (SELECT MAX(round) + 1 FROM action), (SELECT MAX(id) FROM action), payload, ?, 1, 1"
            f" FROM action WHERE {bonus_of(IVAN)} AND round = 1",
            (state,),
        )
