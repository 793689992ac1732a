"""A widget of one line, of which only the cells that changed are drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from operator import eq

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from tui.safe import safe_text

Piece = tuple[str, str]
"""A text and its style."""


class OneLine(Widget):
    """Shows `pieces(width)`, which together are that many cells wide."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawn: list[Piece] = []

    def pieces(self, width: int) -> list[Piece]:
        """The line as it is now, made safe."""
        raise NotImplementedError

    def draw_changes(self) -> None:
        """The line may have changed."""
        width = self.size.width
        pieces = self.pieces(width)
        if pieces == self._drawn:
            return
        start, end = changed(self._drawn, pieces)
        self._drawn = pieces
        if width:
            self.refresh(Region(start, 0, end - start, 1))

    def render(self) -> Content:
        self._drawn = self.pieces(self.size.width)
        return Content("").join(safe_text(text, None, style) for text, style in self._drawn)


def changed(before: Sequence[Piece], after: Sequence[Piece]) -> tuple[int, int]:
    """From which cell to which one `after` is other than `before`."""
    old, new = _characters(before), _characters(after)
    width = _cells(new)
    if _cells(old) != width:
        return 0, width
    start = _common(old, new)
    while start and (_is_joined(old, start) or _is_joined(new, start)):
        start -= 1
    end = min(_common(old[::-1], new[::-1]), len(old) - start, len(new) - start)
    return _cells(new[:start]), width - _cells(new[len(new) - end :])


def _characters(pieces: Sequence[Piece]) -> list[Piece]:
    return [(char, style) for text, style in pieces for char in text]


def _common(one: Sequence[Piece], other: Sequence[Piece]) -> int:
    return sum(1 for _ in takewhile(bool, map(eq, one, other)))


def _is_joined(characters: Sequence[Piece], place: int) -> bool:
    """Whether it is drawn into the cell of the character before it."""
    return place < len(characters) and not cell_len(characters[place][0])


def _cells(characters: Sequence[Piece]) -> int:
    return cell_len("".join(char for char, _ in characters))
