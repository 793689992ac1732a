"""A chart of a line: braille dots, or ASCII where a terminal has no better.

`draw_chart` is pure. What is unknown leaves a gap: it is neither 0 nor guessed from its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.safe import fit

Values = Sequence[int | None]
Span = tuple[int, int]
"""The lowest and the highest dot of a column, counted from below."""

_BRAILLE = 0x2800
# The dots of a cell from below, of its left and of its right column.
_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
_PLAIN_POINT, _PLAIN_LINE = "*", "|"
_LEAST_WIDTH = 8


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A line of a chart: the label before it, its cells, and whether they lie below zero."""

    label: str
    cells: str
    below: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows: values in their order, evenly spaced (None: unknown); the words below its
    two ends; `label` gives the words of a value; `plain`: in ASCII."""

    values: tuple[int | None, ...]
    first: str
    last: str
    label: Callable[[int], str]
    plain: bool = False
    nothing: str = "nothing is known"


def draw_chart(
    values: Values, width: int, height: int, label: Callable[[int], str], plain: bool = False
) -> list[ChartLine]:
    """`height` lines of together `width` cells: a label of the highest value at the top, of the
    lowest at the bottom, of zero where that lies between. Empty without a known value or room."""
    known = [value for value in values if value is not None]
    if not known or height < 1:
        return []
    low, high = min(known), max(known)
    labels = _labels(low, high, height, label)
    margin = max(map(cell_len, labels.values()))
    room = width - margin - 1
    if room < _LEAST_WIDTH:
        return []
    across, up = (1, 1) if plain else (2, 4)
    spans = _spans(values, low, high, room * across, height * up)
    rows = _plain(spans, room, height) if plain else _braille(spans, room, height)
    zero = _row_of(0, low, high, height)
    return [
        ChartLine(fit(labels.get(row, ""), margin, right=True), cells, row < zero or high < 0)
        for row, cells in zip(reversed(range(height)), reversed(rows), strict=True)
    ]


def _labels(low: int, high: int, height: int, label: Callable[[int], str]) -> dict[int, str]:
    """The labels by row from below; all values the same: one, in the middle."""
    if low == high:
        return {_row_of(low, low, high, height): label(low)}
    found = {height - 1: label(high)}
    if height > 1:
        found[0] = label(low)
    if low < 0 < high:
        found.setdefault(_row_of(0, low, high, height), label(0))
    return found


def _row_of(value: int, low: int, high: int, height: int) -> int:
    """The row from below that a value lies in; beyond the chart for one that it does not show."""
    if low == high:
        return (height - 1) // 2 if value == low else -1 if value < low else height
    return (value - low) * height // (high - low + 1)


def _spans(values: Values, low: int, high: int, columns: int, dots: int) -> dict[int, Span]:
    """What is to be drawn, by column of dots: points, and the way from each to its neighbour."""
    last, span = max(1, len(values) - 1), high - low
    found: dict[int, Span] = {}
    before: Span | None = None
    for place, value in enumerate(values):
        if value is None:
            before = None
            continue
        x = place * (columns - 1) // last
        y = (value - low) * (dots - 1) // span if span else (dots - 1) // 2
        if before is not None:
            _join(found, before, (x, y))
        _widen(found, x, y, y)
        before = (x, y)
    return found


def _join(found: dict[int, Span], one: Span, other: Span) -> None:
    """The way between two points: of each column between them the dots that it goes through."""
    (x0, y0), (x1, y1) = one, other
    if x0 == x1:
        _widen(found, x0, min(y0, y1), max(y0, y1))
        return
    before, wide = y0, x1 - x0
    for step in range(1, wide + 1):
        y = y0 + (y1 - y0) * step // wide
        # Each column goes on where the one before it has ended.
        if y > before:
            _widen(found, x0 + step, before + 1, y)
        else:
            _widen(found, x0 + step, y, max(y, before - 1))
        before = y


def _widen(found: dict[int, Span], x: int, bottom: int, top: int) -> None:
    old = found.get(x)
    found[x] = (bottom, top) if old is None else (min(old[0], bottom), max(old[1], top))


def _braille(spans: dict[int, Span], room: int, height: int) -> list[str]:
    """Rows from below."""
    cells = [[0] * room for _ in range(height)]
    for x, (bottom, top) in spans.items():
        dots, column = _DOTS[x % 2], x // 2
        for y in range(bottom, top + 1):
            cells[y // 4][column] |= dots[y % 4]
    return ["".join(chr(_BRAILLE + bits) if bits else " " for bits in row) for row in cells]


def _plain(spans: dict[int, Span], room: int, height: int) -> list[str]:
    cells = [[" "] * room for _ in range(height)]
    for x, (bottom, top) in spans.items():
        for y in range(bottom, top + 1):
            cells[y][x] = _PLAIN_POINT if bottom == top else _PLAIN_LINE
    return ["".join(row) for row in cells]


class LineChart(Widget):
    """Shows a `Chart` with its ends' words below it; an equal one costs no byte."""

    COMPONENT_CLASSES = {"line-chart--label", "line-chart--line", "line-chart--below"}  # noqa: RUF012

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._chart: Chart | None = None
        self._strips: list[Strip] | None = None

    @property
    def chart(self) -> Chart | None:
        """What is shown."""
        return self._chart

    def show(self, chart: Chart) -> None:
        """Another chart."""
        if chart != self._chart:
            self._chart, self._strips = chart, None
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips = None

    def on_resize(self) -> None:
        self._strips = None

    def render_line(self, y: int) -> Strip:
        if self._strips is None:
            self._strips = self._drawn(self.size.width, self.size.height)
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)

    def _drawn(self, width: int, height: int) -> list[Strip]:
        chart = self._chart
        if chart is None:
            return []
        quiet = self.get_component_rich_style("line-chart--label")
        lines = draw_chart(chart.values, width, height - 1, chart.label, chart.plain)
        if not lines:
            known = any(value is not None for value in chart.values)
            words = "too narrow for a chart" if known else chart.nothing
            return [Strip([Segment(fit(f" {words}", width), quiet)], width)]
        above = self.get_component_rich_style("line-chart--line")
        below = self.get_component_rich_style("line-chart--below")
        found = [
            Strip(
                [
                    Segment(f"{line.label} ", quiet),
                    Segment(line.cells, below if line.below else above),
                ]
            ).crop_extend(0, width, self.rich_style)
            for line in lines
        ]
        margin = cell_len(lines[0].label) + 1
        room = width - margin
        words = fit(chart.first, room - cell_len(chart.last)) + chart.last
        found.append(Strip([Segment(fit(" " * margin + words, width), quiet)], width))
        return found
