"""One subscriber: what is known, the ledger, and the charges, whose terms enter opens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import Static

from engine.period import Period
from engine.queries.card import LedgerOf, card
from engine.queries.columns import Column
from engine.queries.filters import Condition, filter_text
from tui import messages
from tui.keymap import bindings
from tui.listed import Listed
from tui.screens.base import ConsoleScreen
from tui.screens.subscriber_facts import money_side, person_side
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle

if TYPE_CHECKING:
    from engine.database import Database
    from engine.queries.card import Card
    from engine.queries.columns import Sort
    from engine.queries.paging import Query
    from engine.subscribers.show import Charge

_CARD = "card"
_CHARGES = (
    Column("period", "Period", "", "period", 7),
    Column("amount", "Amount", "", "amount", 13),
    Column("status", "Status", "", "choice", 11),
    Column("plan", "Plan", "", "choice", 12),
    Column("note", "Note", "", "text", 26),
)


class SubscriberCard(ConsoleScreen):
    """The card of the subscriber with this login."""

    BINDINGS = bindings("card")
    HINT = "tab next pane   enter terms of a charge   a events   x actions   ? help"

    def __init__(self, login: str) -> None:
        super().__init__()
        self._login = login
        self._number: int | None = None
        self._charges = Listed("charges", "Charges", _CHARGES)

    def body(self) -> ComposeResult:
        yield PaneTitle(self._login, id="whose")
        with Container(id="card"):
            with VerticalScroll(id="facts", can_focus=True):
                yield Static(id="money")
                yield Static(id="person")
            with Vertical(id="lists"):
                yield PaneTitle("Ledger", table_id="ledger")
                yield Container(id="ledger-place")
                yield PaneTitle(self._charges.title, table_id="charges")
                yield PagedTable(self._charges, id="charges")

    def refresh_data(self) -> None:
        login = self._login
        self.load(_CARD, lambda database: card(database, login))
        for table in self.query(PagedTable):
            if table.id == "ledger":
                table.read_again()

    def loaded(self, message: messages.Loaded) -> None:
        found: Card = message.value
        title = f"{found.view.login}  {found.view.facts.name}"
        whose = self.query_one("#whose", PaneTitle)
        whose.show(title=f"Subscribers {self.console.glyphs.crumb} {title}")
        whose.fresh(message.as_of_ms)
        currency = self.console.config.billing.currency
        self.query_one("#money", Static).update(money_side(found, currency))
        self.query_one("#person", Static).update(person_side(found))
        self._charges.rows = [_row(charge) for charge in found.view.charges]
        self.query_one("#charges", PagedTable).read_again()
        if self._number is None:
            self._number = found.view.number
            ledger = PagedTable(_Ledger(found.view.number), id="ledger")
            self.query_one("#ledger-place", Container).mount(ledger)
            ledger.focus()

    def load_failed(self, message: messages.LoadFailed) -> None:
        self.query_one("#whose", PaneTitle).failed(message.error_text)

    def targets(self) -> tuple[Any, ...]:
        return () if self._number is None else (self._number,)

    def known(self) -> Mapping[str, str]:
        found = {"login": self._login}
        table = self.focused
        if isinstance(table, PagedTable) and table.id == "ledger" and table.current_row:
            found["entry"] = str(table.current_row[0]).partition(":")[0]
        return found

    def apply_filter(self, text: str, final: bool) -> None:
        if final and text:
            self.console.tell("A card has no filter; 2 goes back to all subscribers.")

    def action_events(self) -> None:
        """All actions of this subscriber."""
        self.console.show_mode("events", filter_text([Condition("login", "=", self._login)], ()))

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        period = str(message.row[0])
        if message.table_id == "ledger":
            _, at, _, kind, *_ = message.row
            if kind != "charge":
                self.console.tell("Only a charge has terms; x has what can be done with an entry.")
                return
            period = str(Period.of_ms(at, self.console.zone))
        self.console.desk.read(
            partial(_explained, self._login, period, self.console.zone), self._show_terms
        )

    def _show_terms(self, explanation: Any) -> None:
        from tui.screens.charge_terms import ChargeTerms

        if self.is_current:
            currency = self.console.config.billing.currency
            self.app.push_screen(ChargeTerms(explanation, currency))


class _Ledger(LedgerOf):
    """The ledger as a source of a table."""

    def query(self, text: str, sorts: tuple[Sort, ...] = ()) -> Query:
        from engine.queries.paging import Query

        return Query()


def _explained(login: str, period: str, zone: Any, database: Database) -> Any:
    from engine.close.explain import explain

    return explain(database, login, Period.parse(period), zone)


def _row(charge: Charge) -> tuple[Any, ...]:
    notes = [
        *(["marked for blocking"] if charge.block else []),
        *([charge.reason] if charge.reason else []),
        *([f"reversed by entry {charge.reversal.entry}"] if charge.reversal else []),
        *(f"late usage of {late.from_period} moved in" for late in charge.late_usage),
    ]
    status = charge.status.replace("_", " ")
    return (charge.period, charge.period, charge.amount, status, charge.plan, "; ".join(notes))
