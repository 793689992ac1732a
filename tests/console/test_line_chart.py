"""The chart of a line: where its dots are, what is left out, its labels; braille and ASCII."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.line_chart import draw_chart

# The dots of a cell: (column, row from below) by bit.
_BITS = {0x40: (0, 0), 0x04: (0, 1), 0x02: (0, 2), 0x01: (0, 3),
         0x80: (1, 0), 0x20: (1, 1), 0x10: (1, 2), 0x08: (1, 3)}  # fmt: skip


def dots(values: Sequence[int | None], width: int, height: int) -> set[tuple[int, int]]:
    """The dots of a chart, (column, row from below)."""
    found = set()
    lines = draw_chart(values, width, height, str)
    for row, line in enumerate(reversed(lines)):
        for place, char in enumerate(line.cells):
            bits = ord(char) - 0x2800 if char != " " else 0
            found |= {(2 * place + x, 4 * row + y) for bit, (x, y) in _BITS.items() if bits & bit}
    return found


def test_a_rise() -> None:
    lines = draw_chart([0, 1, 2, 3], 10, 2, str)
    assert [line.label + line.cells for line in lines] == ["3     ⣀⠤⠊", "0⣀⡠⠔⠒⠉   "]
    found = dots([0, 7], 10, 2)
    assert {(x, x * 7 // 15) for x in range(16)} <= found
    assert (0, 0) in found
    assert (15, 7) in found


def test_what_is_unknown_is_a_gap_and_not_zero() -> None:
    found = dots([5, None, None, 5, 6], 10, 2)
    columns = {x for x, _ in found}
    assert columns == {0, 11, 12, 13, 14, 15}
    plain = draw_chart([5, None, None, 5, 6], 10, 2, str, plain=True)
    assert [line.cells for line in plain] == ["       *", "*    ** "]


def test_one_value_and_all_the_same_stand_in_the_middle() -> None:
    for values in ([7], [7, 7, 7]):
        lines = draw_chart(values, 12, 5, str)
        assert [line.label for line in lines] == [" ", " ", "7", " ", " "]
        assert [bool(line.cells.strip()) for line in lines] == [False, False, True, False, False]


def test_labels_of_both_ends_and_of_zero() -> None:
    lines = draw_chart([-300, 300], 20, 4, lambda value: f"{value / 100:.2f}")
    assert [line.label for line in lines] == [" 3.00", "     ", " 0.00", "-3.00"]
    assert [line.below for line in lines] == [False, False, False, True]
    below = draw_chart([-2, -1], 20, 2, str)
    assert [line.below for line in below] == [True, True]


def test_nothing_where_there_is_nothing_or_no_room() -> None:
    assert draw_chart([], 40, 5, str) == []
    assert draw_chart([None, None], 40, 5, str) == []
    assert draw_chart([1], 40, 0, str) == []
    assert draw_chart([10**15], 20, 5, str) == []


values = st.lists(st.one_of(st.none(), st.integers(-(10**15), 10**15)), max_size=400)


@given(values, st.integers(0, 160), st.integers(0, 30), st.booleans())
def test_any_chart_fits_and_shows_each_known_value(
    given_values: list[int | None], width: int, height: int, plain: bool
) -> None:
    lines = draw_chart(given_values, width, height, str, plain)
    if not lines:
        return
    assert len(lines) == height
    room = {cell_len(line.label) + 1 + len(line.cells) for line in lines}
    assert room == {width}
    if plain:
        assert {char for line in lines for char in line.cells} <= set(" *|")
        return
    found = dots(given_values, width, height)
    known = [value for value in given_values if value is not None]
    low, span = min(known), max(known) - min(known)
    columns, up = 2 * len(lines[0].cells), 4 * height
    for place, value in enumerate(given_values):
        if value is not None:
            x = place * (columns - 1) // max(1, len(given_values) - 1)
            assert (x, (value - low) * (up - 1) // span if span else (up - 1) // 2) in found
