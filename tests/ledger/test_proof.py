"""The proof finds every kind of damage and names it; sound books it leaves alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from engine.ledger.proof import NAMED_AT_MOST, prove
from tests.ledger.books import (
    ALIAS,
    IVAN,
    OLGA,
    add_record,
    add_subscriber,
    charge,
    ledger_of,
    open_books,
)

# The entries of the books below.
PAYMENT, REFUND, OLGAS, BACK, MAY, CHARGE_BACK, JUNE = range(1, 8)

Found = list[tuple[str, str]]


@pytest.fixture
def filled(books: Database) -> Database:
    """Sound books with an entry of each sort, without the guards that keep damage out."""
    return fill(books)


def fill(books: Database) -> Database:
    ledger = ledger_of(books)
    ledger.payment("ivan", 12_200, "standard")
    ledger.refund("ivan", 1_000)
    ledger.reverse(ledger.payment("olga", 700).entry_id)
    with books.transaction():
        charge(books, "2026-05", {IVAN: 300, OLGA: 0})
        add_record(books, "2026-05", ALIAS, "exempt")
    ledger.reverse(MAY, "ivan")
    with books.transaction():
        charge(books, "2026-06", {IVAN: 300, OLGA: 200})
        add_record(books, "2026-06", ALIAS, "failed")
    assert prove(books) == []
    take_guards_away(books)
    return books


def take_guards_away(database: Database) -> None:
    if database.dialect.name == "sqlite":
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute("PRAGMA foreign_keys = OFF")
        triggers = database.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    else:
        database.execute("SET FOREIGN_KEY_CHECKS = 0")
        database.execute("SET check_constraint_checks = 0")
        triggers = database.rows(
            "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
        )
    for (name,) in triggers:
        database.execute(f"DROP TRIGGER {name}")


# Damage: the statements, what must be found (all of it), and words of one finding's detail.
DAMAGE: dict[str, tuple[list[str], Found, str]] = {
    "an amount grew": (
        [f"UPDATE posting SET amount = amount + 1 WHERE entry_id = {PAYMENT} AND line = 3"],
        [("entry-sum", "entry 1")],
        r"4 postings sum to 0\.01, not to 0\.00",
    ),
    "an absurd amount": (
        [f"UPDATE posting SET amount = 9000000000000000000 WHERE entry_id = {PAYMENT}"],
        [("amount", "entry 1")] * 4,
        r"line 1 holds 90000000000000000\.00",
    ),
    "a kept balance moved": (
        [f"UPDATE account SET balance = balance - 5 WHERE id = {IVAN}"],
        [("balance", "subscriber ivan")],
        r"balance is 86\.95, its postings sum to 87\.00",
    ),
    "a posting and a balance moved together": (
        [
            f"UPDATE posting SET amount = amount - 5 WHERE entry_id = {REFUND} AND line = 1",
            f"UPDATE account SET balance = balance - 5 WHERE id = {IVAN}",
        ],
        [("entry-sum", "entry 2")],
        r"sum to -0\.05",
    ),
    "an entry for nothing": (
        ["INSERT INTO journal_entry VALUES (99, 'payment', 'k', 'h', 1, 1, 'a', '')"],
        [("entry-lines", "entry 99")],
        "0 postings",
    ),
    "a single posting of zero": (
        [
            "INSERT INTO journal_entry VALUES (99, 'payment', 'k', 'h', 1, 1, 'a', '')",
            f"INSERT INTO posting VALUES (99, 1, {IVAN}, 0)",
        ],
        [("entry-lines", "entry 99")],
        "1 postings",
    ),
    "a posting lost": (
        [f"DELETE FROM posting WHERE entry_id = {OLGAS} AND line = 2"],
        [("entry-lines", "entry 3"), ("entry-sum", "entry 3"), ("reversal-lines", "entry 4")],
        r"sum to 7\.00",
    ),
    "an entry lost": (
        [f"DELETE FROM journal_entry WHERE id = {REFUND}"],
        [("posting-entry", "entry 2")] * 2,
        r"no such entry, yet line 1 posts -10\.00 to account 1000",
    ),
    "a posting to nowhere": (
        [f"UPDATE posting SET account_id = 4999 WHERE entry_id = {REFUND} AND line = 2"],
        [("posting-account", "entry 2")],
        r"line 2 posts 10\.00 to account 4999, which does not exist",
    ),
    "a posting to another subscriber": (
        [f"UPDATE posting SET account_id = {ALIAS} WHERE entry_id = {REFUND} AND line = 1"],
        [("balance", "subscriber ivan"), ("balance", "subscriber ivan-tv")],
        r"balance is 87\.00, its postings sum to 97\.00",
    ),
    "an account lost": (
        [f"DELETE FROM account WHERE id = {ALIAS}"],
        [("subscriber-account", "subscriber ivan-tv")],
        f"no account {ALIAS}",
    ),
    "a subscriber lost": (
        [f"DELETE FROM subscriber WHERE id = {ALIAS}"],
        [("account-subscriber", f"account {ALIAS}")],
        r"no subscriber; it keeps 0\.00",
    ),
    "our own account with a balance": (
        ["UPDATE account SET balance = 7 WHERE code = 'cash'"],
        [("own-balance", "account cash")],
        r"keeps a balance of 0\.07",
    ),
    "a reversal that names nothing": (
        [f"DELETE FROM reversal WHERE entry_id = {BACK}"],
        [("reversal-row", "entry 4")],
        "does not name",
    ),
    "a reversal of a reversal": (
        [f"UPDATE reversal SET reversed_entry = {CHARGE_BACK} WHERE entry_id = {BACK}"],
        [("reversal-kind", "entry 4"), ("reversal-lines", "entry 4")],
        "a reversal that reverses entry 6, a reversal",
    ),
    "a reversal of nothing": (
        [f"UPDATE reversal SET reversed_entry = 88 WHERE entry_id = {BACK}"],
        [("reversal-kind", "entry 4")],
        "reverses entry 88, a missing entry",
    ),
    "reversed twice": (
        [f"INSERT INTO reversal VALUES ({REFUND}, {OLGAS}, 2)"],
        [
            ("reversal-kind", "entry 2"),
            ("reversal-lines", "entry 2"),
            ("reversal-twice", "entry 3"),
        ],
        "reversed 2 times",
    ),
    "not the exact opposite": (
        [
            f"UPDATE posting SET amount = amount * 2 WHERE entry_id = {BACK}",
            f"UPDATE account SET balance = balance - 700 WHERE id = {OLGA}",
        ],
        [("reversal-lines", "entry 4")],
        "2 lines and entry 3, which it reverses, 2; 0 of them are opposite",
    ),
    "the wrong account turned round": (
        [f"UPDATE posting SET account_id = 2 WHERE entry_id = {BACK} AND line = 2"],
        [("reversal-lines", "entry 4")],
        "1 of them are opposite",
    ),
    "a charge given back twofold": (
        [
            f"UPDATE posting SET amount = amount * 2 WHERE entry_id = {CHARGE_BACK}",
            f"UPDATE account SET balance = balance + 300 WHERE id = {IVAN}",
        ],
        [("reversal-lines", "entry 6")],
        "not the opposite of line 1 of charge 5",
    ),
    "a record says another amount": (
        [f"UPDATE close_record SET amount = 301 WHERE subscriber_id = {IVAN} AND entry_id = {MAY}"],
        [("charge-posting", "subscriber ivan"), ("charge-records", "entry 5")],
        r"close of 2026-05 charged 3\.01 by line 1 of entry 5, which posts -3\.00",
    ),
    "a record lost": (
        [f"DELETE FROM close_record WHERE subscriber_id = {OLGA} AND entry_id = {MAY}"],
        [("charge-records", "entry 5")],
        r"charges 2 subscribers 3\.00; the close records of 2026-05 hold 1 with 3\.00",
    ),
    "all records of an entry lost": (
        [f"DELETE FROM close_record WHERE entry_id = {MAY}"],
        [("charge-records", "entry 5")],
        r"of no period hold 0 with 0\.00",
    ),
    "a record of a charge that is not there": (
        [
            f"UPDATE close_record SET entry_id = 88"
            f" WHERE subscriber_id = {OLGA} AND period = '2026-05'"
        ],
        [
            ("charge-posting", "subscriber olga"),
            ("charge-records", "entry 5"),
            ("charge-records", "entry 88"),
        ],
        "by line 2 of entry 88, where there is no such charge",
    ),
    "a charge recorded in two periods": (
        [
            f"UPDATE close_record SET entry_id = {MAY}, entry_line = 1"
            f" WHERE period = '2026-06' AND subscriber_id = {IVAN}",
            f"DELETE FROM close_record WHERE entry_id = {MAY} AND subscriber_id = {OLGA}",
            f"UPDATE posting SET amount = -300 WHERE entry_id = {MAY} AND line = 2",
            f"UPDATE posting SET amount = 600 WHERE entry_id = {MAY} AND line = 3",
            f"UPDATE account SET balance = balance - 300 WHERE id = {OLGA}",
        ],
        [("charge-records", "entry 5"), ("charge-records", "entry 7")],
        "close records of several periods name it: 2026-05, 2026-06",
    ),
    "a charge under another name": (
        [f"UPDATE journal_entry SET kind = 'payment' WHERE id = {JUNE}"],
        [
            ("charge-posting", "subscriber ivan"),
            ("charge-posting", "subscriber olga"),
            ("charge-records", "entry 7"),
        ],
        "2 close records of 2026-06 name it, and it is no charge entry",
    ),
    "an exempt one that paid": (
        [f"UPDATE close_record SET entry_id = {MAY}, entry_line = 1 WHERE status = 'exempt'"],
        [("uncharged-posting", "subscriber ivan-tv")],
        "recorded it as exempt, yet names entry 5",
    ),
    "a failed one with an amount": (
        ["UPDATE close_record SET amount = 5 WHERE status = 'failed'"],
        [("uncharged-posting", "subscriber ivan-tv")],
        r"as failed, yet names no entry and 0\.05",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_and_named(name: str, filled: Database) -> None:
    statements, expected, words = DAMAGE[name]
    for statement in statements:
        filled.execute(statement)
    found = prove(filled)
    assert sorted((finding.kind, finding.subject) for finding in found) == sorted(expected)
    assert any(re.search(words, finding.detail) for finding in found), found


@pytest.mark.parametrize("value", ["0.5", "-100.25", "'abc'", "x'00'", "1e18"])
def test_amounts_that_are_no_integers(
    value: str, new_database: Callable[[str], DatabaseConfig]
) -> None:
    """Only SQLite can hold them; MariaDB's columns take nothing but integers."""
    database = fill(open_books(new_database("sqlite")))
    database.execute(f"UPDATE posting SET amount = {value} WHERE entry_id = {PAYMENT} AND line = 1")
    (finding,) = prove(database)
    assert (finding.kind, finding.subject) == ("amount", "entry 1")
    database.close()


