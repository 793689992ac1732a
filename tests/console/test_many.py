"""Settings of all marked subscribers: the question, what is done, who is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.subscribers import many
from tests.console.books import books, console_of, drive, original, read, shows
from tests.console.driving import check_snapshot, text, until
from tui.app import Console
from tui.screens.base import ConsoleScreen
from tui.screens.confirm import Confirm
from tui.screens.refused import RefusedScreen
from tui.screens.subscribers import SubscribersScreen
from tui.widgets.paged_table import PagedTable

__all__ = ["books", "original"]


def table_of(pilot: Pilot[int]) -> PagedTable:
    """The list of the screen shown."""
    screen = pilot.app.screen_stack[0]
    found = screen.list_table if isinstance(screen, ConsoleScreen) else None
    assert found is not None
    return found


def has(told: list[str], words: str) -> Callable[[], bool]:
    """Whether the person was told this."""
    return lambda: any(words in text for text in told)


def states(books: Path) -> dict[int, str]:
    database = read(books)
    found = dict(database.rows("SELECT id, state FROM subscriber"))
    database.close()
    return found


async def type_line(pilot: Pilot[int], line: str) -> None:
    """Runs a command; its letters are not what is tested here."""
    app = pilot.app
    assert isinstance(app, Console)
    app.run_line(line)
    await pilot.pause()


async def confirm(pilot: Pilot[int], word: str) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
    await pilot.press(*word, "enter")
    await until(pilot, lambda: not isinstance(pilot.app.screen, Confirm))


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_the_menu_the_line_the_question_and_the_change(
    books: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In units of two, so that several are needed."""
    monkeypatch.setattr(many, "UNIT", 2)

    async def steps(pilot: Pilot[int]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, SubscribersScreen)
        await pilot.press("space", "space", "space", "space")
        marked = list(table_of(pilot).marks)
        screen.filter_by("id>1001", final=True)
        await until(pilot, lambda: table_of(pilot).total == 18)
        await pilot.press("x")
        await until(pilot, shows(pilot, "What to do with 4 rows", "Order a plan"))
        check_snapshot(pilot.app, f"many-menu-{size[0]}x{size[1]}")
        await pilot.press("enter", *"fr", "tab", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        check_snapshot(pilot.app, f"many-question-{size[0]}x{size[1]}")
        await pilot.press("3", "enter")
        assert "That is not it" in text(pilot.app)
        await pilot.press("backspace")
        await confirm(pilot, "4")
        await until(pilot, shows(pilot, "State: changed 4."))
        assert not table_of(pilot).marks
        assert {number for number, state in states(books).items() if state == "frozen"} >= {*marked}

    drive(console_of(books), steps, size)
    database = read(books)
    lines = database.rows(
        "SELECT object, state_after FROM audit WHERE actor = 'olga' AND action = 'subscriber set'"
    )
    database.close()
    assert len(lines) == len({name for name, _ in lines}) == 4
    assert {json.loads(after)["state"] for _, after in lines} == {"frozen"}


def test_who_is_refused_is_listed_and_stays_marked(books: Path) -> None:
    database = read(books)
    database.execute("UPDATE subscriber SET alias_of = 1000 WHERE id = 1001")
    database.close()

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("space", "space", "space")
        login = table_of(pilot).marks[1001]
        await type_line(pilot, "order-plan home-300 --from 2027-03")
        await confirm(pilot, "3")
        await until(pilot, lambda: isinstance(pilot.app.screen, RefusedScreen))
        await until(pilot, shows(pilot, login, "an alias shares the plan"))
        check_snapshot(pilot.app, "many-refused-80x24")
        await pilot.press("escape")
        assert list(table_of(pilot).marks) == [1001]
        database = read(books)
        ordered = "SELECT id FROM subscriber WHERE ordered_plan_from = '2027-03' ORDER BY id"
        assert database.rows(ordered) == [(1000,), (1002,)]
        database.close()

    drive(console_of(books), steps)


@pytest.mark.parametrize(
    ("line", "words"),
    [("set-many", "nothing to change was given"), ("set-many --plan ghost", "no plan 'ghost'"),
     ("state gone", "is one of"), ("group ghost", "no group 'ghost'"), ("state", "is missing"),
     ("set-many --phone 1", "there is no --phone")],
)  # fmt: skip
def test_what_nobody_can_have_is_refused_before_it_is_asked(
    books: Path, told: list[str], line: str, words: str
) -> None:
    before = states(books)

    async def steps(pilot: Pilot[int]) -> None:
        await type_line(pilot, line)
        await until(pilot, has(told, words))
        assert not isinstance(pilot.app.screen, Confirm)

    drive(console_of(books), steps)
    assert states(books) == before


def test_without_marks_it_is_the_row_under_the_cursor(books: Path, told: list[str]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await type_line(pilot, "set-many --credit-limit 77.00 --fee-day 5")
        await confirm(pilot, "1")
        await until(pilot, has(told, "changed 1"))
        await type_line(pilot, "set-many --credit-limit 77.00 --fee-day 5")
        await confirm(pilot, "1")
        await until(pilot, has(told, "changed 0. 1 were so already"))

    drive(console_of(books), steps)
    database = read(books)
    assert database.rows(
        "SELECT id, credit_limit FROM subscriber WHERE fee_day = 5 AND credit_limit = 7700"
    ) == [(1000, 7700)]
    database.close()


def test_a_screen_about_other_rows_offers_none_of_it(books: Path, told: list[str]) -> None:
    """On a card the rows are entries and charges: their numbers must not pass for subscribers."""
    before = states(books)

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("enter")
        await until(pilot, shows(pilot, "Ledger"))
        await type_line(pilot, "state blocked")
        await until(pilot, has(told, "there is no row to do it with"))
        await pilot.press("x")
        await until(pilot, shows(pilot, ":payment"))
        assert ":state" not in text(pilot.app)

    drive(console_of(books), steps)
    assert states(books) == before


def test_a_viewer_changes_nothing(books: Path, told: list[str]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("space")
        await type_line(pilot, "state blocked")
        await until(pilot, has(told, "Nothing was done"))
        assert not isinstance(pilot.app.screen, Confirm)

    drive(console_of(books, "viewer"), steps)


def test_while_it_goes_on_it_is_shown_and_cannot_be_left(
    books: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each unit waits here until the test has looked."""
    import threading

    from engine.subscribers import store

    go_on, change_some = threading.Semaphore(0), store.change_some

    def wait(*given: object) -> object:
        go_on.acquire(timeout=60)
        return change_some(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(many, "UNIT", 1)
    monkeypatch.setattr(store, "change_some", wait)

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("space", "space")
        await type_line(pilot, "state frozen")
        await confirm(pilot, "2")
        await until(pilot, shows(pilot, "changing 0%"))
        go_on.release()
        await until(pilot, shows(pilot, "changing 50%"))
        await pilot.press("q")
        await until(pilot, has(told, "then quit again"))
        await type_line(pilot, "state active")
        go_on.release()
        await until(pilot, has(told, "changed 2"))
        assert "changing" not in text(pilot.app)

    drive(console_of(books), steps)
