"""What a terminal shows of what was written to it, as far as Textual uses one."""

from __future__ import annotations

import re

from rich.cells import cell_len

# What Textual itself may write: styles, cursor positions, modes, queries; the shape of the pointer;
# and OSC 52 to copy.
OURS = re.compile(r"\x1b\[[0-9;?<>$]*[A-Za-z]|\x1b\]52;c;[A-Za-z0-9+/=]*\x07|\x1b\]22;[a-z]*\x07")
_PLACE = re.compile(r"\x1b\[(\d+);(\d+)H")


class Grid:
    """Cells of `size` (columns, rows). AssertionError when something is written beyond the edge, or
    a line is fed at the bottom: then all lines would move."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._columns, self._rows = size
        self._cells = [[" "] * self._columns for _ in range(self._rows)]
        self._row = self._column = 0

    def feed(self, written: bytes) -> None:
        """Takes what was written; whole characters and sequences only."""
        text = written.decode("utf-8")
        place = 0
        while place < len(text):
            if (found := OURS.match(text, place)) is not None:
                self._sequence(found[0])
                place = found.end()
                continue
            self._put(text[place])
            place += 1

    @property
    def lines(self) -> list[str]:
        """The lines as a person reads them."""
        return ["".join(row).replace("\u00a0", " ").rstrip() for row in self._cells]

    def _sequence(self, sequence: str) -> None:
        if (found := _PLACE.fullmatch(sequence)) is not None:
            self._row, self._column = int(found[1]) - 1, int(found[2]) - 1

    def _put(self, char: str) -> None:
        if char == "\r":
            self._column = 0
        elif char == "\n":
            self._row += 1
            assert self._row < self._rows, "a line was fed at the bottom"
        elif not (cells := cell_len(char)):
            self._cells[self._row][max(0, self._column - 1)] += char
        else:
            assert self._column + cells <= self._columns, f"{char!r} beyond the edge"
            self._cells[self._row][self._column : self._column + cells] = [char, ""][:cells]
            self._column += cells
