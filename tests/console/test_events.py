"""The view of the events: counts, the list, an event's card, the channels."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.events.kinds import STATES
from tests.console import driving, event_books
from tests.console.books import books, drive, original, read, shows
from tests.console.driving import check_snapshot, until
from tests.console.event_books import console_of
from tui.app import Console
from tui.screens.channels import ChannelsScreen
from tui.screens.event_card import EventCardScreen
from tui.screens.events import EventsScreen
from tui.screens.subscriber_card import SubscriberCard
from tui.widgets.state_counts import PLACES, RECEIPTS, StateCounts, short

__all__ = ["books", "original"]

SIZES = [(80, 24), (160, 45)]


@pytest.fixture
def acted(books: Path) -> Path:
    event_books.fill(books)
    return books


def type_line(pilot: Pilot[int], line: str) -> None:
    """As if it had been typed after the colon."""
    assert isinstance(pilot.app, Console)
    pilot.app.run_line(line)


async def to_events(pilot: Pilot[int]) -> EventsScreen:
    """The view, once all of it is there."""
    await pilot.press("6")
    await until(pilot, shows(pilot, "komtet paused until lifted", "row 1 of 11"))
    found = pilot.app.screen
    assert isinstance(found, EventsScreen)
    return found


async def to_card(pilot: Pilot[int], action: int = 6) -> EventCardScreen:
    """The card of the payment with the cursor on an action."""
    type_line(pilot, f"action {action}")
    await until(pilot, shows(pilot, "Events › payment 1 of", f"row {action} of 11", "our name"))
    found = pilot.app.screen
    assert isinstance(found, EventCardScreen)
    return found


@pytest.mark.parametrize("size", SIZES)
def test_as_it_looks(acted: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await to_events(pilot)
        check_snapshot(pilot.app, f"events-{size[0]}x{size[1]}")

    drive(console_of(acted), steps, size)


@pytest.mark.parametrize("size", SIZES)
def test_a_card_as_it_looks(acted: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await to_card(pilot)
        await until(pilot, shows(pilot, "refused", "invalid number"))
        check_snapshot(pilot.app, f"event-{size[0]}x{size[1]}")

    drive(console_of(acted), steps, size)


def test_a_card_tells_of_the_action_under_the_cursor(acted: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await to_events(pilot)
        await pilot.press("down", "enter")
        await until(pilot, shows(pilot, "row 10 of 11", "receipt · komtet", "LATE"))
        await until(
            pilot,
            shows(pilot, "error, task 4711", "https://example.com/4711", "the shift is over",
                  "i@example.com", "500.00 RUB"),
        )  # fmt: skip
        await pilot.press("down")
        await until(pilot, shows(pilot, "top up bonus · bonus", "100.00 RUB", "no attempt yet"))
        await pilot.press("home")
        await until(pilot, shows(pilot, "На счет #ivan зачислен платеж: 500.00", "· waiting"))
        await pilot.press("end", "up", "up", "up", "up", "up", "up")
        await until(pilot, shows(pilot, "notice · sms5", "a person has to say"))
        # enter goes to what is to be read below, u to who it is about.
        await pilot.press("enter")
        assert pilot.app.focused is pilot.app.screen.query_one("#detail")
        await pilot.press("u")
        await until(pilot, lambda: isinstance(pilot.app.screen, SubscriberCard))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, EventsScreen))

    drive(console_of(acted), steps, (160, 45))


def test_what_is_counted_filters_the_list_when_chosen(acted: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        screen = await to_events(pilot)
        await pilot.press("tab")
        assert isinstance(pilot.app.focused, StateCounts)
        await pilot.press("enter")
        await until(pilot, shows(pilot, "Actions › Dead", "row 1 of 1"))
        assert pilot.app.focused is screen.table
        await pilot.press("tab", "left", "enter")
        await until(pilot, shows(pilot, "Actions › Unknown", "? unknown"))
        await pilot.press("tab", "down", "left", "left", "enter")
        await until(pilot, shows(pilot, "Actions › Receipts in error", "row 1 of 1"))
        await pilot.press("escape")
        await until(pilot, shows(pilot, "Actions › All", "row 1 of 11"))
        assert screen.filter_text == ""

    drive(console_of(acted), steps)


def test_filters_and_views(acted: Path) -> None:
    database = read(acted)
    login = database.value("SELECT login FROM subscriber WHERE id = 1000")
    database.close()

    async def steps(pilot: Pilot[int]) -> None:
        screen = await to_events(pilot)
        for filter_text, count in (
            ("kind:receipt channel:komtet", 1), (f"login:{login}", 11), ("state:dead", 1),
            (f"{login} is:open", 5), ("is:late event:payment", 11), ("event:refund", 0),
            ("receipt:error", 1),
        ):  # fmt: skip
            type_line(pilot, f"events {filter_text}")
            await until(pilot, lambda wanted=filter_text: screen.filter_text == wanted)
            await until(pilot, lambda: screen.table.total_is_exact)
            assert screen.table.total == count, filter_text
        await pilot.press("v")
        await until(pilot, shows(pilot, "Not over", "Retrying", "Of late events"))
        await pilot.press("escape")
        screen.filter_by("state:lost", final=True)
        await until(pilot, shows(pilot, "state is never 'lost'"))

    drive(console_of(acted), steps)


@pytest.mark.parametrize("size", SIZES)
def test_the_channels(acted: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await to_events(pilot)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChannelsScreen))
        await until(pilot, shows(pilot, "✖ paused", "row 1 of 11"))
        await pilot.press("down")
        await until(pilot, shows(pilot, "komtet is paused since", "wrong key"))
        check_snapshot(pilot.app, f"channels-{size[0]}x{size[1]}")
        await pilot.press("end", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, EventsScreen))
        await until(pilot, shows(pilot, "channel=sms9 is=open"))

    drive(console_of(acted), steps, size)


def test_from_a_subscriber_to_its_events(acted: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SubscriberCard))
        await until(pilot, shows(pilot, "Ledger"))
        await pilot.press("a")
        await until(pilot, shows(pilot, "Actions › login=", "row 1 of 11"))
        await pilot.press("u")
        await until(pilot, lambda: isinstance(pilot.app.screen, SubscriberCard))

    drive(console_of(acted), steps)


def test_an_action_that_is_not_there(acted: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        type_line(pilot, "action 99")
        await until(pilot, shows(pilot, "NOT READ", "there is no action 99"))
        await pilot.press("escape")
        type_line(pilot, "action x")
        await until(pilot, shows(pilot, "a whole number"))

    drive(console_of(acted), steps, (160, 45))


def test_how_to_begin(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("6")
        await until(pilot, shows(pilot, "no action yet", "[events] mode"))
        await pilot.press("i")
        await until(pilot, shows(pilot, "no action went by any channel yet"))

    driving.drive(driving.new_console(tmp_path), steps)


def test_every_state_has_its_place() -> None:
    assert {*PLACES} == {*STATES, RECEIPTS}


@pytest.mark.parametrize(
    ("count", "room", "words"),
    [(0, 1, "0"), (999, 1, "999"), (1_234, 5, "1\u00a0234"), (1_234, 4, "1k"), (999_999, 4, "999k"),
     (1_234_567, 4, "1.2M"), (1_234_567, 9, "1\u00a0234\u00a0567")],
)  # fmt: skip
def test_counts_are_shortened_where_they_have_no_room(count: int, room: int, words: str) -> None:
    assert short(count, room) == words
