"""The lines of a table: which columns are shown, how wide, and one row made into a strip.

A line is made of as few differently styled pieces as can be: each costs bytes on a slow line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from engine.queries.columns import Column, Sort
from tui.glyphs import UNICODE, Glyphs
from tui.safe import fit
from tui.widgets.cells import GAP, cell, head, is_negative, widths

MARK_WIDTH = 2

Piece = tuple[str, Style]


@dataclass(frozen=True, slots=True)
class Styles:
    """How the parts of a table look."""

    base: Style
    header: Style
    current_head: Style
    cursor: Style
    marked: Style
    frozen: Style
    negative: Style
    placeholder: Style


@dataclass
class Lines:
    """`shown` are places in `columns`, the first one frozen; `current` is a place in `shown`;
    `left` is how many cells the others are scrolled, always to the beginning of one."""

    columns: Sequence[Column]
    glyphs: Glyphs = UNICODE
    zone: tzinfo = UTC
    shown: list[int] = field(default_factory=list)
    current: int = 0
    left: int = 0
    room: int = 80
    _widths: list[int] = field(default_factory=list)
    _sight: list[tuple[int, int, int]] = field(default_factory=list)

    def show(self, names: Sequence[str] | None) -> None:
        """Shows the columns of these names in the source's order; None: all of them. The first
        column always is shown, for it says whose row it is."""
        chosen = [
            place
            for place, column in enumerate(self.columns)
            if names is None or place == 0 or column.name in names
        ]
        self.shown = chosen
        self.arrange(self.room)

    def arrange(self, room: int) -> None:
        """Fits the columns into `room` cells and keeps the current column in sight."""
        self.room = room
        self._widths = widths([self.columns[place] for place in self.shown], room - MARK_WIDTH)
        self.current = min(self.current, max(0, len(self.shown) - 1))
        self.go_to(self.current)

    def go_to(self, current: int) -> bool:
        """Makes another column the current one. Whether the columns had to be scrolled."""
        self.current = current
        before, starts = self.left, self._starts()
        if current < 1 or not starts:
            self.left = 0
        else:
            # From the left edge of one column on: half a number is another number.
            low = self._first_left(starts, current)
            high = min(starts[current - 1], self._first_left(starts, len(starts)))
            fitting = [start for start in starts if start <= max(low, min(self.left, high))]
            self.left = fitting[-1]
        self._sight = self._in_sight()
        return self.left != before

    def _starts(self) -> list[int]:
        """Where the columns behind the frozen one begin."""
        return [sum(self._widths[1:order]) + GAP * (order - 1)
                for order in range(1, len(self._widths))]  # fmt: skip

    def _first_left(self, starts: Sequence[int], order: int) -> int:
        """The least place to scroll to at which column `order` is in sight up to its end, or at
        least begins."""
        end = starts[order - 1] + self._widths[order]
        found = (start for start in starts[:order] if end - start <= self._rest_room())
        return next(found, starts[order - 1])

    @property
    def column(self) -> Column:
        """The current column."""
        return self.columns[self.shown[self.current]]

    def header(self, sorts: Sequence[Sort], styles: Styles) -> Strip:
        """The header, with an arrow and (of several) its number at each column sorted by."""
        pieces: list[Piece] = [(" " * MARK_WIDTH, styles.header)]
        for order, place, width in self._sight:
            column = self.columns[place]
            text = head(column, width, self._order(column, sorts), self.glyphs)
            pieces.append((text, styles.current_head if order == self.current else styles.header))
            pieces.append((" " * GAP, styles.header))
        return self._strip(pieces, styles.header)

    def row(self, row: Sequence[Any], on_cursor: bool, marked: bool, styles: Styles) -> Strip:
        """A row of data."""
        base = styles.cursor if on_cursor else styles.marked if marked else styles.base
        first = base if on_cursor or marked else styles.frozen
        pieces: list[Piece] = [(f"{self.glyphs.mark} " if marked else "  ", first)]
        for order, place, width in self._sight:
            column, value = self.columns[place], row[place + 1]
            text = cell(column, value, width, self.glyphs, self.zone)
            style = first if order == 0 else base
            if not on_cursor and is_negative(column, value):
                style = styles.negative
            pieces.append((text, style))
            pieces.append((" " * GAP, base))
        return self._strip(pieces, base)

    def placeholder(self, on_cursor: bool, styles: Styles) -> Strip:
        """A row that has not come yet."""
        style = styles.cursor if on_cursor else styles.placeholder
        return self.words(self.glyphs.ellipsis, style)

    def words(self, text: str, style: Style) -> Strip:
        """A line of words instead of cells."""
        line = fit(" " * MARK_WIDTH + text, self.room, ellipsis=self.glyphs.ellipsis)
        return Strip([Segment(line, style)], self.room)

    def _in_sight(self) -> list[tuple[int, int, int]]:
        """The columns in sight: place in `shown`, place in `columns`, and width, which at the right
        edge is what is left."""
        found = [(0, self.shown[0], self._widths[0])] if self._widths else []
        room = self._rest_room()
        for order, start in enumerate(self._starts(), 1):
            if 0 <= start - self.left < room:
                width = min(self._widths[order], room - start + self.left)
                found.append((order, self.shown[order], width))
        return found

    def _frozen_width(self) -> int:
        return MARK_WIDTH + (self._widths[0] + GAP if self._widths else 0)

    def _rest_room(self) -> int:
        return max(0, self.room - self._frozen_width())

    def _order(self, column: Column, sorts: Sequence[Sort]) -> str:
        for number, sort in enumerate(sorts, 1):
            if sort.column == column.name:
                arrow = self.glyphs.down if sort.descending else self.glyphs.up
                return f"{arrow}{number}" if len(sorts) > 1 else arrow
        return ""

    def _strip(self, pieces: list[Piece], base: Style) -> Strip:
        segments = [Segment(text, style) for text, style in pieces if text]
        return Strip(segments).crop_extend(0, self.room, base).simplify()
