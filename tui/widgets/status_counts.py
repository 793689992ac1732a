"""How many numbers have which balance status, and what changed since yesterday."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual.content import Content

from engine.balances.trend import STATUSES
from tui.glyphs import Glyphs
from tui.number_words import status_style, status_words
from tui.safe import fit, join, safe_text
from tui.widgets.bars import bar
from tui.widgets.cells import grouped
from tui.widgets.drawn import Drawn

_NAME, _COUNT, _CHANGE, _LEAST_BAR, _LONGEST_BAR = 20, 10, 8, 8, 36


@dataclass(frozen=True, slots=True)
class Statuses:
    """`counts` of all numbers and their `changes` since yesterday, by status."""

    counts: Mapping[str | None, int]
    changes: Mapping[str | None, int]
    glyphs: Glyphs
    plain: bool


class StatusCounts(Drawn[Statuses]):
    """The eight in two columns of four lines, with bars where there is room."""

    def draw(self, value: Statuses, width: int, height: int) -> list[Content]:
        half = (len(STATUSES) + 1) // 2
        cells = width // 2
        return [
            join(
                _cell(value, STATUSES[line], cells),
                _cell(value, STATUSES[line + half], width - cells),
            )
            for line in range(min(half, height))
        ]


def _cell(value: Statuses, status: str, width: int) -> Content:
    count, change = value.counts.get(status, 0), value.changes.get(status, 0)
    words = fit(f" {status_words(status, value.glyphs)}", _NAME)
    bold = "bold" if count else "$text-muted"
    parts = [
        safe_text(words, None, status_style(status) if count else "$text-muted"),
        safe_text(fit(grouped(count), _COUNT, right=True), None, bold),
        safe_text(fit(change_words(change), _CHANGE, right=True), None, "$text-muted"),
    ]
    room = min(width - _NAME - _COUNT - _CHANGE - 4, _LONGEST_BAR)
    if room >= _LEAST_BAR:
        most = max(value.counts.values(), default=0)
        parts += [safe_text("  "), safe_text(bar(count, most, room, value.plain), None, "$primary")]
        parts.append(safe_text(" " * max(0, width - _NAME - _COUNT - _CHANGE - 2 - room)))
    else:
        parts.append(safe_text(" " * max(0, width - _NAME - _COUNT - _CHANGE)))
    return join(*parts)


def change_words(change: int) -> str:
    """`+12`, `-3`, nothing for none."""
    if not change:
        return ""
    return f"{'+' if change > 0 else '-'}{grouped(abs(change))}"
