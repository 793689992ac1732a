"""How many actions have which state; the one chosen filters the list below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.content import Content

from tui import messages
from tui.event_words import state_style, state_words
from tui.glyphs import Glyphs
from tui.keymap import bindings
from tui.safe import fit, join, safe_text
from tui.widgets.cells import grouped
from tui.widgets.drawn import Drawn

RECEIPTS = "bad receipt"
# What needs somebody stands in the upper line.
PLACES = (
    "waiting", "sending", "retrying", "unknown", "dead",
    "done", RECEIPTS, "expired", "cancelled", "suppressed",
)  # fmt: skip
_ACROSS = 5
_KEYS = {"up", "down", "column_left", "column_right", "open"}


@dataclass(frozen=True, slots=True)
class States:
    """`counts` of all actions by state; RECEIPTS counts the receipts in error."""

    counts: Mapping[str, int]
    glyphs: Glyphs


class StateCounts(Drawn[States], can_focus=True):
    """Two lines of five; the keys of a table go from one to the other. Posts FilterChosen."""

    BINDINGS = [  # noqa: RUF012 - Textual's way
        one for one in bindings("table") if isinstance(one, Binding) and one.id in _KEYS
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._place = PLACES.index("dead")

    def draw(self, value: States, width: int, height: int) -> list[Content]:
        names = [max(len(name) for name in PLACES[at::_ACROSS]) + 3 for at in range(_ACROSS)]
        # What is left beside the words is for the numbers.
        room = max(1, (width - sum(names)) // _ACROSS - 1)
        cells = [
            self._cell(place, value, names[place % _ACROSS] + 1 + room)
            for place in range(len(PLACES))
        ]
        return [join(*cells[at : at + _ACROSS]) for at in range(0, len(PLACES), _ACROSS)][:height]

    def _cell(self, place: int, value: States, width: int) -> Content:
        name = PLACES[place]
        count = value.counts.get(name, 0)
        words = state_words(name, value.glyphs)
        style = state_style(name)
        if name == RECEIPTS:
            words, style = f"{value.glyphs.bad} {name}", "bold $error"
        number = short(count, width - len(words) - 2)
        style = style if count else "$text-muted"
        if self.has_focus and place == self._place:
            style = f"{style} reverse"
        return join(" ", safe_text(fit(f"{words} {number}", width - 1), None, style))

    def action_cursor(self, step: int) -> None:
        """To the other line."""
        self._go((self._place + step * _ACROSS) % len(PLACES))

    def action_column(self, step: int) -> None:
        """To the left or right, and on to the next line."""
        self._go((self._place + step) % len(PLACES))

    def action_open(self) -> None:
        """Filters by what is chosen."""
        name = PLACES[self._place]
        text = "receipt:error" if name == RECEIPTS else f"state:{name}"
        self.post_message(messages.FilterChosen(text))

    def _go(self, place: int) -> None:
        self._place = place
        self.refresh()

    def on_focus(self, event: events.Focus) -> None:
        """The place chosen is marked only while keys go here."""
        self.refresh()

    def on_blur(self, event: events.Blur) -> None:
        """See above."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click chooses."""
        place = min(_ACROSS - 1, event.x * _ACROSS // max(1, self.size.width)) + event.y * _ACROSS
        if place < len(PLACES):
            self._go(place)
            self.action_open()


def short(count: int, room: int) -> str:
    """A count with its digits in threes; where these have no room, about: `12k`, `1.2M`."""
    whole = grouped(count)
    if len(whole) <= room or count < 1_000:
        return whole
    thousands = count // 1_000
    if thousands < 1_000:
        return f"{thousands}k"
    return f"{count // 100_000 / 10:.1f}M"
