"""The pure parts: pages, order, columns, ages, keys, trail, themes."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.errors import ConfigError
from engine.queries.columns import Sort
from engine.queries.paging import Page
from tests.console.people import COLUMNS, person
from tui import keymap
from tui.clipboard import fits
from tui.glyphs import ASCII, UNICODE, is_plain_terminal
from tui.themes import theme_name
from tui.trail import Trail
from tui.widgets.cells import cell, widths
from tui.widgets.one_line import Piece, changed
from tui.widgets.pages import KEPT, PAGE_SIZE, Pages
from tui.widgets.pane_title import age_words, rows_words
from tui.widgets.sorting import sorted_also_by, sorted_by
from tui.widgets.status_line import Running, busy_words, latency_words, running_words


def _page(number: int, rows: int = PAGE_SIZE) -> Page:
    start = number * PAGE_SIZE
    return Page(start, [person(start + place + 1) for place in range(rows)], None, None)


# Pages


def test_what_is_seen_is_asked_last_and_only_once() -> None:
    pages = Pages()
    pages.total = 1_000_000
    assert pages.to_ask(0, 40) == [1, 0]
    assert pages.to_ask(0, 40) == []
    pages.store(_page(0))
    pages.store(_page(1))
    assert pages.to_ask(250, 290) == [2]


def test_a_jump_asks_for_its_page_though_others_wait() -> None:
    pages = Pages()
    pages.total = 1_000_000
    pages.to_ask(0, 40)
    for row in (500_000, 123_456, 999_990):
        assert pages.to_ask(row, row)[-1] == row // PAGE_SIZE


@given(st.lists(st.tuples(st.integers(0, 3_000), st.booleans()), max_size=60))
def test_whatever_is_looked_at_is_at_hand_or_asked_for(looks: list[tuple[int, bool]]) -> None:
    """Pages come late, out of order or not at all, and at last the one looked at is there."""
    pages = Pages()
    pages.total = 3_001
    waiting: dict[int, int] = {}
    for row, answered in looks:
        waiting.update({number % 4: number for number in pages.to_ask(row, min(row + 40, 3_000))})
        number = row // PAGE_SIZE
        assert pages.has(number) or number in waiting.values()
        if answered and waiting:
            slot = max(waiting)
            found = waiting.pop(slot)
            pages.store(_page(found, min(PAGE_SIZE, 3_001 - found * PAGE_SIZE)))


def test_only_so_many_pages_are_kept_the_last_used() -> None:
    pages = Pages()
    for number in range(KEPT + 10):
        pages.store(_page(number))
        pages.row(0)
    assert pages.has(0)
    assert not pages.has(1)
    assert sum(pages.has(number) for number in range(KEPT + 10)) == KEPT


def test_the_differences_of_a_page_read_again() -> None:
    pages = Pages()
    assert len(pages.store(_page(1))) == PAGE_SIZE
    assert pages.store(_page(1)) == []
    changed = _page(1)
    changed.rows[3] = (*changed.rows[3][:2], "other", *changed.rows[3][3:])
    assert pages.store(changed) == [PAGE_SIZE + 3]
    assert pages.store(_page(1, PAGE_SIZE - 1)) == [PAGE_SIZE + 3, 2 * PAGE_SIZE - 1]


# Order and columns


def test_sorting_by_one_column_turns_and_ends() -> None:
    one = sorted_by((), "a")
    assert one == (Sort("a"),)
    two = sorted_by(one, "a")
    assert two == (Sort("a", descending=True),)
    assert sorted_by(two, "a") == ()
    assert sorted_by(two, "b") == (Sort("b"),)


def test_sorting_by_more_columns() -> None:
    both = sorted_also_by((Sort("a"),), "b")
    assert both == (Sort("a"), Sort("b"))
    assert sorted_also_by(both, "a") == (Sort("a", descending=True), Sort("b"))
    assert sorted_also_by((Sort("a", descending=True), Sort("b")), "a") == (Sort("b"),)


@given(st.integers(1, 400))
def test_columns_fit_or_stay_as_they_are(room: int) -> None:
    wanted = widths(list(COLUMNS), 0 + room)
    assert all(1 <= width <= room for width in wanted)
    least = sum(max(column.width, len(column.title) + 2) for column in COLUMNS) + 12
    if room >= least:
        assert sum(wanted) + 12 <= room


def test_cells_by_kind() -> None:
    _, name, balance, *_ = COLUMNS
    assert cell(balance, -12345678, 14, UNICODE) == "   -123\u00a0456.78"
    assert cell(name, None, 3, UNICODE) == "   "
    assert cell(name, "Иванов Иван", 6, UNICODE) == "Ивано…"
    assert cell(name, "Иванов Иван", 6, ASCII) == "Ивано~"
    assert cell(name, "漢字漢", 5, UNICODE) == "漢字…"


# Words


def test_ages_in_words() -> None:
    then = 1_790_000_000_000
    assert age_words(None, then, 30_000) == ""
    assert age_words(then, then + 30_000, 30_000, UTC) == "as of 14:13"
    assert age_words(then, then + 40_000, 30_000, UTC) == "as of 14:13 STALE"
    assert age_words(then, then + 200_000, 30_000, UTC) == "as of 14:13 STALE 3 min"
    assert age_words(then, then + 10_000_000, 30_000, UTC) == "as of 14:13 STALE 2 h"


def test_numbers_of_rows_in_words() -> None:
    assert rows_words(1, True) == "1 row"
    assert rows_words(1_003_218, True) == "1\u00a0003\u00a0218 rows"
    assert rows_words(1_003_218, False) == "about 1.0 million rows"
    assert rows_words(3_218, False) == "about 3\u00a0218 rows"


def test_latency_changes_only_when_it_really_does() -> None:
    shown, words = latency_words(0.0, 0.3)
    assert words == "db <1 ms"
    shown, words = latency_words(shown, 12.2)
    assert words == "db 12 ms"
    for noise in (8.0, 15.0, 23.0, 7.0):
        assert latency_words(shown, noise) == (shown, "db 12 ms")
    assert latency_words(shown, 30.0)[1] == "db 30 ms"


def test_a_running_job_in_words() -> None:
    run = Running("month-close", "2026-10", 611, 1_000, 12.0)
    assert running_words(run) == "month-close 2026-10 61% 10 s left"
    assert running_words(Running("backup", "", 0, 0, None)) == "backup"
    silent = Running("month-close", "2026-10", 0, 10, None, alive=False)
    assert running_words(silent) == "month-close 2026-10 0% SILENT"


# Keys


def test_each_cyrillic_letter_is_its_latin_key() -> None:
    for cyrillic, latin in (("й", "q"), ("о", "j"), ("Ж", "colon"), ("Ы", "S"), ("і", "s"),
                            ("ї", "right_square_bracket"), ("є", "apostrophe"), ("ў", "o"),
                            ("х", "left_square_bracket"), ("ctrl+в", "ctrl+d"),
                            ("ctrl+з", "ctrl+p"), ("comma", "question_mark")):  # fmt: skip
        assert keymap.latin_key(cyrillic) == latin
    assert keymap.latin_key("q") is None
    assert keymap.latin_key("enter") is None


def test_changed_keys() -> None:
    assert keymap.overrides([("mark", "m"), ("mark", "f9")]) == {"mark": "m,f9"}
    with pytest.raises(ConfigError, match="no action nonsense"):
        keymap.overrides([("nonsense", "m")])
    with pytest.raises(ConfigError, match="both"):
        keymap.overrides([("mark", "q")])
    with pytest.raises(ConfigError, match="both"):
        keymap.overrides([("refresh", "?")])
    # Two that change places are no clash.
    keymap.overrides([("sort", "o"), ("columns", "s")])


def test_the_default_keys_do_not_clash_and_have_ids_of_their_own() -> None:
    assert keymap.overrides([]) == {}
    ids = [key.id for key in keymap.KEYS]
    assert len(set(ids)) == len(ids)


# The rest


def test_the_trail_of_views() -> None:
    trail = Trail("a")
    trail.go("b")
    trail.go("c")
    assert [trail.step(-1), trail.step(-1), trail.step(-1), trail.step(1)] == ["b", "a", "a", "b"]
    trail.go("d")
    assert trail.step(1) == "d"
    assert trail.previous == "b"


def test_themes_and_signs_by_terminal() -> None:
    assert theme_name("auto", {"TERM": "xterm-256color"}) == "billdeck-dark"
    assert theme_name("auto", {"TERM": "linux"}) == "ansi-dark"
    assert theme_name("light", {}) == "billdeck-light"
    assert not is_plain_terminal({"TERM": "xterm", "LANG": "ru_RU.UTF-8"})
    assert not is_plain_terminal({"TERM": "xterm"})
    assert is_plain_terminal({"TERM": "vt100"})
    assert is_plain_terminal({"LANG": "ru_RU.KOI8-R"})


def test_what_fits_a_terminals_clipboard() -> None:
    assert fits("x" * 55_000)
    assert not fits("x" * 56_000)
    assert not fits("ж" * 30_000)


# One line


_LINES = st.lists(
    st.tuples(st.text("ab 漢字e\u0301", max_size=6), st.sampled_from(("", "bold"))), max_size=5
)


def _drawn(pieces: list[Piece], width: int) -> list[str]:
    """The cells of a line: each with its letters and style, the second half of a wide one empty."""
    cells: list[str] = []
    for text, style in pieces:
        for char in text:
            if cell_len(char) or not cells:
                cells += [f"{char}{style}", *[""] * (cell_len(char) - 1)]
            else:
                cells[-1 if cells[-1] else -2] += char
    return cells + [" "] * (width - len(cells))


@given(_LINES, _LINES)
def test_what_changed_makes_the_new_line_of_the_old_one(
    before: list[Piece], after: list[Piece]
) -> None:
    width = 60
    lines = [
        [(" ", ""), *pieces, (" " * (width - 1 - sum(cell_len(text) for text, _ in pieces)), "")]
        for pieces in (before, after)
    ]
    start, end = changed(*lines)
    old, new = (_drawn(pieces, width) for pieces in lines)
    assert old[:start] + new[start:end] + old[end:] == new


def test_a_new_minute_is_one_cell() -> None:
    pieces = [[(" Subscribers", "bold"), (f"as of 12:0{minute} ", "dim")] for minute in (4, 5)]
    assert changed(*pieces) == (22, 23)
    assert changed(pieces[0], pieces[0]) == (24, 24)


def test_a_busy_database_is_told_in_steps() -> None:
    assert [busy_words(seconds) for seconds in (0.0, 4.9, 5.0, 19.9, 61.0, 130.0)] == [
        "", "", "db busy 5 s", "db busy 10 s", "db busy 60 s", "db busy 2 min"
    ]  # fmt: skip
