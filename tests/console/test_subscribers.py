"""The view of the subscribers: as it looks, its filter, its saved views, the way into a card."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.queries.subscribers import SUBSCRIBERS
from tests.console.books import books, console_of, drive, original, shows
from tests.console.driving import check_snapshot, text, until
from tests.console.people import HOSTILE
from tui.screens.subscriber_card import SubscriberCard
from tui.screens.subscribers import SubscribersScreen
from tui.screens.views import ViewChoice
from tui.widgets.paged_table import PagedTable

__all__ = ["books", "original"]


def screen_of(pilot: Pilot[int]) -> SubscribersScreen:
    found = pilot.app.screen_stack[0]
    assert isinstance(found, SubscribersScreen)
    return found


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_as_it_looks(books: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        check_snapshot(pilot.app, f"subscribers-{size[0]}x{size[1]}")
        shown = text(pilot.app)
        assert not any(ord(char) < 32 and char != "\n" for char in shown)
        assert not {"\u202e", "\u200b", "\x9b"} & set(shown)
        assert HOSTILE[0] in shown

    drive(console_of(books), steps, size)


def test_a_filter_and_the_way_back(books: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        screen = screen_of(pilot)
        screen.filter_by("balance<0", final=True)
        await until(pilot, lambda: screen.table.total_is_exact)
        debtors = screen.table.total
        assert 0 < debtors < 20
        await until(pilot, shows(pilot, "Subscribers › Debtors", f"{debtors} row"))
        screen.filter_by("state:", final=True)
        screen.filter_by("nobody:1", final=True)
        await until(pilot, shows(pilot, "nobody"))
        assert screen.filter_text != "nobody:1"
        await pilot.press("escape")
        await until(pilot, shows(pilot, "Subscribers › All", "row 1 of 2"))

    drive(console_of(books), steps)


def test_the_saved_views_are_offered_and_shown(books: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        screen = screen_of(pilot)
        await pilot.press("v")
        await until(pilot, lambda: isinstance(pilot.app.screen, ViewChoice))
        assert all(view.title in text(pilot.app) for view in SUBSCRIBERS.views)
        await pilot.press("down", "down", "enter")
        await until(pilot, shows(pilot, "Subscribers › Debtors", "Balance↑"))
        await until(pilot, lambda: screen.table.current_row is not None)
        assert screen.table.query_now == SUBSCRIBERS.view("debtors")

    drive(console_of(books), steps)


def test_enter_opens_the_card_and_escape_leaves_it(books: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        screen = screen_of(pilot)
        row = screen.table.current_row
        assert row is not None
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SubscriberCard))
        await until(pilot, shows(pilot, f"Subscribers › {row[1]}", "balance", "Ledger"))
        await pilot.press("escape")
        assert pilot.app.screen is screen

    drive(console_of(books), steps)


def test_an_action_knows_the_login_of_one_row_only(books: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        screen = screen_of(pilot)
        table = screen.query_one(PagedTable)
        row = table.current_row
        assert row is not None
        assert screen.known() == {"login": row[1]}
        await pilot.press("space")
        assert screen.known() == {"login": row[1]}
        await pilot.press("space")
        assert screen.known() == {}
        assert len(screen.targets()) == 2

    drive(console_of(books), steps)
