"""The card of a subscriber, and what is changed from it: payments, write-offs, settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.queries.card import card
from engine.queries.payer import payer
from tests.console.books import books, console_of, drive, original, read, shows
from tests.console.driving import check_snapshot, text, until
from tui.app import Console
from tui.screens.confirm import Confirm
from tui.screens.subscriber_card import SubscriberCard
from tui.widgets.paged_table import PagedTable

__all__ = ["books", "original"]

# The third has a hostile name.
FIRST, HOSTILE_ONE = 1000, 1003


def login_of(books: Path, number: int) -> str:
    database = read(books)
    login = database.value("SELECT login FROM subscriber WHERE id = ?", (number,))
    database.close()
    return str(login)


def balance_of(books: Path, login: str) -> int:
    database = read(books)
    balance = payer(database, login).balance
    database.close()
    return balance


async def opened(pilot: Pilot[int], login: str) -> SubscriberCard:
    found = SubscriberCard(login)
    pilot.app.push_screen(found)

    def complete() -> bool:
        tables = list(found.query(PagedTable))
        return len(tables) == 2 and all(table.current_row is not None for table in tables)

    await until(pilot, complete)
    await until(pilot, shows(pilot, "Charges", "Ledger", "row 1 of"))
    return found


async def line(pilot: Pilot[int], command: str) -> Confirm:
    assert isinstance(pilot.app, Console)
    pilot.app.run_line(command)
    await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
    assert isinstance(pilot.app.screen, Confirm)
    return pilot.app.screen


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
@pytest.mark.parametrize("number", [FIRST, HOSTILE_ONE])
def test_as_it_looks(books: Path, size: tuple[int, int], number: int) -> None:
    login = login_of(books, number)

    async def steps(pilot: Pilot[int]) -> None:
        await opened(pilot, login)
        check_snapshot(pilot.app, f"card-{number}-{size[0]}x{size[1]}")

    drive(console_of(books), steps, size)


def test_a_charge_is_told_term_by_term(books: Path) -> None:
    login = login_of(books, FIRST)

    async def steps(pilot: Pilot[int]) -> None:
        await opened(pilot, login)
        await pilot.press("tab", "enter")
        await until(pilot, shows(pilot, "rounded half-up"))
        check_snapshot(pilot.app, "charge-80x24")

    drive(console_of(books), steps)


def test_a_payment_is_asked_and_recorded(books: Path) -> None:
    login = login_of(books, FIRST)
    before = balance_of(books, login)

    async def steps(pilot: Pilot[int]) -> None:
        await opened(pilot, login)
        await line(pilot, f"payment {login} 120.00 --vat 20 --comment cash")
        await until(pilot, shows(pilot, "120.00 RUB", "20.00 RUB (20.00 %)", "cash", "olga"))
        await pilot.press("y")
        await until(pilot, shows(pilot, "cash", "payment", "Balance:"))

    drive(console_of(books), steps)
    assert balance_of(books, login) == before + 10_000
    database = read(books)
    kept = card(database, login).view.entries[0]
    database.close()
    assert (kept.kind, kept.actor, kept.comment) == ("payment", "olga", "cash")


def test_the_sum_is_typed_and_too_large_a_refund_asked_once_more(books: Path) -> None:
    login = login_of(books, FIRST)
    before = balance_of(books, login)

    async def steps(pilot: Pilot[int]) -> None:
        await opened(pilot, login)
        await line(pilot, f"refund {login} 99999.00")
        await pilot.press(*"99999.00", "enter")
        await until(pilot, shows(pilot, "is more than the", "Yes (y)"))
        assert balance_of(books, login) == before
        await pilot.press("y")
        await until(pilot, lambda: balance_of(books, login) == before - 9_999_900)

    drive(console_of(books), steps)


def test_an_entry_under_the_cursor_is_reversed_from_the_menu(books: Path) -> None:
    login = login_of(books, FIRST)
    before = balance_of(books, login)

    async def steps(pilot: Pilot[int]) -> None:
        opened_card = await opened(pilot, login)
        known = opened_card.known()
        assert known["login"] == login
        await pilot.press("x")
        await until(pilot, shows(pilot, ":payment", ":reverse", ":set"))
        await pilot.press(*["down"] * 4, "enter")
        await until(pilot, shows(pilot, f": reverse {known['entry']} --login {login}"))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await pilot.press(*"reverse", "enter")
        await until(pilot, lambda: balance_of(books, login) != before)

    drive(console_of(books), steps)


def test_settings_show_their_difference_first(books: Path) -> None:
    login = login_of(books, FIRST)

    async def steps(pilot: Pilot[int]) -> None:
        await opened(pilot, login)
        await line(pilot, f"set {login} --state blocked --discount all:percent:5;rent:fixed:2")
        await until(
            pilot, shows(pilot, "active -> blocked", "none -> all:percent:5, rent:fixed:2.00")
        )
        await pilot.press("y")
        await until(pilot, shows(pilot, "blocked", "rent:fixed:2.00", "Changed"))

    drive(console_of(books), steps)
    database = read(books)
    assert card(database, login).view.facts.state == "blocked"
    database.close()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("payment nobody 5", "no subscriber"),
        ("payment {} 1,5", "not an amount"),
        ("payment {} -5", "more than 0"),
        ("payment {} 5 --vat much", "not a VAT rate"),
        ("payment {} 5 --key auto:1", "cannot be a key"),
        ("payment {} 5 --date soon", "soon"),
        ("reverse first", "not the number of an entry"),
        ("reverse 999999", "no entry 999999"),
        ("set {}", "nothing to change"),
        ("set {} --plan nothing", "no plan 'nothing'"),
        ("set {} --state asleep", "asleep"),
        ("set {} --name a --name b", "twice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_done(books: Path, command: str, words: str) -> None:
    login = login_of(books, FIRST)
    before = balance_of(books, login)

    async def steps(pilot: Pilot[int]) -> None:
        assert isinstance(pilot.app, Console)
        pilot.app.run_line(command.format(login))
        await until(pilot, shows(pilot, words))
        assert "Yes" not in text(pilot.app)

    drive(console_of(books), steps, (160, 45))
    assert balance_of(books, login) == before
