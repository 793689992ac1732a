"""One number: facts, the chart of its balances, its reports, its history, its last mail."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from engine.money import NO_BREAK_SPACE, format_amount_human
from engine.period import hour_and_date
from engine.queries.columns import Column
from engine.queries.numbers import number_card
from tui import messages
from tui.keymap import bindings
from tui.listed import Listed
from tui.number_words import status_style, status_words
from tui.safe import safe_text
from tui.screens.base import ConsoleScreen
from tui.screens.month_close import moment_words
from tui.widgets.facts import Fact, Facts
from tui.widgets.line_chart import Chart, LineChart
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle

if TYPE_CHECKING:
    from engine.queries.numbers import Change, NumberCard, Report
    from tui.app import Console

SPANS = (14, 30, 90, 365, 7)
"""The days that `t` goes through, the first one first."""

_CARD = "card"
_REPORTS = (
    Column("day", "Report", "", "date", 10),
    Column("balance", "Balance", "", "amount", 13),
    Column("change", "Change", "", "amount", 13),
    Column("at", "Mail of", "", "date", 16),
)
_HISTORY = (
    Column("at", "Changed", "", "date", 16),
    Column("text", "What", "", "text", 26),
)
_MISSING = "missing"


class NumberCardScreen(ConsoleScreen):
    """The card of this number."""

    row_kind = "number"
    BINDINGS = [*bindings("balances"), *bindings("number")]  # noqa: RUF012 - Textual's way
    HINT = "t days   i last mail   u subscriber   esc back   ? help"

    def __init__(self, number: str) -> None:
        super().__init__()
        self._number = number
        self._card: NumberCard | None = None
        self._span = 0
        self._reports = Listed("reports", "Reports", _REPORTS)
        self._history = Listed("history", "History", _HISTORY)

    def body(self) -> ComposeResult:
        yield PaneTitle(self._number, id="whose")
        with Horizontal(id="facts"):
            yield Facts(id="state")
            yield Facts(id="place")
        yield PaneTitle("Balances", id="chart_title")
        yield LineChart(id="chart")
        with Horizontal(id="lists"):
            for source in (self._reports, self._history):
                with Vertical(id=f"{source.name}_side"):
                    yield Static(safe_text(f" {source.title}", None, "bold"))
                    yield PagedTable(source, id=source.name)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#history", PagedTable).empty = "nothing has changed yet"
        self.query_one("#reports", PagedTable).empty = "its operator has no reports yet"

    def refresh_data(self) -> None:
        number = self._number
        self.load(_CARD, lambda database: number_card(database, number, max(SPANS)))

    def loaded(self, message: messages.Loaded) -> None:
        card = self._card = message.value
        console = self.console
        whose = self.query_one("#whose", PaneTitle)
        whose.show(title=f"Balances {console.glyphs.crumb} {card.number}")
        whose.fresh(message.as_of_ms)
        self.query_one("#state", Facts).show(state_facts(card, console))
        self.query_one("#place", Facts).show(place_facts(card))
        self._reports.rows = report_rows(card.reports)
        self._history.rows = [
            (place, change.at, change_words(change, console))
            for place, change in enumerate(card.changes)
        ]
        for table in self.query(PagedTable):
            table.read_again()
        self._draw()
        self.query_one("#chart_title", PaneTitle).fresh(message.as_of_ms)

    def load_failed(self, message: messages.LoadFailed) -> None:
        self.query_one("#whose", PaneTitle).failed(message.error_text)

    def _draw(self) -> None:
        if self._card is None:
            return
        console, span = self.console, SPANS[self._span]
        _, today = hour_and_date(console.clock.now_ms(), console.zone)
        values = by_day(self._card.reports, today, span)
        missing = sum(value is None for value in values)
        note = f"{missing} day{'' if missing == 1 else 's'} unknown" if missing else ""
        title = f"Balances {console.glyphs.dot} {span} days"
        self.query_one("#chart_title", PaneTitle).show(title=title, note=note)
        self.query_one(LineChart).show(
            Chart(
                values,
                str(today - timedelta(days=span - 1)),
                str(today),
                format_amount_human,
                plain=console.has_class("-ascii"),
                nothing=f"no balance was reported in {span} days",
            )
        )

    def apply_filter(self, text: str, final: bool) -> None:
        if final and text:
            self.console.tell("A card has no filter; 3 goes back to all numbers.")

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        """A change in full, where its cell is too narrow."""
        if message.table_id == "history":
            self.console.tell(str(message.row[2]))

    def targets(self) -> tuple[Any, ...]:
        return ()

    def action_span(self) -> None:
        """More days, and after the most the fewest."""
        self._span = (self._span + 1) % len(SPANS)
        self._draw()

    def action_mails(self) -> None:
        """The text of the last mail."""
        from tui.screens.skipped_mails import MailScreen

        card = self._card
        if card is None or card.mail is None:
            self.console.tell("No mail about this number is kept.")
            return
        crumb = self.console.glyphs.crumb
        title = f"Balances {crumb} {card.number} {crumb} last mail"
        self.app.push_screen(MailScreen(title, (), card.mail))

    def action_owner(self) -> None:
        """The subscriber's card."""
        from tui.screens.subscriber_card import SubscriberCard

        if self._card is None or self._card.login is None:
            self.console.tell("This number has no subscriber.")
            return
        self.app.push_screen(SubscriberCard(self._card.login))


