"""Overview: what needs attention now, today's payments, the subscribers, the running job."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from engine.clock import Clock
from engine.errors import InputError
from tui import messages
from tui.attention import AttentionSource, filter_of, view_of
from tui.pace import Pace
from tui.payment_days import PaymentDays
from tui.screens import TITLES
from tui.screens.base import ConsoleScreen
from tui.screens.run_words import run_words
from tui.widgets.drawn import Sentences
from tui.widgets.overview_panes import (
    Payments,
    PaymentsPane,
    RunPane,
    States,
    StatesPane,
)
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle
from tui.widgets.table_body import Position

if TYPE_CHECKING:
    from datetime import date, tzinfo

    from engine.database import Database
    from engine.queries.overview import PaymentsOfDay
    from engine.queries.runs import JobRun

_DAYS = 30
_TABLE = "attention"
_ALL_IS_WELL = "Nothing needs attention."


class OverviewScreen(ConsoleScreen):
    """Enter on a row opens the view that tells more of it.

    What has to count many rows is read again only now and then; today's payments are counted more
    often than those of the days before, which hardly ever change.
    """

    HINT = "enter more of it   : command   r read again   ? help   q quit"

    def __init__(self) -> None:
        super().__init__()
        self._days = PaymentDays(_DAYS)
        self._today: PaymentsOfDay | None = None
        self._paces = {"today": Pace(0.05), "states": Pace(0.02)}

    def body(self) -> ComposeResult:
        console = self.console
        source = AttentionSource(console.clock, console.config, console.glyphs)
        yield PaneTitle(source.title, table_id=_TABLE)
        table = PagedTable(source, id=_TABLE)
        table.empty = _ALL_IS_WELL
        yield table
        yield Sentences(id="sentence")
        with Horizontal(id="lower"):
            with Vertical(id="money"):
                yield PaneTitle(f"Payments {console.glyphs.dot} {_DAYS} days", id="payments_title")
                yield PaymentsPane()
            with Vertical(id="people"):
                yield PaneTitle("Subscribers", id="states_title")
                yield StatesPane()
        yield PaneTitle("Jobs", id="run_title")
        yield RunPane(id="run")

    # Reading

    def refresh_data(self) -> None:
        """See the base."""
        clock, zone = self.console.clock, self.console.zone
        # What is asked last is answered first: what is costly comes after what matters.
        self._when_due("states", _states)
        self._when_due("today", partial(_today, clock=clock, zone=zone))
        self.load("run", partial(_newest_run, now_ms=clock.now_ms()))
        super().refresh_data()

    def action_refresh_now(self) -> None:
        """Reads everything again now, also what is costly."""
        for pace in self._paces.values():
            pace.hurry()
        self._days.hurry()
        super().action_refresh_now()

    def give_up(self) -> None:
        """See the base."""
        super().give_up()
        for pace in self._paces.values():
            pace.given_up()
        self._days.given_up()

    def loaded(self, message: messages.Loaded) -> None:
        """See the base."""
        if message.key == "run":
            self.query_one(RunPane).show(run_words(message.value, self.console))
            self._fresh("run_title", message)
        elif message.key == "states":
            counts = self._timed("states", message.value)
            self.query_one(StatesPane).show(States(counts, self._is_plain))
            self._fresh("states_title", message)
        elif message.key == "today":
            self._show_today(self._timed("today", message.value))
            self._fresh("payments_title", message)
        else:
            self._days.store(*message.value)
            self._show_payments()

    def _when_due(self, key: str, work: Callable[[Database], object]) -> None:
        if self._paces[key].is_due:
            self._paces[key].begun()
            self.load(key, partial(_with_seconds, work))

    def _timed(self, key: str, answer: tuple[Any, float]) -> Any:
        value, seconds = answer
        self._paces[key].took(seconds)
        return value

    def _show_today(self, today: PaymentsOfDay) -> None:
        self._today = today
        zone = self.console.zone
        # Each day on its own: the loader serves what the person asks for in between.
        for day in self._days.to_ask(today.day):
            self.load(("day", day), partial(_with_seconds, partial(_day, day=day, zone=zone)))
        self._show_payments()

    def _show_payments(self) -> None:
        if self._today is None:
            return
        shown = Payments(
            today=self._today,
            days=self._days.chart(self._today),
            currency=self.console.config.billing.currency,
            plain=self._is_plain,
        )
        self.query_one(PaymentsPane).show(shown)

    def load_failed(self, message: messages.LoadFailed) -> None:
        """See the base; what could not be read is asked for again."""
        if isinstance(message.key, tuple):
            self._days.failed(message.key[1])
        super().load_failed(message)

    def _fresh(self, title: str, message: messages.Loaded) -> None:
        self.query_one(f"#{title}", PaneTitle).fresh(message.as_of_ms)

    @property
    def _is_plain(self) -> bool:
        return self.console.has_class("-ascii")

    # The table

    def position_changed(self, table_id: str | None, position: Position) -> None:
        """Says the row in full, too."""
        super().position_changed(table_id, position)
        self._say()

    def on_page_arrived(self, message: messages.PageArrived) -> None:
        """Says the row in full."""
        self._say()

    def _say(self) -> None:
        row = self.query_one(PagedTable).current_row
        text = ""
        if row is not None:
            _, title = TITLES[view_of(row)]
            text = f"{row[3]} (enter: {title})"
        self.query_one(Sentences).show(text)

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        """Goes to the view that tells more."""
        self.console.show_mode(view_of(message.row), filter_of(message.row))

    def apply_filter(self, text: str, final: bool) -> None:
        """There is nothing to filter. Raises InputError."""
        if text:
            raise InputError("the overview has nothing to filter; `2` has the subscribers.")


# In the loader's thread; what is imported here takes too long for the first frame.


def _with_seconds(work: Callable[[Database], object], database: Database) -> tuple[object, float]:
    started = time.perf_counter()
    return work(database), time.perf_counter() - started


def _today(database: Database, clock: Clock, zone: tzinfo) -> PaymentsOfDay:
    from engine.queries.overview import payments_today

    return payments_today(database, clock.now_ms(), zone)


def _day(database: Database, day: date, zone: tzinfo) -> PaymentsOfDay:
    from engine.period import day_start_ms
    from engine.queries.overview import payments_today

    return payments_today(database, day_start_ms(day, zone), zone)


def _states(database: Database) -> dict[str, int]:
    from engine.queries.overview import subscribers_by_state

    return subscribers_by_state(database)


def _newest_run(database: Database, now_ms: int) -> JobRun | None:
    """The run that goes on, else the last one."""
    from engine.queries.runs import now_or_last

    return now_or_last(database, now_ms)
