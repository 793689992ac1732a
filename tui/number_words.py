"""A balance status for people: a sign, its words and a colour; never the colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.balances.trend import TITLES
from engine.queries.number_list import NumberList
from tui.glyphs import Glyphs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from engine.database import Database, Row

NO_STATUS = "none yet"
_STYLES = {
    "ok": "$success",
    "positive_dynamics": "$success",
    "positive_static": "$primary",
    "negative_dynamics": "$warning",
    "negative_static": "$warning",
    "new": "$accent",
    "no_data": "bold $warning",
    "terminated": "bold $error",
}


def status_words(status: str | None, glyphs: Glyphs) -> str:
    """`▲ no data`."""
    if status is None:
        return f"{glyphs.dot} {NO_STATUS}"
    return f"{_sign(status, glyphs)} {TITLES.get(status, status)}"


def status_style(status: str | None) -> str:
    """Ours, such as `$error`."""
    return _STYLES.get(status or "", "$text-muted")


def _sign(status: str, glyphs: Glyphs) -> str:
    signs = {
        "ok": glyphs.good,
        "positive_dynamics": glyphs.up,
        "positive_static": "=",
        "negative_dynamics": glyphs.down,
        "negative_static": "=",
        "new": "+",
        "no_data": glyphs.warning,
        "terminated": glyphs.bad,
    }
    return signs.get(status, glyphs.dot)


class ShownNumbers(NumberList):
    """The list of numbers with its statuses in words."""

    def __init__(self, zone: tzinfo, glyphs: Glyphs) -> None:
        super().__init__(zone)
        self._glyphs = glyphs
        self._place = 1 + [column.name for column in self.columns].index("status")

    def rows(self, database: Database, ids: Sequence[int]) -> list[Row]:
        """See the base."""
        return [self._in_words(row) for row in super().rows(database, ids)]

    def _in_words(self, row: Row) -> Row:
        cells: list[Any] = list(row)
        cells[self._place] = status_words(cells[self._place], self._glyphs)
        return tuple(cells)