def state_facts(card: NumberCard, console: Console) -> tuple[Fact, ...]:
    """What the number is at: status, since when, the newest balance, the mail of it."""
    newest = next((one for one in card.reports if one.balance is not None), None)
    since = moment_words(card.status_since, console) if card.status_since is not None else ""
    balance, said = "not reported yet", ""
    style = "$text-muted"
    if newest is not None and newest.balance is not None:
        currency = console.config.billing.currency
        balance = f"{format_amount_human(newest.balance)}{NO_BREAK_SPACE}{currency}"
        style = "bold $error" if newest.balance < 0 else "bold"
        said = newest.day if newest.at is None else moment_words(newest.at, console)
    status = status_words(card.status, console.glyphs)
    return (
        ("status", status, status_style(card.status) or "bold"),
        ("since", since, ""),
        ("balance", balance, style),
        ("as of", said, ""),
    )


def place_facts(card: NumberCard) -> tuple[Fact, ...]:
    """Whose the number is, and what it is at its operator."""
    return (
        ("subscriber", card.login or "nobody", "bold" if card.login else "$text-muted"),
        ("operator", card.operator, ""),
        ("tariff", card.tariff or "not known", "" if card.tariff else "$text-muted"),
        ("account", card.personal_account or "not known",
         "" if card.personal_account else "$text-muted"),
    )  # fmt: skip


def report_rows(reports: list[Report]) -> list[tuple[Any, ...]]:
    """The reports as rows, each with the difference from the one before that has the number."""
    rows: list[tuple[Any, ...]] = []
    before: int | None = None
    for one in reversed(reports):
        if one.balance is None:
            rows.append((one.day, one.day, _MISSING, None, None))
            continue
        change = None if before is None else one.balance - before
        rows.append((one.day, one.day, one.balance, change or None, one.at))
        before = one.balance
    return rows[::-1]


def by_day(reports: list[Report], today: date, span: int) -> tuple[int | None, ...]:
    """The balances of the last days, today's last; None where no report has the number."""
    known = {one.day: one.balance for one in reports}
    days = (today - timedelta(days=ago) for ago in reversed(range(span)))
    return tuple(known.get(str(day)) for day in days)


def change_words(change: Change, console: Console) -> str:
    """`no data, was OK`; what is no status says what it is."""
    words = partial(status_words, glyphs=console.glyphs)
    if change.what == "status":
        after = words(change.after)
        if change.before is None:
            return after
        return f"{after}, was {words(change.before)[2:]}"
    name = change.what.replace("_", " ")
    return f"{name} {change.after or 'none'}, was {change.before or 'none'}"
