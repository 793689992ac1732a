"""The ledger's commands: what they post, what they refuse, what they answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.clock import FixedClock
from engine.database import Database
from engine.errors import InputError, NeedsConfirmation
from engine.ledger import balances, journal
from engine.ledger.accounts import CASH, CORRECTION, OPENING, VAT, WRITEOFF
from engine.ledger.inputs import MAX_AMOUNT
from engine.ledger.operations import MAX_BALANCE, Ledger
from tests.ledger.books import IVAN, NOW, OLGA, charge, count, ledger_of, lines_of, moment


def test_a_payment(ledger: Ledger, database: Database) -> None:
    answer = ledger.payment("ivan", 15_000, comment="касса")
    assert lines_of(database, answer.entry_id) == [(IVAN, 15_000), (CASH, -15_000)]
    assert (answer.login, answer.amount, answer.vat, answer.balance) == ("ivan", 15_000, 0, 15_000)
    assert (answer.repeated, answer.effective_at) == (False, NOW)
    row = database.row("SELECT kind, effective_at, recorded_at, actor, comment FROM journal_entry")
    assert row == ("payment", NOW, NOW, "anna", "касса")


@pytest.mark.parametrize(
    ("vat", "date", "taken"),
    [
        ("standard", "2026-05-19", 2_000),  # 20 % of 120.00 in all
        ("standard", "2026-05-20", 2_164),  # 22 % from that day on: 2163.93
        (1800, "2026-05-20", 1_831),  # 1830.51
        (0, "2026-05-20", 0),
        (None, "2026-05-20", 0),
    ],
)
def test_vat_by_the_date_of_the_payment(
    vat: int | None, date: str, taken: int, ledger: Ledger, database: Database
) -> None:
    answer = ledger.payment("ivan", 12_000, vat, moment(date))
    assert (answer.vat, answer.balance) == (taken, 12_000 - taken)
    expected = [(IVAN, 12_000), (CASH, -12_000)]
    if taken:
        expected = [(IVAN, 12_000), (IVAN, -taken), (CASH, -12_000), (VAT, taken)]
    assert lines_of(database, answer.entry_id) == expected


def test_the_day_of_a_rate_is_local(ledger: Ledger) -> None:
    last = ledger.payment("ivan", 12_000, "standard", moment("2026-05-19T20:59:59Z"))
    first = ledger.payment("ivan", 12_000, "standard", moment("2026-05-19T21:00:00Z"))
    assert (last.vat, first.vat) == (2_000, 2_164)


def test_refund_correction_and_writeoff(ledger: Ledger, database: Database) -> None:
    ledger.payment("ivan", 1_000)
    refund = ledger.refund("ivan", 400)
    down = ledger.correct("ivan", -1_000)
    writeoff = ledger.writeoff("ivan", 300)
    up = ledger.correct("ivan", 100)
    assert [refund.amount, down.amount, writeoff.amount, up.amount] == [400, -1_000, 300, 100]
    assert [refund.balance, down.balance, writeoff.balance, up.balance] == [600, -400, -100, 0]
    assert lines_of(database, refund.entry_id) == [(IVAN, -400), (CASH, 400)]
    assert lines_of(database, down.entry_id) == [(IVAN, -1_000), (CORRECTION, 1_000)]
    assert lines_of(database, writeoff.entry_id) == [(IVAN, 300), (WRITEOFF, -300)]
    own = balances.own_balances(database)
    assert (own["cash"], own["correction"], own["writeoff"], own["vat"]) == (-600, 900, -300, 0)
    assert sum(own.values()) + balances.balance_of(database, IVAN) == 0


def test_an_alias_stands_for_its_main_subscriber(ledger: Ledger, database: Database) -> None:
    answer = ledger.payment("ivan-tv", 700)
    assert (answer.login, answer.balance) == ("ivan", 700)
    assert balances.balance_of(database, IVAN) == 700


def test_a_refund_above_the_balance_needs_confirmation(ledger: Ledger, database: Database) -> None:
    ledger.payment("ivan", 4_000)
    with pytest.raises(NeedsConfirmation, match=r"100\.00 to ivan .* 40\.00.* -60\.00"):
        ledger.refund("ivan", 10_000, key="r")
    assert count(database, "journal_entry") == 1
    assert ledger.refund("ivan", 4_000).balance == 0
    assert ledger.refund("ivan", 6_000, key="r", confirmed=True).balance == -6_000
    assert ledger.refund("ivan", 6_000, key="r").repeated


def test_a_writeoff_above_the_debt_needs_confirmation(ledger: Ledger, database: Database) -> None:
    ledger.correct("ivan", -500)
    with pytest.raises(NeedsConfirmation, match=r"5\.01 .* debt of 5\.00.* 0\.01"):
        ledger.writeoff("ivan", 501)
    with pytest.raises(NeedsConfirmation, match=r"debt of 0\.00"):
        ledger.writeoff("olga", 1)
    assert count(database, "journal_entry") == 1
    assert ledger.writeoff("ivan", 500).balance == 0
    assert ledger.writeoff("ivan", 1, confirmed=True).balance == 1


REFUSED: dict[str, tuple[Callable[[Ledger], object], str]] = {
    "unknown login": (lambda it: it.payment("Ivan", 1), "no subscriber 'Ivan'"),
    "blank after login": (lambda it: it.payment("ivan ", 1), "no subscriber"),
    "half a character": (lambda it: it.payment("\udc80", 1), "no subscriber"),
    "zero": (lambda it: it.payment("ivan", 0), "more than 0"),
    "negative": (lambda it: it.refund("ivan", -5), "more than 0"),
    "too much": (lambda it: it.writeoff("ivan", MAX_AMOUNT + 1), "at most"),
    "zero correction": (lambda it: it.correct("ivan", 0), "more than 0"),
    "huge correction": (lambda it: it.correct("ivan", -MAX_AMOUNT - 1), "at most"),
    "negative rate": (lambda it: it.payment("ivan", 1, -1), "VAT rate"),
    "rate over the whole": (lambda it: it.payment("ivan", 1, 10_001), "VAT rate"),
    "long comment": (lambda it: it.correct("ivan", 1, comment="x" * 301), "301 characters"),
    "reserved key": (lambda it: it.payment("ivan", 1, key="close:2026-05"), "cannot be a key"),
    "future": (lambda it: it.payment("ivan", 1, when_ms=NOW + 1), "future"),
    "closed": (lambda it: it.payment("ivan", 1, when_ms=moment("2026-04-30")), "2026-04, which is"),
    "last closed moment": (
        lambda it: it.payment("ivan", 1, when_ms=moment("2026-05-01") - 1),
        "closed",
    ),
    "before the books": (
        lambda it: it.correct("ivan", 1, when_ms=moment("2026-03-31")),
        "begin with the period 2026-04",
    ),
    "before the calendar": (lambda it: it.correct("ivan", 1, when_ms=-1), "1970|period"),
    "no entry": (lambda it: it.reverse(77), "no entry 77"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_changes_nothing(name: str, ledger: Ledger, database: Database) -> None:
    command, message = REFUSED[name]
    with pytest.raises(InputError, match=message):
        command(ledger)
    assert count(database, "journal_entry") == 0
    assert count(database, "posting") == 0


def test_open_dates_are_taken(ledger: Ledger) -> None:
    for when in ("2026-05-01", "2026-05-31T23:59:59", "2026-06-01", "2026-06-15T12:00:00"):
        assert ledger.payment("ivan", 1, when_ms=moment(when)).effective_at == moment(when)


def test_a_period_being_closed_is_not_closed_yet(ledger: Ledger, database: Database) -> None:
    database.execute("UPDATE billing_period SET state = 'closing' WHERE period = '2026-05'")
    assert ledger.payment("ivan", 1, when_ms=moment("2026-05-31")).balance == 1


def test_in_empty_books_the_present_month_is_the_first_period(
    ledger: Ledger, database: Database
) -> None:
    database.execute("DELETE FROM billing_period")
    with pytest.raises(InputError, match="before the books"):
        ledger.payment("ivan", 1, when_ms=moment("2026-05-31"))
    assert count(database, "billing_period") == 0
    ledger.payment("ivan", 1)
    assert database.rows("SELECT period, state FROM billing_period") == [("2026-06", "open")]


def test_a_balance_cannot_leave_its_range(ledger: Ledger, database: Database) -> None:
    with database.transaction():
        entry = journal.new_entry(
            database, "opening", journal.opening_key("ivan"), "h", NOW, NOW, "anna"
        )
        journal.post(database, entry, [(IVAN, MAX_BALANCE - 5), (OPENING, 5 - MAX_BALANCE)])
    assert ledger.payment("ivan", 5).balance == MAX_BALANCE
    with pytest.raises(InputError, match="beyond what an account may hold"):
        ledger.payment("ivan", 1)


def test_post_refuses_what_does_not_balance(database: Database) -> None:
    def write(*lines: tuple[int, int]) -> None:
        with database.transaction():
            entry = journal.new_entry(database, "payment", "k", "h", NOW, NOW, "anna")
            journal.post(database, entry, lines)

    for lines in ([(IVAN, 1), (CASH, -2)], [(IVAN, 0)], []):
        with pytest.raises(ValueError, match="do not balance"):
            write(*lines)
    with pytest.raises(LookupError):
        write((5000, 1), (CASH, -1))
    assert count(database, "journal_entry") == 0


def test_the_same_key_is_the_same_entry(ledger: Ledger, database: Database) -> None:
    first = ledger.payment("ivan", 100, "standard", moment("2026-06-01"), "a", key="k")
    ledger.payment("ivan", 5)
    again = ledger.payment("ivan", 100, "standard", moment("2026-06-01"), "a", key="k")
    assert (again.entry_id, again.repeated) == (first.entry_id, True)
    assert (again.amount, again.vat, again.effective_at) == (100, first.vat, first.effective_at)
    assert again.balance == first.balance + 5
    assert count(database, "journal_entry") == 2


def test_a_repeat_is_answered_though_time_went_on(database: Database) -> None:
    clock = FixedClock(NOW)
    ledger = ledger_of(database, clock)
    first = ledger.payment("ivan", 100, key="k")
    clock.advance(90 * 86_400_000)
    database.execute("INSERT INTO billing_period (period, state) VALUES ('2026-06', 'closed')")
    again = ledger.payment("ivan", 100, key="k")
    assert (again.entry_id, again.repeated, again.effective_at) == (first.entry_id, True, NOW)


OTHER: dict[str, tuple[Callable[[Ledger], object], str]] = {
    "kind": (lambda it: it.refund("ivan", 100, key="k"), "it is a payment, this is a refund"),
    "login": (lambda it: it.payment("olga", 100, key="k"), "it is of ivan, this of olga"),
    "amount": (lambda it: it.payment("ivan", 101, key="k"), r"amount is 1\.00, this 1\.01"),
    "comment": (lambda it: it.payment("ivan", 100, comment="b", key="k"), "its comment is 'a'"),
    "vat": (lambda it: it.payment("ivan", 100, 2000, comment="a", key="k"), "VAT"),
    "date": (
        lambda it: it.payment("ivan", 100, when_ms=moment("2026-06-01"), comment="a", key="k"),
        "its date is 2026-06-15T12:00:00.03:00, this 2026-06-01T00",
    ),
    "date given": (
        lambda it: it.payment("ivan", 100, when_ms=NOW, comment="a", key="k"),
        "given in another way",
    ),
    "reversal": (lambda it: it.reverse(1, key="k"), "it is a payment, this is a reversal"),
}


@pytest.mark.parametrize("name", OTHER)
def test_the_same_key_with_other_content(name: str, ledger: Ledger, database: Database) -> None:
    command, message = OTHER[name]
    ledger.payment("ivan", 100, comment="a", key="k")
    with pytest.raises(InputError, match=message):
        command(ledger)
    assert count(database, "journal_entry") == 1


def test_keys_are_compared_byte_by_byte(ledger: Ledger, database: Database) -> None:
    for key in ("k", "K", "k ", "ё", "е"):
        assert not ledger.payment("ivan", 1, key=key).repeated
    assert count(database, "journal_entry") == 5


def test_charges_stay_out_of_reach_of_a_key(ledger: Ledger, database: Database) -> None:
    with database.transaction():
        charge(database, "2026-05", {IVAN: 100, OLGA: 200})
    with pytest.raises(InputError, match="cannot be a key"):
        ledger.payment("ivan", 100, key=f"close:2026-05:{IVAN}")
