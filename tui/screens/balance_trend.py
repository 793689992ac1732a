"""How many numbers had which balance status day by day: a chart for each of the eight."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.widgets import Static

from engine.balances.trend import STATUSES
from engine.period import hour_and_date
from engine.queries.number_trend import NumberTrend, number_trend
from tui import messages
from tui.keymap import bindings
from tui.number_words import status_style, status_words
from tui.safe import join, safe_text
from tui.screens.base import ConsoleScreen
from tui.screens.number_card import SPANS
from tui.widgets.cells import grouped
from tui.widgets.line_chart import Chart, LineChart
from tui.widgets.pane_title import PaneTitle
from tui.widgets.status_counts import change_words

if TYPE_CHECKING:
    from textual.content import Content


class BalanceTrendScreen(ConsoleScreen):
    """Eight charts in two columns; `t` goes through the days."""

    BINDINGS = bindings("number")
    HINT = "t days   r again   esc back   ? help   q quit"

    def __init__(self) -> None:
        super().__init__()
        self._span = 0

    def body(self) -> ComposeResult:
        yield PaneTitle(self._title(), id="about")
        half = len(STATUSES) // 2
        with Grid(id="charts"):
            # Down the left column, then down the right one, as the counts stand.
            for place in range(half):
                for status in (STATUSES[place], STATUSES[place + half]):
                    with Vertical():
                        yield Static(id=f"name_{status}")
                        yield LineChart(id=f"chart_{status}")

    def refresh_data(self) -> None:
        days, clock = SPANS[self._span], self.console.clock
        self.load("trend", lambda database: number_trend(database, clock.now_ms(), days))

    def loaded(self, message: messages.Loaded) -> None:
        found: NumberTrend = message.value
        if found.days != SPANS[self._span]:
            return
        console = self.console
        _, today = hour_and_date(message.as_of_ms, console.zone)
        first = str(today - timedelta(days=found.days - 1))
        for status, counts in found.counts.items():
            self.query_one(f"#name_{status}", Static).update(self._heading(status, counts))
            chart = Chart(
                counts,
                first,
                str(today),
                grouped,
                plain=console.has_class("-ascii"),
                nothing="nothing is known yet",
            )
            self.query_one(f"#chart_{status}", LineChart).show(chart)
        pane = self.query_one("#about", PaneTitle)
        pane.show(title=self._title())
        pane.fresh(message.as_of_ms)

    def apply_filter(self, text: str, final: bool) -> None:
        if final and text:
            self.console.tell("The trend has no filter; esc goes back to the list.")

    def action_span(self) -> None:
        """More days, and after the most the fewest."""
        self._span = (self._span + 1) % len(SPANS)
        self.refresh_data()

    def _title(self) -> str:
        glyphs = self.console.glyphs
        return f"Balances {glyphs.crumb} trend {glyphs.dot} {SPANS[self._span]} days"

    def _heading(self, status: str, counts: tuple[int | None, ...]) -> Content:
        """The status, how many there are, and how many more than at the beginning."""
        newest = counts[-1] or 0
        oldest = next((count for count in counts if count is not None), newest)
        return join(
            safe_text(
                f" {status_words(status, self.console.glyphs)}  ", None, status_style(status)
            ),
            safe_text(grouped(newest), None, "bold"),
            safe_text(f"  {change_words(newest - oldest)}", None, "$text-muted"),
        )
