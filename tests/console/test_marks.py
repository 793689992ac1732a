"""Marks: all that is found, a range, and how long they last."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.console.driving import drive, new_console, table, text, until
from tests.console.people import People
from tui.screens.confirm import Confirm
from tui.widgets import marking


def asked(pilot: Pilot[int]) -> bool:
    return isinstance(pilot.app.screen, Confirm)


def test_all_that_is_found_is_marked_after_its_count_was_asked(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("ctrl+a")
        await until(pilot, lambda: asked(pilot))
        assert "Mark all 3 000 rows that the filter finds?" in text(pilot.app)
        await pilot.press("n")
        assert not table(pilot).marks
        await pilot.press("ctrl+a")
        await until(pilot, lambda: asked(pilot))
        await pilot.press("y")
        await until(pilot, lambda: len(table(pilot).marks) == 3_000)
        assert table(pilot).targets == tuple(range(1, 3_001))
        assert table(pilot).marks[7] == "u0000007"
        await until(pilot, lambda: "3 000 marked" in text(pilot.app))

    drive(new_console(tmp_path, People(size=3_000)), steps)


def test_only_what_the_filter_finds_is_added(tmp_path: Path) -> None:
    """A filter leaves the first ten rows here."""

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("G")
        await pilot.press("space", "slash", *"login:u", "enter")
        await until(pilot, lambda: table(pilot).total == 10)
        await pilot.press("ctrl+a")
        await until(pilot, lambda: asked(pilot))
        await pilot.press("y")
        await until(pilot, lambda: len(table(pilot).marks) == 11)
        assert set(table(pilot).marks) == {*range(1, 11), 10_000}

    drive(new_console(tmp_path, People(size=10_000)), steps)


def test_too_many_are_not_marked_and_it_is_said(
    tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("ctrl+a")
        await until(pilot, lambda: any("10\u00a0001 rows are too many" in one for one in told))
        assert not asked(pilot)
        monkeypatch.setattr(marking, "MOST_MARKS", 2)
        await pilot.press("space", "space", "space")
        assert list(table(pilot).marks) == [1, 2]
        await until(pilot, lambda: any("3 rows are too many" in one for one in told))
        await pilot.press("k", "k", "space")
        assert list(table(pilot).marks) == [1]

    drive(new_console(tmp_path, People(size=10_001)), steps)


def test_an_empty_list_has_nothing_to_mark(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("slash", *"login:u", "enter")
        await until(pilot, lambda: table(pilot).total == 0)
        await pilot.press("ctrl+a")
        await until(pilot, lambda: "no row to mark" in text(pilot.app))
        await pilot.press("ctrl+space")
        assert not table(pilot).marks

    drive(new_console(tmp_path, People(size=900)), steps)


def test_a_range_reaches_over_rows_that_were_never_seen(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("space", "G", "ctrl+space")
        await until(pilot, lambda: len(table(pilot).marks) == 9_000)
        assert sorted(table(pilot).marks) == list(range(1, 9_001))
        await pilot.press("ctrl+backslash")
        assert not table(pilot).marks
        assert "marked" not in text(pilot.app)

    drive(new_console(tmp_path, People(size=9_000)), steps)


def test_marks_stay_when_the_table_is_sorted_and_paged(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("space", "space", "s", "s")
        await until(pilot, lambda: "u0005000" in text(pilot.app))
        assert set(table(pilot).marks) == {1, 2}
        await pilot.press("G")
        await until(pilot, lambda: "u0000001" in text(pilot.app))
        marked = [line for line in text(pilot.app).splitlines() if line.startswith("●")]
        assert [line.split()[1] for line in marked] == ["u0000002", "u0000001"]
        # The place of the last mark means nothing in this order: a range begins here.
        await pilot.press("ctrl+space", "k", "k", "ctrl+space")
        assert set(table(pilot).marks) == {1, 2, 3}

    drive(new_console(tmp_path, People(size=5_000)), steps)
