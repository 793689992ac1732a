"""What is done with actions and channels: the question, the change, what is refused, who may."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.database import Row
from tests.console import event_books
from tests.console.books import books, drive, original, read, shows
from tests.console.driving import check_snapshot, text, until
from tests.console.event_books import console_of
from tests.console.test_events import to_card, to_events, type_line
from tui import event_actions
from tui.app import Console
from tui.screens.confirm import Confirm
from tui.screens.events import EventsScreen
from tui.screens.refused import RefusedScreen

__all__ = ["books", "original"]

WAITING, SENDING, DONE, RETRYING, UNKNOWN, DEAD = range(1, 7)


told: list[str] = []
"""What the console told the person in the test that runs."""


@pytest.fixture
def acted(books: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    told.clear()
    monkeypatch.setattr(Console, "tell", lambda self, words, *how: told.append(words))
    event_books.fill(books)
    return books


def hears(words: str) -> Callable[[], bool]:
    """Whether the person was told this."""
    return lambda: any(words in one for one in told)


def asked(books: Path, sql: str) -> list[Row]:
    database = read(books)
    found = database.rows(sql)
    database.close()
    return [tuple(row) for row in found]


def state(books: Path, action: int) -> str:
    return str(asked(books, f"SELECT state FROM action WHERE id = {action}")[0][0])


async def answer(pilot: Pilot[int], *keys: str) -> None:
    """Answers the question, once it is there."""
    await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
    await pilot.press(*keys)
    await until(pilot, lambda: not isinstance(pilot.app.screen, Confirm))


async def go_to(pilot: Pilot[int], action: int) -> EventsScreen:
    """The list with the cursor on an action."""
    screen = await to_events(pilot)
    screen.table.move_to(11 - action)
    await until(pilot, lambda: screen.table.targets == (action,))
    return screen


def drive_with(books: Path, steps: Callable[[Pilot[int]], object], mode: str = "on") -> None:
    drive(console_of(books, mode=mode), steps, (160, 45))  # type: ignore[arg-type]


def test_a_dead_one_is_tried_again_by_the_menu(acted: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await go_to(pilot, DEAD)
        await pilot.press("x")
        await until(pilot, shows(pilot, "What to do with 1 row", "Try again", "Mark as done"))
        await pilot.press("enter")
        await until(pilot, shows(pilot, "1 dead notice", "in the name of"))
        await answer(pilot, "y")
        await until(pilot, hears("Try again: changed 1."))
        assert state(acted, DEAD) == "waiting"

    drive_with(acted, steps)
    ((actor, after),) = asked(
        acted, "SELECT actor, state_after FROM audit WHERE action = 'action retry'"
    )
    assert (actor, json.loads(after)["state"]) == ("olga", "waiting")


def test_an_answer_of_no_changes_nothing(acted: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await go_to(pilot, DEAD)
        type_line(pilot, "action retry")
        await answer(pilot, "n")
        await until(pilot, hears("nothing was done"))

    drive_with(acted, steps)
    assert state(acted, DEAD) == "dead"


def test_of_an_unknown_one_it_is_told_that_it_may_come_twice(acted: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await go_to(pilot, UNKNOWN)
        type_line(pilot, "action retry")
        await until(pilot, shows(pilot, "in doubt", "a message may come twice"))
        await answer(pilot, "y")
        await until(pilot, hears("changed 1."))

    drive_with(acted, steps)
    assert state(acted, UNKNOWN) == "waiting"


def test_what_cannot_be_done_is_said_at_once(acted: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await go_to(pilot, DONE)
        type_line(pilot, "action retry")
        await until(pilot, hears("nothing to do, for of these there are 1 done notice"))
        type_line(pilot, "action resend")
        await until(pilot, hears("none of these is a notice that failed"))
        type_line(pilot, "action mark-done")
        await until(pilot, hears("a reason is needed"))
        assert not isinstance(pilot.app.screen, Confirm)

    drive_with(acted, steps)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_marked_ones_are_called_off_piece_by_piece(
    acted: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a reason; those that are under way or done are left as they are."""
    monkeypatch.setattr(event_actions, "_AT_ONCE", 2)

    async def steps(pilot: Pilot[int]) -> None:
        screen = await go_to(pilot, DEAD)
        await pilot.press(*["space"] * 6)
        assert set(screen.table.marks) == {1, 2, 3, 4, 5, 6}
        screen.filter_by("state:dead", final=True)
        await until(pilot, lambda: screen.table.total_is_exact and screen.table.total == 1)
        type_line(pilot, "action cancel the provider is gone")
        await until(pilot, shows(pilot, "the provider is gone", "5 that the filter does not show"))
        check_snapshot(pilot.app, f"event-question-{size[0]}x{size[1]}")
        await pilot.press("y")
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("backspace")
        await answer(pilot, "6", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RefusedScreen))
        await until(pilot, shows(pilot, "it is being sent at this moment", "it is done"))
        await pilot.press("escape")
        assert set(screen.table.marks) == {SENDING, DONE}

    drive(console_of(acted), steps, size)
    found = dict(asked(acted, "SELECT id, state FROM action WHERE id <= 6"))
    assert found == {1: "cancelled", 2: "sending", 3: "done", 4: "cancelled", 5: "cancelled",
                     6: "cancelled"}  # fmt: skip
    reasons = asked(acted, "SELECT DISTINCT reason FROM action WHERE id IN (1, 4, 5, 6)")
    assert reasons == [("called off by olga: the provider is gone",)]


