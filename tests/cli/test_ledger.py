"""`billdeck payment`, `refund`, `correct`, `writeoff`, `reverse`."""

from __future__ import annotations

import io

import pytest

from cli.ledger import run
from cli.main import build_parser
from cli.output import Output
from cli.session import Session
from engine.database import Database
from engine.errors import NeedsConfirmation
from tests.cli.conftest import Shell


class Terminal(io.StringIO):
    """A stdin with a person at it."""

    def isatty(self) -> bool:
        return True


def balance(books: Database) -> int:
    return books.integer("SELECT balance FROM account WHERE id = 1000")


def entries(books: Database) -> int:
    return books.integer("SELECT COUNT(*) FROM journal_entry")


def test_a_payment(ivan: Shell, books: Database) -> None:
    answer = ivan("payment", "ivan", "1217.45", "--comment", "cash desk")
    assert (answer.status, answer.err) == (0, "")
    assert answer.out == (
        "Entry 1: payment 1\u00a0217.45\u00a0RUB, ivan, 2026-11-12T12:00:00+03:00.\n"
        "Balance: 1\u00a0217.45\u00a0RUB.\n"
    )
    assert balance(books) == 121745


def test_a_payment_as_json(ivan: Shell) -> None:
    answer = ivan("payment", "ivan", "122", "--vat", "--date", "2026-11-03", "--json")
    assert answer.json == {
        "entry": 1,
        "repeated": False,
        "login": "ivan",
        "amount": "122.00",
        "vat": "22.00",
        "balance": "100.00",
        "effective_at": "2026-11-03T00:00:00+03:00",
    }


@pytest.mark.parametrize(("rate", "vat"), [("20", "20.00"), ("0", "0.00"), ("5.5", "6.26")])
def test_a_vat_rate(ivan: Shell, rate: str, vat: str) -> None:
    assert ivan("payment", "ivan", "120", "--vat", rate, "--json").json["vat"] == vat


def test_a_key_makes_a_repeat_harmless(ivan: Shell, books: Database) -> None:
    assert ivan("payment", "ivan", "5", "--key", "k1").status == 0
    again = ivan("payment", "ivan", "5", "--key", "k1")
    assert again.status == 0
    assert "recorded before" in again.out
    assert ivan("payment", "ivan", "5", "--key", "k1", "--json").json["repeated"] is True
    other = ivan("payment", "ivan", "6", "--key", "k1")
    assert (other.status, other.out) == (2, "")
    assert (entries(books), balance(books)) == (1, 500)


@pytest.mark.parametrize(("amount", "after"), [("-5.00", -500), ("-5", -500), ("+7.1", 710)])
def test_a_correction_has_a_sign(ivan: Shell, books: Database, amount: str, after: int) -> None:
    assert ivan("correct", "ivan", amount, "--comment", "slip").status == 0
    assert balance(books) == after


def test_a_write_off_of_a_debt(ivan: Shell, books: Database) -> None:
    ivan("correct", "ivan", "-10")
    assert ivan("writeoff", "ivan", "10").status == 0
    assert balance(books) == 0


def test_a_reversal_once(ivan: Shell, books: Database) -> None:
    ivan("payment", "ivan", "5")
    answer = ivan("reverse", "1", "--comment", "wrong person", "--json")
    assert (answer.json["entry"], answer.json["balance"]) == (2, "0.00")
    assert ivan("reverse", "1").status == 2
    assert balance(books) == 0


@pytest.mark.parametrize("command", ["refund", "writeoff"])
def test_too_much_needs_confirmation(ivan: Shell, books: Database, command: str) -> None:
    answer = ivan(command, "ivan", "5")
    assert answer.status == 4
    assert answer.err.endswith(" Nothing was changed. Use --yes to go on.\n")
    assert entries(books) == 0
    assert ivan(command, "ivan", "5", "--yes").status == 0
    assert entries(books) == 1


@pytest.mark.parametrize(("said", "goes_on"), [("y\n", True), ("n\n", False), ("", False)])
def test_a_person_at_the_terminal_is_asked(
    ivan: Shell, books: Database, said: str, goes_on: bool
) -> None:
    words = ["refund", "ivan", "5"]
    args = build_parser("refund", words).parse_args(words)
    err = io.StringIO()
    out = Output(stdout=io.StringIO(), stderr=err)
    session = Session(out, ivan.config_file, ivan.clock, Terminal(said))
    try:
        if goes_on:
            assert run(args, session) == 0
        else:
            with pytest.raises(NeedsConfirmation) as refused:
                run(args, session)
            assert refused.value.message.endswith(" Nothing was changed.")
    finally:
        session.close()
    assert err.getvalue().endswith("\nGo on? [y/N]\n")
    assert balance(books) == (-500 if goes_on else 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("payment", "nobody", "5"), "nobody"),
        (("payment", "x\x1b]0;t\x07", "5"), "x\\x1b]0;t\\x07"),
        (("payment", "ivan", "0"), "more than 0"),
        (("payment", "ivan", "-5"), "more than 0"),
        (("refund", "ivan", "-5", "--yes"), "more than 0"),
        (("writeoff", "ivan", "-5", "--yes"), "more than 0"),
        (("correct", "ivan", "0"), "more than 0"),
        (("payment", "ivan", "-5,00"), "'-5,00' is not an amount"),
        (("payment", "ivan", "1e3"), "is not an amount"),
        (("payment", "ivan", "1.005"), "is not an amount"),
        (("payment", "ivan", "٥"), "is not an amount"),
        (("payment", "ivan", "5", "--vat", "much"), "is not a VAT rate"),
        (("payment", "ivan", "5", "--vat", "101"), "VAT"),
        (("payment", "ivan", "5", "--date", "2026-11-13"), "future"),
        (("payment", "ivan", "5", "--date", "2026-10-31"), "before the books"),
        (("payment", "ivan", "5", "--date", "yesterday"), "is not a date"),
        (("payment", "ivan", "5", "--key", ""), "cannot be a key"),
        (("payment", "ivan", "5", "--comment", "x" * 301), "comment"),
        (("reverse", "7"), "7"),
        (("reverse", "first"), "not the number of an entry"),
        (("reverse", "-1"), "not the number of an entry"),
    ],
)
def test_wrong_input(ivan: Shell, books: Database, words: tuple[str, ...], said: str) -> None:
    answer = ivan(*words)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err
    assert not {"\x1b", "\x07"} & set(answer.err)
    assert entries(books) == 0


def test_no_entry_in_a_closed_period(ivan: Shell, books: Database) -> None:
    books.execute("UPDATE billing_period SET state = 'closed'")
    books.execute("INSERT INTO billing_period (period, state) VALUES ('2026-12', 'open')")
    answer = ivan("payment", "ivan", "5", "--date", "2026-11-03")
    assert answer.status == 2
    assert "closed" in answer.err
