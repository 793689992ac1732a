"""States of actions for people: a sign, the word and a colour; never the colour alone."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from engine.queries.event_list import ActionList
from tui.glyphs import Glyphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.database import Database, Row

_STYLES = {
    "waiting": "$primary",
    "sending": "$accent",
    "done": "$success",
    "retrying": "$warning",
    "unknown": "bold $warning",
    "dead": "bold $error",
}
# Columns whose words have `_` in the tables.
_WORDS = ("event", "kind")


def state_words(state: str, glyphs: Glyphs) -> str:
    """`✖ dead`."""
    return f"{_sign(state, glyphs)} {state}"


def state_style(state: str) -> str:
    """Ours, such as `$error`."""
    return _STYLES.get(state, "$text-muted")


def kind_words(kind: str) -> str:
    """`top up bonus`, for the kind of an event or an action."""
    return kind.replace("_", " ")


def moment(at: int | None, zone: tzinfo) -> str:
    """Epoch milliseconds as `2026-11-21 14:02` in the zone, nothing for None."""
    return "" if at is None else f"{datetime.fromtimestamp(at / 1000, zone):%Y-%m-%d %H:%M}"


def _sign(state: str, glyphs: Glyphs) -> str:
    signs = {
        "sending": ">",
        "done": glyphs.good,
        "retrying": glyphs.warning,
        "unknown": "?",
        "dead": glyphs.bad,
        "cancelled": "-",
        "expired": "-",
        "suppressed": "=",
    }
    return signs.get(state, glyphs.dot)


class ShownActions(ActionList):
    """The list of actions with its states in words."""

    def __init__(self, zone: tzinfo, glyphs: Glyphs) -> None:
        super().__init__(zone)
        self._glyphs = glyphs
        names = [column.name for column in self.columns]
        self._state = 1 + names.index("state")
        self._kinds = [1 + names.index(name) for name in _WORDS]

    def rows(self, database: Database, ids: Sequence[int]) -> list[Row]:
        """See the base."""
        return [self._in_words(row) for row in super().rows(database, ids)]

    def _in_words(self, row: Row) -> Row:
        cells: list[Any] = list(row)
        cells[self._state] = state_words(cells[self._state], self._glyphs)
        for place in self._kinds:
            cells[place] = kind_words(cells[place])
        return tuple(cells)