def test_marked_as_done_on_the_card_with_a_reason(acted: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await to_card(pilot, UNKNOWN)
        await pilot.press("x")
        await until(pilot, shows(pilot, "Mark as done"))
        await pilot.press("down", "down", "enter", *"called", "enter")
        await until(pilot, shows(pilot, "1 unknown notice", "are taken for done"))
        await answer(pilot, "y")
        await until(pilot, shows(pilot, "marked as done by olga: called"))

    drive_with(acted, steps)
    assert state(acted, UNKNOWN) == "done"


def test_failed_notices_are_sent_again_after_a_preview(acted: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await go_to(pilot, DEAD)
        # Marking goes one down: the second mark is that of the done one.
        await pilot.press("space", "down", "down", "space")
        type_line(pilot, "action resend")
        await until(pilot, shows(pilot, "dead on sms6", "invalid number", "left as they are"))
        await answer(pilot, "1", "enter")
        await until(pilot, hears("Send notices again: changed 1. 1 were refused"))
        await until(pilot, shows(pilot, "it is done"))

    drive_with(acted, steps)
    added = asked(acted, "SELECT channel, round, state FROM action WHERE id > 11 ORDER BY id")
    assert added == [("sms2", 2, "waiting")]


def test_nothing_is_sent_again_where_nothing_is_delivered(acted: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await go_to(pilot, DEAD)
        type_line(pilot, "action resend")
        await answer(pilot, "1", "enter")
        await until(pilot, hears("nothing is delivered: mode = off"))
        type_line(pilot, "deliver")
        await until(pilot, hears("Nothing was asked for"))

    drive_with(acted, steps, "off")
    assert state(acted, DEAD) == "dead"


def test_a_channel_is_lifted_and_paused(acted: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await to_events(pilot)
        await pilot.press("i")
        await until(pilot, shows(pilot, "✖ paused", "row 1 of 11"))
        await pilot.press("down", "x")
        await until(pilot, shows(pilot, "Pause a channel", "Lift a pause"))
        await pilot.press("down", "enter")
        await until(pilot, shows(pilot, "komtet is paused since", "wrong key", "in the name of"))
        await answer(pilot, "y")
        await until(pilot, hears("komtet is not paused any more"))
        await until(pilot, lambda: "✖ paused" not in text(pilot.app))
        type_line(pilot, "channel lift komtet")
        await until(pilot, hears("komtet is not paused. Nothing was changed"))
        type_line(pilot, 'channel pause sms1 "no money"')
        await until(pilot, shows(pilot, "actions that wait", "no money"))
        await answer(pilot, "y")
        await until(pilot, shows(pilot, "✖ paused"))
        type_line(pilot, "channel pause nobody why")
        await until(pilot, hears("there is no such channel"))

    drive_with(acted, steps)
    paused = asked(acted, "SELECT name, paused_by FROM channel WHERE paused_at IS NOT NULL")
    assert paused == [("sms1", "olga")]


def test_a_delivery_is_asked_for_through_the_queue(
    acted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.queue.any_daemon", lambda database: True, raising=False)

    async def steps(pilot: Pilot[int]) -> None:
        await to_events(pilot)
        app = pilot.app
        assert isinstance(app, Console)
        monkeypatch.setattr(app.starting, "_start", lambda watched, known: None)
        type_line(pilot, "deliver")
        await until(pilot, shows(pilot, "event-delivery", "actions that wait", "komtet"))
        await answer(pilot, "y")
        await until(
            pilot, lambda: bool(asked(acted, "SELECT 1 FROM job_run WHERE state = 'queued'"))
        )

    drive_with(acted, steps)
    assert asked(acted, "SELECT job, actor FROM job_run WHERE state = 'queued'") == [
        ("event-delivery", "olga")
    ]


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_who_may_not(acted: Path, role: str) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await go_to(pilot, DEAD)
        await pilot.press("x")
        await pilot.pause()
        shown = text(pilot.app)
        assert ("Try again" in shown) == (role == "operator")
        assert "Mark as done" not in shown
        if role == "operator":
            await pilot.press("escape")
        told.clear()
        type_line(pilot, "action mark-done seen to")
        await until(pilot, hears("Nothing was done"))
        type_line(pilot, "channel lift komtet")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, Confirm)

    drive(console_of(acted, role), steps, (160, 45))  # type: ignore[arg-type]
    assert state(acted, DEAD) == "dead"
