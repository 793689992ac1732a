"""Taking an entry back: its opposite, once."""

from __future__ import annotations

import pytest

from engine.clock import FixedClock
from engine.database import Database
from engine.errors import InputError
from engine.ledger.accounts import CASH, CORRECTION, VAT
from engine.ledger.operations import Ledger
from tests.ledger.books import IVAN, NOW, OLGA, charge, count, ledger_of, lines_of


def test_every_line_of_a_payment_is_turned_round(database: Database) -> None:
    clock = FixedClock(NOW)
    ledger = ledger_of(database, clock)
    paid = ledger.payment("ivan", 12_200, "standard")
    clock.advance(1_000)
    back = ledger.reverse(paid.entry_id, comment="по ошибке")
    assert lines_of(database, back.entry_id) == [
        (IVAN, -12_200), (IVAN, 2_200), (CASH, 12_200), (VAT, -2_200),
    ]  # fmt: skip
    assert (back.login, back.amount, back.vat, back.balance) == ("ivan", -10_000, -2_200, 0)
    assert back.effective_at == NOW + 1_000
    row = database.row("SELECT entry_id, reversed_entry, reversed_line FROM reversal")
    assert row == (back.entry_id, paid.entry_id, 1)


@pytest.mark.parametrize("kind", ["refund", "correct", "writeoff"])
def test_other_kinds(kind: str, ledger: Ledger) -> None:
    ledger.correct("ivan", -100 if kind == "writeoff" else 100)
    before = ledger.correct("ivan", 1).balance
    done = getattr(ledger, kind)("ivan", 50)
    assert ledger.reverse(done.entry_id, "ivan").balance == before


def test_once(ledger: Ledger, database: Database) -> None:
    paid = ledger.payment("ivan", 100)
    back = ledger.reverse(paid.entry_id)
    with pytest.raises(InputError, match=f"reversed already, by entry {back.entry_id}"):
        ledger.reverse(paid.entry_id)
    assert count(database, "journal_entry") == 2


def test_a_reversal_is_not_reversed(ledger: Ledger) -> None:
    back = ledger.reverse(ledger.payment("ivan", 100).entry_id)
    with pytest.raises(InputError, match="cannot be reversed"):
        ledger.reverse(back.entry_id)


def test_the_same_key_is_the_same_reversal(ledger: Ledger) -> None:
    paid, other = ledger.payment("ivan", 100), ledger.payment("ivan", 200)
    back = ledger.reverse(paid.entry_id, key="k")
    again = ledger.reverse(paid.entry_id, key="k")
    assert (again.entry_id, again.repeated) == (back.entry_id, True)
    with pytest.raises(InputError, match=f"it reverses entry {paid.entry_id}, this entry"):
        ledger.reverse(other.entry_id, key="k")


def test_another_subscribers_entry(ledger: Ledger) -> None:
    paid = ledger.payment("ivan", 100)
    with pytest.raises(InputError, match="is not of olga"):
        ledger.reverse(paid.entry_id, "olga")
    assert ledger.reverse(paid.entry_id, "ivan-tv").balance == 0


def test_one_charge_of_a_close_at_a_time(ledger: Ledger, database: Database) -> None:
    with database.transaction():
        entry = charge(database, "2026-05", {IVAN: 300, OLGA: 200})
    with pytest.raises(InputError, match="by login"):
        ledger.reverse(entry)
    back = ledger.reverse(entry, "olga")
    assert lines_of(database, back.entry_id) == [(OLGA, 200), (CORRECTION, -200)]
    assert (back.amount, back.balance) == (200, 0)
    assert database.rows("SELECT reversed_entry, reversed_line FROM reversal") == [(entry, 2)]
    with pytest.raises(InputError, match="reversed already"):
        ledger.reverse(entry, "olga")
    assert ledger.reverse(entry, "ivan").balance == 0


def test_charges_that_are_not_there(ledger: Ledger, database: Database) -> None:
    with database.transaction():
        entry = charge(database, "2026-05", {IVAN: 0})
    with pytest.raises(InputError, match="no charge of olga"):
        ledger.reverse(entry, "olga")
    with pytest.raises(InputError, match="nothing to take back"):
        ledger.reverse(entry, "ivan")


def test_an_entry_of_a_closed_period_is_taken_back_today(
    ledger: Ledger, database: Database
) -> None:
    paid = ledger.payment("ivan", 100)
    with database.transaction():
        entry = charge(database, "2026-05", {IVAN: 100})
    database.execute("UPDATE billing_period SET state = 'closed'")
    assert ledger.reverse(entry, "ivan").effective_at == NOW
    assert ledger.reverse(paid.entry_id).balance == 0
