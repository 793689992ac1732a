"""Keys: movement, marks, sort, filter, commands; the same under the Latin and Cyrillic layouts."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engine.queries.columns import Sort
from tests.console.driving import check_snapshot, drive, new_console, table, text, until
from tests.console.people import People
from tui.app import Console
from tui.keymap import KEYS
from tui.screens.help import Help


def _console(pilot: Pilot[int]) -> Console:
    assert isinstance(pilot.app, Console)
    return pilot.app


def test_a_million_rows_are_moved_in(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        check_snapshot(pilot.app, "people-80x24")
        await pilot.press("j", "down", "k")
        assert table(pilot).cursor == 1
        await pilot.press("G")
        assert table(pilot).cursor == 999_999
        await until(pilot, lambda: table(pilot).current_row is not None)
        assert "u1000000" in text(pilot.app)
        assert "row 1 000 000 of 1 000 000" in text(pilot.app)
        await pilot.press("g", "pagedown")
        await until(pilot, lambda: "u0000040" in text(pilot.app))
        assert table(pilot).cursor == 20
        await pilot.press("ctrl+d", "ctrl+u", "pageup")
        assert table(pilot).cursor == 0

    drive(new_console(tmp_path), steps)


def test_a_step_beyond_the_edge_scrolls_by_many_rows(tmp_path: Path) -> None:
    """So that holding `down` on a slow line costs a page only now and then."""

    async def steps(pilot: Pilot[int]) -> None:
        people = table(pilot)
        scrolled = 0
        for _ in range(60):
            before = people.scroll_y
            people.action_cursor(1)
            scrolled += people.scroll_y != before
        assert people.cursor == 60
        assert people.scroll_y < 60 < people.scroll_y + 21
        assert scrolled <= 4

    drive(new_console(tmp_path), steps)


def test_wide(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        check_snapshot(pilot.app, "people-200x60")

    drive(new_console(tmp_path), steps, (200, 60))


def test_ascii(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("space", "s", "s", "question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, Help))
        assert not set("│╭↑↓●…") & set(text(pilot.app))
        await pilot.press("escape")
        await until(pilot, lambda: "loginv" in text(pilot.app).replace(" ", ""))
        assert not set("│╭↑↓●…") & set(text(pilot.app))

    drive(new_console(tmp_path, ascii="yes"), steps)


@pytest.mark.parametrize(
    ("down", "mark", "last", "sort", "copy", "command"),
    [("j", "space", "G", "s", "y", "colon"), ("о", "space", "П", "ы", "н", "Ж"),
     ("о", "space", "П", "і", "н", "Ж")],
    ids=["latin", "russian", "ukrainian"],
)  # fmt: skip
def test_both_layouts(
    tmp_path: Path, down: str, mark: str, last: str, sort: str, copy: str, command: str
) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press(down, mark)
        assert list(table(pilot).marks) == [2]
        assert table(pilot).cursor == 2
        await pilot.press(copy)
        assert pilot.app.clipboard == "u0000003"
        await pilot.press(sort)
        assert table(pilot).query_now.sorts == (Sort("login"),)
        await until(pilot, lambda: table(pilot).total_is_exact)
        await pilot.press(last)
        assert table(pilot).cursor == 999_999
        await pilot.press(command, "й", "о")
        assert pilot.app.screen.query_one(Input).value == "йо"

    drive(new_console(tmp_path), steps)


def test_control_and_punctuation_keys_under_a_cyrillic_layout(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("ctrl+в")
        assert table(pilot).cursor > 5
        # The keys of / and ? give . and , there.
        await pilot.press("full_stop")
        assert pilot.app.screen.query_one(Input).has_focus
        await pilot.press("escape", "comma")
        await until(pilot, lambda: isinstance(pilot.app.screen, Help))
        await pilot.press("й")
        assert not isinstance(pilot.app.screen, Help)

    drive(new_console(tmp_path), steps)


def test_marks(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("space", "space", "j", "j", "ctrl+space")
        assert list(table(pilot).marks) == [1, 2, 3, 4, 5]
        assert table(pilot).targets == (1, 2, 3, 4, 5)
        await until(pilot, lambda: "5 marked   row 5" in text(pilot.app))
        await pilot.press("ctrl+backslash")
        assert table(pilot).targets == (5,)

    drive(new_console(tmp_path), steps)


def test_sort_turns_and_adds_and_refuses(tmp_path: Path) -> None:
    people = People()

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("s", "s")
        assert table(pilot).query_now.sorts == (Sort("login", descending=True),)
        await until(pilot, lambda: "u1000000" in text(pilot.app))
        assert "login↓" in text(pilot.app)
        await pilot.press("l", "s")
        assert table(pilot).query_now.sorts == (Sort("login", descending=True),)
        await until(pilot, lambda: "no index" in text(pilot.app))
        await pilot.press("l", "S")
        assert table(pilot).query_now.sorts == (Sort("login", descending=True), Sort("balance"))
        await until(pilot, lambda: "login↓1" in text(pilot.app) and "balance↑2" in text(pilot.app))
        await pilot.press("h", "h", "S")
        assert table(pilot).query_now.sorts == (Sort("balance"),)

    drive(new_console(tmp_path, people), steps)


def test_filter_narrows_is_shown_and_is_taken_back(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("slash", *"blocked", "enter")
        await until(pilot, lambda: table(pilot).total == 1_000)
        assert table(pilot).has_focus
        await until(pilot, lambda: "1 000 rows" in text(pilot.app))
        await pilot.press("escape")
        await until(pilot, lambda: table(pilot).total == 1_000_000)
        await pilot.press("slash", *"nothing:x", "enter")
        await until(pilot, lambda: "there is no column" in text(pilot.app))
        assert table(pilot).total == 1_000_000

    drive(new_console(tmp_path), steps)


def test_filter_looks_while_one_types_and_escape_clears(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("slash", "И")
        await until(pilot, lambda: table(pilot).total == 1_000)
        await pilot.press("escape")
        await until(pilot, lambda: table(pilot).total == 1_000_000)

    drive(new_console(tmp_path), steps)


def test_commands_complete_and_remember(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        line = pilot.app.screen.query_one(Input)
        await pilot.press("colon", *"the", "tab")
        assert line.value == "theme "
        await pilot.press(*"billdeck-l", "tab", "enter")
        assert pilot.app.theme == "billdeck-light"
        await pilot.press("colon", "up")
        assert line.value.strip() == "theme billdeck-light"
        await pilot.press("escape", "colon", *"nonsense", "enter")
        await until(pilot, lambda: "no command nonsense" in text(pilot.app))

    drive(new_console(tmp_path), steps)


def test_views_and_their_history(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        seen = []
        for key in ("2", "8", "[", "[", "]", "-", "-"):
            await pilot.press(key)
            seen.append(pilot.app.current_mode)
        assert seen == ["subscribers", "jobs", "subscribers", "overview", "subscribers",
                        "overview", "subscribers"]  # fmt: skip
        await pilot.press("colon", *"home blocked", "enter")
        await until(pilot, lambda: pilot.app.current_mode == "overview")
        await until(pilot, lambda: table(pilot).total == 1_000)

    drive(new_console(tmp_path), steps)


def test_the_palette_finds_actions(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("ctrl+з")
        await until(pilot, lambda: "Month close" in text(pilot.app).split("Subscribers", 2)[-1])
        await pilot.press(*"jobs")
        await until(pilot, lambda: "Jobs  :jobs" in text(pilot.app))
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.current_mode == "jobs")

    drive(new_console(tmp_path), steps)


def test_without_colour_the_cursor_still_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def steps(pilot: Pilot[int]) -> None:
        assert pilot.app.no_color
        lines = pilot.app.screen._compositor.render_strips()
        on_cursor, below = (next(iter(lines[y])).style for y in (3, 4))
        assert on_cursor is not None and below is not None  # noqa: PT018 - for the type only
        assert on_cursor.bgcolor != below.bgcolor
        assert on_cursor.bold

    drive(new_console(tmp_path), steps)


def test_columns_are_chosen(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("o", "down", "space", "enter")
        await until(pilot, lambda: table(pilot).shown[:2] == ("login", "balance"))
        assert "name" not in text(pilot.app).splitlines()[2]
        await pilot.press("o", "down", "space", "escape")
        assert table(pilot).shown[:2] == ("login", "balance")

    drive(new_console(tmp_path), steps)


def test_help_is_made_from_what_is_live(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, Help))
        shown = text(pilot.app)
        assert "[keys]" in shown
        assert all(key.id in shown for key in KEYS if key.place == "table")
        assert all(f":{action.name}" in shown for action in _console(pilot).offered())

    drive(new_console(tmp_path), steps, (120, 250))


def test_keys_changed_by_the_configuration(tmp_path: Path) -> None:
    console = new_console(tmp_path)
    console.keys_now = {"mark": "m"}
    console.set_keymap(console.keys_now)

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("space", "m")
        assert list(table(pilot).marks) == [1]
        await pilot.press("ь")
        assert list(table(pilot).marks) == [1, 2]

    drive(console, steps)


def test_pause_and_ages(tmp_path: Path) -> None:
    from engine.clock import FixedClock
    from tests.console.driving import NOW

    clock = FixedClock(NOW)

    async def steps(pilot: Pilot[int]) -> None:
        assert "as of 17:13" in text(pilot.app)
        await pilot.press("p")
        assert "paused" in text(pilot.app)
        clock.advance(180_000_000)
        _console(pilot).tick()
        await until(pilot, lambda: "as of 17:13 STALE 50 h" in text(pilot.app))
        await pilot.press("r")
        await until(pilot, lambda: "STALE" not in text(pilot.app))

    drive(new_console(tmp_path, clock=clock), steps)
