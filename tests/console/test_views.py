"""Views of one's own: saved, gone to, removed; and the file they are in."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.errors import InputError
from engine.queries.columns import Sort
from tests.console.books import books, console_of, drive, original, shows
from tests.console.driving import check_snapshot, text, until
from tests.console.test_many import has, table_of, type_line
from tui import saved_views
from tui.saved_views import SavedView, SavedViews
from tui.screens import SCREENS
from tui.screens.views import ViewChoice

__all__ = ["books", "original"]

VIEW = SavedView("subscribers", "мои", "balance<0", (Sort("balance", True),), ("login", "phone"))


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_a_view_is_saved_gone_to_and_removed(
    books: Path, told: list[str], own_state_folder: Path, size: tuple[int, int]
) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await type_line(pilot, "subs balance<0")
        await until(pilot, shows(pilot, "Debtors"))
        table_of(pilot).show_columns(("login", "phone", "balance"))
        await pilot.press("l", "l", "s", "s")
        saved = table_of(pilot).query_now
        assert saved.sorts == (Sort("phone", True),)
        await pilot.press("m")
        await pilot.press(*"my [red]", "enter")
        await until(pilot, has(told, "The view my [red] is saved"))
        await pilot.press("escape")
        await until(pilot, lambda: table_of(pilot).total == 20)
        table_of(pilot).show_columns(None)
        await pilot.press("apostrophe")
        await until(pilot, shows(pilot, "my [red]", "balance<0  (yours)", "Failed at the last"))
        check_snapshot(pilot.app, f"views-{size[0]}x{size[1]}")
        await pilot.press("end", "enter")
        await until(pilot, lambda: table_of(pilot).query_now == saved)
        assert table_of(pilot).shown == ("login", "balance", "phone")
        await pilot.press("apostrophe")
        await until(pilot, lambda: isinstance(pilot.app.screen, ViewChoice))
        await pilot.press("end", "d")
        await until(pilot, has(told, "The view my [red] is removed"))
        assert SavedViews("olga").of("subscribers") == []

    drive(console_of(books), steps, size)


def test_the_commands_and_what_they_refuse(books: Path, told: list[str]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        async def said(line: str, words: str) -> None:
            told.clear()
            await type_line(pilot, line)
            await until(pilot, has(told, words))

        await said("save-view debtors", "built in")
        await said("save-view " + "x" * 41, "at most 40")
        await said("save-view here", "is saved")
        await said("save-view here", "has a new meaning")
        await said("view nowhere", "no view 'nowhere'")
        await said("remove-view nowhere", "no view 'nowhere'")
        await type_line(pilot, "view Debtors")
        await until(pilot, shows(pilot, "Subscribers › Debtors", "Balance↑"))
        await type_line(pilot, "view here")
        await until(pilot, shows(pilot, "Subscribers › All"))
        await said("remove-view here", "is removed")
        await type_line(pilot, "view")
        await until(pilot, lambda: isinstance(pilot.app.screen, ViewChoice))
        await pilot.press("d")
        await until(pilot, has(told, "built in and stays"))
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, ViewChoice))
        await type_line(pilot, "home")
        await pilot.press("m")
        await until(pilot, has(told, "no list here"))

    drive(console_of(books), steps)


def test_each_list_has_views_of_its_own(
    books: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCREENS, "jobs", "tui.screens.jobs:JobsScreen")
    SavedViews("olga").save(VIEW)

    async def steps(pilot: Pilot[int]) -> None:
        await type_line(pilot, "jobs")
        await until(pilot, shows(pilot, "Runs of jobs", "0 rows"))
        await pilot.press("apostrophe")
        await until(pilot, has(told, "no views of this list yet"))
        await type_line(pilot, "jobs job:month-close")
        await until(pilot, lambda: bool(table_of(pilot).query_now.conditions))
        await type_line(pilot, "save-view closes")
        await pilot.press("escape")
        await until(pilot, lambda: not table_of(pilot).query_now.conditions)
        await type_line(pilot, "view closes")
        await until(pilot, lambda: bool(table_of(pilot).query_now.conditions))
        assert [view.name for view in SavedViews("olga").of("runs")] == ["closes"]

    drive(console_of(books), steps)


def test_a_broken_file_harms_nothing(books: Path, told: list[str], own_state_folder: Path) -> None:
    own_state_folder.mkdir(parents=True)
    file = own_state_folder / "views-olga.json"
    file.write_text('{"views": [', encoding="utf-8")

    async def steps(pilot: Pilot[int]) -> None:
        await type_line(pilot, "save-view mine")
        await until(pilot, has(told, "is broken and was left as it was"))
        await pilot.press("apostrophe")
        await until(pilot, lambda: isinstance(pilot.app.screen, ViewChoice))
        assert "Debtors" in text(pilot.app)
        await pilot.press("down", "enter")
        await until(pilot, shows(pilot, "Subscribers › Active"))

    drive(console_of(books), steps)
    assert file.read_text() == '{"views": ['


def test_an_order_that_is_too_much_to_sort_by_falls_back_to_its_first_column(
    books: Path, told: list[str]
) -> None:
    two = (Sort("name"), Sort("state"))
    SavedViews("olga").save(SavedView("subscribers", "two", "", two, ("login", "gone")))

    async def steps(pilot: Pilot[int]) -> None:
        await type_line(pilot, "view two")
        await until(pilot, has(told, "a second column to sort by"))
        await until(pilot, lambda: table_of(pilot).current_row is not None)
        assert table_of(pilot).query_now.sorts == two[:1]
        assert table_of(pilot).shown == ("login",)

    drive(console_of(books), steps)


def test_the_file_is_for_its_owner_and_holds_what_was_typed(own_state_folder: Path) -> None:
    views = SavedViews("../olga@host")
    assert views.of("subscribers") == []
    assert not views.save(VIEW)
    assert views.save(VIEW)
    (file,) = own_state_folder.iterdir()
    assert file.name == "views-..%2Folga%40host.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(own_state_folder.stat().st_mode) == 0o700
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "views": [
            {"list": "subscribers", "name": "мои", "filter": "balance<0",
             "sorts": [["balance", True]], "columns": ["login", "phone"]}
        ]
    }  # fmt: skip
    assert SavedViews("../olga@host").of("subscribers") == [VIEW]
    assert SavedViews("anna").of("subscribers") == []
    assert views.of("runs") == []


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b'{"views": 1}', b'{"views": [{}]}', b"\xff", b"[" * 100_000,
     b" " * 2_000_000,
     b'{"views": [{"list": 1, "name": "", "filter": "", "sorts": [], "columns": []}]}',
     b'{"views": [{"list": "", "name": "", "filter": "", "sorts": [["a", 1]], "columns": []}]}',
     b'{"views": [{"list": "", "name": "", "filter": "", "sorts": [], "columns": "ab"}]}'],
    ids=range(11),
)  # fmt: skip
def test_whatever_is_in_the_file(own_state_folder: Path, data: bytes) -> None:
    own_state_folder.mkdir(parents=True)
    views = SavedViews("olga")
    views.path.write_bytes(data)
    for work in (lambda: views.of("subscribers"), lambda: views.save(VIEW)):
        with pytest.raises(InputError, match="left as it was"):
            work()
    assert views.path.read_bytes() == data
    assert list(own_state_folder.iterdir()) == [views.path]


def test_a_write_that_fails_leaves_the_file_as_it_was(
    own_state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = SavedViews("olga")
    views.save(VIEW)

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space left"):
        views.remove("subscribers", "мои")
    assert views.of("subscribers") == [VIEW]
    assert list(own_state_folder.iterdir()) == [views.path]


def test_there_is_an_end_to_views(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST_VIEWS", 1)
    views = SavedViews("olga")
    views.save(VIEW)
    views.save(VIEW)
    with pytest.raises(InputError, match="1 views already"):
        views.save(SavedView("runs", "x", "", (), ()))
