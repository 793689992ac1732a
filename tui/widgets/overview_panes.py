"""The panes of the overview: payments with their chart, subscribers by state, the running job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from textual.content import Content

from engine.money import format_amount_human
from tui.safe import fit, join, safe_text
from tui.widgets.bars import bar, columns
from tui.widgets.cells import grouped
from tui.widgets.drawn import Drawn

if TYPE_CHECKING:
    from engine.queries.overview import PaymentsOfDay

_STATE_STYLES = {"active": "$success", "frozen": "$primary", "blocked": "$warning"}
_STATES = ("active", "frozen", "blocked", "deleted")
_LONGEST_BAR = 40


@dataclass(frozen=True, slots=True)
class Payments:
    """`today`, and `days`, the last ones without gaps, today last (None while they are read).
    Amounts are minor units of `currency`."""

    today: PaymentsOfDay
    days: tuple[PaymentsOfDay, ...] | None
    currency: str
    plain: bool


class PaymentsPane(Drawn[Payments]):
    """Today in words, below it a column for each day, with the largest sum and the dates beside."""

    def draw(self, value: Payments, width: int, height: int) -> list[Content]:
        today = value.today
        payments = f"{grouped(today.count)} payment{'' if today.count == 1 else 's'}"
        lines = [
            join(
                safe_text(" today  ", None, "$text-muted"),
                safe_text(f"{format_amount_human(today.amount)} {value.currency}", None, "bold"),
                safe_text(f"  in {payments}" if today.count else "  no payment yet"),
            )
        ]
        if value.days is None:
            return [*lines, safe_text(" the days before are being read", None, "$text-muted")]
        # An empty line above the columns, their dates below.
        return [*lines, Content(""), *_chart(value, value.days, width, height - 3)]


def _chart(
    value: Payments, days: Sequence[PaymentsOfDay], width: int, height: int
) -> list[Content]:
    amounts = [max(0, day.amount) for day in days]
    highest = max(amounts, default=0)
    if not highest:
        return [safe_text(f" no payment in {len(days)} days", None, "$text-muted")]
    scale = format_amount_human(highest)[:-3]
    margin = len(scale) + 3
    cells = max(1, min(4, (width - margin - 1) // len(days)))
    drawn = columns(amounts, max(1, height), value.plain, cells)
    lines = [
        join(
            safe_text(fit(scale if place == 0 else "", margin - 2, right=True), None,
                      "$text-muted"),
            safe_text("  "),
            safe_text(line, None, "$primary"),
        )
        for place, line in enumerate(drawn)
    ]  # fmt: skip
    axis = _short(days[0].day).ljust(cells * len(days) - 6) + _short(days[-1].day)
    return [*lines, safe_text(" " * margin + axis, None, "$text-muted")]


def _short(day: date) -> str:
    return f"{day.day:>2} {day:%b}"


@dataclass(frozen=True, slots=True)
class States:
    """How many subscribers have each state."""

    counts: Mapping[str, int]
    plain: bool


class StatesPane(Drawn[States]):
    """The counts, each with its bar, the sum below."""

    def draw(self, value: States, width: int, height: int) -> list[Content]:
        states = [*_STATES, *sorted(value.counts.keys() - set(_STATES))]
        total = sum(value.counts.values())
        digits = len(grouped(total))
        room = max(1, min(_LONGEST_BAR, width - 13 - digits))
        lines = []
        for state in states[: max(1, height - 1)]:
            count = value.counts.get(state, 0)
            lines.append(
                join(
                    safe_text(f" {state}", 10),
                    safe_text(fit(grouped(count), digits, right=True), None, "bold"),
                    safe_text("  "),
                    safe_text(bar(count, total, room, value.plain), None,
                              _STATE_STYLES.get(state, "$text-muted")),
                )
            )  # fmt: skip
        every = join(safe_text(" all", 10, "$text-muted"), safe_text(grouped(total), None, "bold"))
        return [*lines, every]


@dataclass(frozen=True, slots=True)
class RunWords:
    """A run in one line; `style` is for its beginning, `head`."""

    head: str
    rest: str
    style: str


class RunPane(Drawn[RunWords]):
    """The run that goes on, or the last one."""

    def draw(self, value: RunWords, width: int, height: int) -> list[Content]:
        head = safe_text(f" {value.head}", None, value.style)
        left = max(1, width - head.cell_length - 2)
        return [join(head, safe_text("  "), safe_text(value.rest, left, ""))]