def test_a_balance_that_is_missing(filled: Database) -> None:
    if filled.dialect.name == "sqlite":
        filled.execute(f"UPDATE account SET balance = NULL, code = 'x' WHERE id = {ALIAS}")
    else:
        filled.execute(f"UPDATE account SET balance = NULL WHERE id = {ALIAS}")
    (finding,) = prove(filled)
    assert (finding.kind, finding.subject) == ("balance", "subscriber ivan-tv")


def test_a_login_cannot_write_to_the_terminal(filled: Database) -> None:
    filled.execute(f"UPDATE subscriber SET login = ? WHERE id = {IVAN}", ("\x1b[31mred",))
    filled.execute(f"UPDATE account SET balance = 0 WHERE id = {IVAN}")
    (finding,) = prove(filled)
    assert finding.subject == "subscriber \\x1b[31mred"


def test_many_findings_are_counted_and_the_first_named(filled: Database) -> None:
    with filled.transaction():
        for number in range(2000, 2150):
            add_subscriber(filled, number, f"s{number}")
        filled.execute("UPDATE account SET balance = 1 WHERE id >= 2000")
    found = prove(filled)
    assert len(found) == NAMED_AT_MOST + 1
    assert found[0].subject == "subscriber s2000"
    assert found[-1].kind == "balance"
    assert found[-1].detail.startswith("150 findings of this kind in all")


def test_it_writes_nothing_and_leaves_no_transaction_open(filled: Database) -> None:
    assert prove(filled) == []
    with filled.transaction():
        add_subscriber(filled, 3000, "s3000")
    assert prove(filled) == []
