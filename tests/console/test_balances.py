"""The view of the balances: counts, the list, a number's card with its chart, the skipped mails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.demo.build import demo_clock
from engine.queries.number_list import NumberList
from tests.console import driving
from tests.console.books import (
    TODAY,
    books,
    config,
    console_of,
    drive,
    original,
    read,
    shows,
)
from tests.console.driving import check_snapshot, text, until
from tui.app import Console
from tui.screens.balances import BalancesScreen
from tui.screens.number_card import SPANS, NumberCardScreen
from tui.screens.skipped_mails import MailScreen, SkippedMailsScreen
from tui.screens.subscriber_card import SubscriberCard
from tui.screens.views import ViewChoice
from tui.widgets.line_chart import LineChart

__all__ = ["books", "original"]

SIZES = [(80, 24), (160, 45)]


def type_line(pilot: Pilot[int], line: str) -> None:
    """As if it had been typed after the colon."""
    assert isinstance(pilot.app, Console)
    pilot.app.run_line(line)


async def to_balances(pilot: Pilot[int]) -> BalancesScreen:
    """The view, once all of it is there."""
    await pilot.press("3")
    await until(pilot, shows(pilot, "newest report", "row 1 of 16"))
    found = pilot.app.screen
    assert isinstance(found, BalancesScreen)
    return found


async def to_card(pilot: Pilot[int]) -> NumberCardScreen:
    """The card of the first number."""
    await to_balances(pilot)
    await pilot.press("enter")
    await until(pilot, shows(pilot, "Changed", "14 days", "row 1 of 100"))
    found = pilot.app.screen
    assert isinstance(found, NumberCardScreen)
    return found


@pytest.mark.parametrize("size", SIZES)
def test_as_it_looks(books: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await to_balances(pilot)
        check_snapshot(pilot.app, f"balances-{size[0]}x{size[1]}")

    drive(console_of(books), steps, size)


@pytest.mark.parametrize("size", SIZES)
def test_a_card_as_it_looks(books: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await to_card(pilot)
        check_snapshot(pilot.app, f"number-{size[0]}x{size[1]}")

    drive(console_of(books), steps, size)


def test_the_counts_are_those_of_the_numbers_and_change_by_the_history(books: Path) -> None:
    database = read(books)
    database.execute("UPDATE number SET status = 'terminated' WHERE id = 1")
    database.execute("DELETE FROM number_history")
    database.execute(
        "INSERT INTO number_history (number_id, at, what, value_before, value_after)"
        " VALUES (1, 4000000000000, 'status', 'ok', 'terminated')"
    )
    terminated = database.integer("SELECT COUNT(*) FROM number WHERE status = 'terminated'")
    database.close()

    async def steps(pilot: Pilot[int]) -> None:
        await to_balances(pilot)
        lines = text(pilot.app).split("\n")
        line = next(line for line in lines if "✖ terminated" in line)
        assert line.split()[-2:] == [str(terminated), "+1"]
        assert "-1" in next(line for line in lines if "● OK" in line)

    drive(console_of(books), steps)


def test_filters_views_and_the_way_back(books: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        screen = await to_balances(pilot)
        await pilot.press("v")
        await until(pilot, lambda: isinstance(pilot.app.screen, ViewChoice))
        assert all(view.title in text(pilot.app) for view in NumberList.views)
        await pilot.press("down", "enter")
        await until(pilot, shows(pilot, "Numbers › Missing from reports", "Since↓"))
        await until(pilot, lambda: screen.table.total_is_exact and screen.table.total < 16)
        await until(pilot, lambda: screen.table.current_row is not None)
        row = screen.table.current_row
        assert row is not None
        assert row[2] == "▲ no data"
        await pilot.press("escape")
        await until(pilot, shows(pilot, "Numbers › All", "row 1 of 16"))
        type_line(pilot, "balances balance<0")
        await until(pilot, shows(pilot, "Numbers › Below zero"))
        screen.filter_by("status:dead", final=True)
        await until(pilot, shows(pilot, "status is never 'dead'"))
        assert screen.filter_text == "balance<0"

    drive(console_of(books), steps)


def test_the_days_of_the_chart(books: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        screen = await to_card(pilot)
        chart = screen.query_one(LineChart)
        for span in (*SPANS[1:], SPANS[0]):
            await pilot.press("t")
            await until(pilot, shows(pilot, f"{span} days"))
            assert chart.chart is not None
            assert len(chart.chart.values) == span
        assert SPANS[0] == 14
        assert sorted(SPANS) == [7, 14, 30, 90, 365]

    drive(console_of(books), steps)


@pytest.mark.parametrize("size", SIZES)
def test_the_trend(books: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await to_balances(pilot)
        await pilot.press("t")
        await until(pilot, shows(pilot, "trend · 14 days", "✖ terminated  ", "2026-11-22"))
        check_snapshot(pilot.app, f"balance-trend-{size[0]}x{size[1]}")
        await pilot.press("t")
        await until(pilot, shows(pilot, "trend · 30 days", "2026-10-24"))
        await pilot.press("escape")
        await until(pilot, shows(pilot, "newest report"))

    drive(console_of(books), steps, size)


def test_from_a_number_to_its_mail_and_its_subscriber(books: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        card = await to_card(pilot)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(pilot.app.screen, MailScreen))
        await until(pilot, shows(pilot, "last mail", "Уважаемый абонент!", "На счете"))
        await pilot.press("escape", "u")
        await until(pilot, lambda: isinstance(pilot.app.screen, SubscriberCard))
        # The card of a subscriber names its numbers with their status.
        await until(pilot, shows(pilot, "SIMs", "Ledger"))
        await pilot.press("escape")
        assert pilot.app.screen is card
        await pilot.press("escape")
        await pilot.press(*["down"] * 8, "u")
        await until(pilot, shows(pilot, "This number has no subscriber"))

    drive(console_of(books), steps, (160, 45))


@pytest.mark.parametrize("size", SIZES)
def test_the_skipped_mails(books: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await to_balances(pilot)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(pilot.app.screen, SkippedMailsScreen))
        await until(pilot, shows(pilot, "row 1 of 3", ":run balance-import --retry-skipped"))
        check_snapshot(pilot.app, f"skipped-mails-{size[0]}x{size[1]}")
        await pilot.press("e")
        await until(pilot, shows(pilot, "billdeck export skipped-mails"))
        await pilot.press("end", "enter")
        await until(pilot, shows(pilot, "a skipped mail", "На счете 1.2.3 руб."))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, BalancesScreen))

    drive(console_of(books), steps, size)


def test_an_export_asks_with_the_number_of_rows(books: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await to_balances(pilot)
        await pilot.press("e")
        await until(pilot, shows(pilot, "Export 16 rows of Numbers?", "CSV"))
        await pilot.press("escape")

    drive(console_of(books), steps)


def test_a_number_by_its_name_and_one_that_is_not_there(books: Path) -> None:
    database = read(books)
    number = database.value("SELECT number FROM number WHERE id = 5")
    database.close()

    async def steps(pilot: Pilot[int]) -> None:
        type_line(pilot, f"number {number}")
        await until(pilot, shows(pilot, f"Balances › {number}", "14 days"))
        type_line(pilot, "number 5")
        await until(pilot, shows(pilot, "NOT READ"))

    drive(console_of(books), steps)


@pytest.mark.parametrize("with_number", [False, True])
def test_how_to_begin(tmp_path: Path, with_number: bool) -> None:
    """Nothing is there yet: words say what to do."""
    settings = driving.config(tmp_path)
    if with_number:
        database = driving.open_database(settings.database)
        database.execute("INSERT INTO operator (id, name) VALUES (1, 'Megafon')")
        database.execute(
            "INSERT INTO number (number, operator_id, created_at) VALUES ('9260000000', 1, 0)"
        )
        database.close()

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("3")
        if not with_number:
            await until(pilot, shows(pilot, "No numbers yet", "numbers.csv", "no numbers yet"))
            return
        await until(pilot, shows(pilot, "No balance mail was taken yet", "import-mail"))
        await pilot.press("enter")
        await until(pilot, shows(pilot, "none yet", "no balance was reported in 14 days"))
        await pilot.press("i")
        await until(pilot, shows(pilot, "No mail about this number"))
        await pilot.press("escape", "i")
        await until(pilot, shows(pilot, "no mail is skipped"))

    driving.drive(driving.new_console(tmp_path), steps)


def foreign_letters(pilot: Pilot[int]) -> set[str]:
    """What is no ASCII, but for the titles of panes, which have their own test."""
    lines = (line for line in text(pilot.app).split("\n") if "as of" not in line)
    return {char for line in lines for char in line if not char.isascii()}


def test_a_plain_terminal_gets_ascii(books: Path) -> None:
    database = read(books)
    database.execute("UPDATE operator_tariff SET title = 'One'  || id")
    database.close()
    settings = config(books)
    plain = replace(settings, console=replace(settings.console, ascii=True))
    console = Console(plain, "olga", "viewer", demo_clock(plain, TODAY), {"TERM": "xterm"})

    async def steps(pilot: Pilot[int]) -> None:
        await to_balances(pilot)
        assert foreign_letters(pilot) == set()
        await pilot.press("enter")
        await until(pilot, shows(pilot, "Changed", "14 days", "*"))
        assert foreign_letters(pilot) == set()

    drive(console, steps)
