"""Movements of money entered in the console: the same commands as `billdeck payment` and its
sisters, with the same values, through the same ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import NeedsConfirmation
from engine.money import format_amount, format_amount_human, parse_amount
from engine.text import safe
from tui.actions import ActionCall, ActionRecord, Danger, Parameter, Question

if TYPE_CHECKING:
    from engine.database import Database
    from engine.ledger.answers import Recorded
    from engine.ledger.operations import Ledger
    from engine.queries.payer import Payer

# So long a change waits for a database that went away under it: a person sits before it.
_PATIENCE_SECONDS = 5.0

_MOVES: tuple[tuple[str, str, str, Danger], ...] = (
    ("payment", "Payment", "records money that a subscriber paid; AMOUNT is positive", 1),
    ("refund", "Refund", "records money paid back to a subscriber; AMOUNT is positive", 3),
    ("correct", "Correction", "corrects a balance by hand; -5.00 takes from the subscriber", 3),
    ("writeoff", "Write-off", "gives up a subscriber's debt; AMOUNT is positive", 3),
)


def money_actions() -> list[ActionRecord]:
    """One record for each command."""
    comment = Parameter("comment", "a remark kept with the entry")
    key = Parameter("key", "a name that makes a repeat harmless", check=_key)
    date = Parameter("date", "the date or time of the movement", "date")
    vat = Parameter("vat", "the rate in percent, or standard", check=_vat)
    login = Parameter("login", "the login", required=True)
    amount = Parameter("amount", "the amount", "amount", required=True, check=parse_amount)
    moves = [
        ActionRecord(
            name,
            title,
            text,
            partial(_record, confirmed=False),
            (login, amount, *((vat,) if name == "payment" else ()), date, comment, key),
            danger=danger,
            role="operator",
            question=_ask_move,
            headless=name,
            on_row=True,
        )
        for name, title, text, danger in _MOVES
    ]
    entry = Parameter("entry", "the number of the entry", "number", required=True, check=_entry)
    reverse = ActionRecord(
        "reverse",
        "Reverse an entry",
        "takes an entry back by its opposite, once; of a close entry the charge of --login",
        partial(_record, confirmed=False),
        (entry, Parameter("login", "whose charge of a close entry"), comment, key),
        danger=2,
        role="operator",
        question=_ask_reverse,
        headless="reverse",
        on_row=True,
    )
    return [*moves, reverse]


def _key(text: str) -> object:
    from engine.ledger.inputs import require_key

    require_key(text)
    return text


def _vat(text: str) -> object:
    from engine.ledger.inputs import parse_vat

    return parse_vat(text)


def _entry(text: str) -> object:
    from engine.ledger.inputs import parse_entry

    return parse_entry(text)


# What is told before it is asked


def _ask_move(database: Database, call: ActionCall) -> Question:
    from engine.ledger.inputs import require_amount, require_comment
    from engine.queries.payer import payer

    values, name = call.values, call.action.name
    amount = parse_amount(values["amount"])
    require_amount(abs(amount) if name == "correct" else amount)
    require_comment(values.get("comment", ""))
    _when(call)
    found = payer(database, values["login"])
    plus = -amount if name == "refund" else amount
    vat = _vat_words(call, amount)
    after = found.balance + plus - vat[1]
    facts = [
        *_whom(values["login"], found),
        ("amount", _money(call, amount)),
        *([("VAT in it", vat[0])] if vat[0] else []),
        ("balance", _money(call, found.balance)),
        ("then", _money(call, after)),
        *_rest(values),
    ]
    return Question(call.action.title, tuple(facts), format_amount(amount))


def _vat_words(call: ActionCall, amount: int) -> tuple[str, int]:
    """The VAT within a payment in words and in minor units."""
    from engine.ledger.dates import billing_day
    from engine.ledger.inputs import parse_vat
    from engine.ledger.vat import vat_within

    vat = parse_vat(call.values.get("vat"))
    if vat is None:
        return "", 0
    billing = call.app.config.billing
    if vat == "standard":
        when = _when(call)
        day = billing_day(call.app.clock.now_ms() if when is None else when, billing.timezone)
        vat = billing.vat_on(day)
    tax = vat_within(amount, vat)
    return f"{_money(call, tax)} ({format_amount(vat)} %)", tax


def _ask_reverse(database: Database, call: ActionCall) -> Question:
    from engine.ledger.inputs import parse_entry, require_comment
    from engine.queries.payer import movement

    values = call.values
    require_comment(values.get("comment", ""))
    login = values.get("login")
    found, whose = movement(database, parse_entry(values["entry"]), login)
    facts = [
        ("entry", f"{found.entry}, {found.kind}"),
        *_whom(login or whose.login, whose),
        ("gives", _money(call, -found.amount)),
        ("balance", _money(call, whose.balance)),
        ("then", _money(call, whose.balance - found.amount)),
        *_rest(values),
    ]
    return Question(call.action.title, tuple(facts), "reverse")


def _whom(login: str, found: Payer) -> list[tuple[str, str]]:
    facts = [("subscriber", f"{found.login}  {found.name}")]
    if login != found.login:
        facts.append(("of the alias", login))
    return facts


def _rest(values: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, values[name]) for name in ("date", "comment", "key") if name in values]


def _money(call: ActionCall, amount: int) -> str:
    return f"{format_amount_human(amount)} {call.app.config.billing.currency}"


# What is done


def _record(call: ActionCall, confirmed: bool) -> None:
    """Records it in the loader's thread. Where the ledger asks for a confirmation (a refund beyond
    the balance), the person is asked once more."""
    app = call.app

    def work(database: Database) -> Recorded | NeedsConfirmation:
        from engine.events.setup import rules_of
        from engine.ledger.operations import Ledger

        rules = rules_of(app.config)
        billing, actor = app.config.billing, app.actor
        ledger = Ledger(database, billing, app.clock, actor, _PATIENCE_SECONDS, rules)
        try:
            return _move(ledger, call, confirmed)
        except NeedsConfirmation as doubt:
            return doubt

    def then(answer: Recorded | NeedsConfirmation) -> None:
        if isinstance(answer, NeedsConfirmation):
            _ask_again(call, answer)
            return
        app.tell(_words(call, answer))
        if app.console_screen is not None:
            app.console_screen.refresh_data()

    app.desk.change(work, then)


def _move(ledger: Ledger, call: ActionCall, confirmed: bool) -> Recorded:
    from engine.ledger.inputs import parse_entry, parse_vat

    values, name = call.values, call.action.name
    comment, key = values.get("comment", ""), values.get("key")
    if name == "reverse":
        return ledger.reverse(parse_entry(values["entry"]), values.get("login"), comment, key)
    login, amount, when = values["login"], parse_amount(values["amount"]), _when(call)
    if name == "payment":
        return ledger.payment(login, amount, parse_vat(values.get("vat")), when, comment, key)
    if name == "correct":
        return ledger.correct(login, amount, when, comment, key)
    asking: Callable[..., Recorded] = ledger.refund if name == "refund" else ledger.writeoff
    return asking(login, amount, when, comment, key, confirmed)


def _when(call: ActionCall) -> int | None:
    from engine.period import parse_when

    text = call.values.get("date")
    return None if text is None else parse_when(text, call.app.zone)


def _ask_again(call: ActionCall, doubt: NeedsConfirmation) -> None:
    from tui.screens.confirm import Confirm

    def answered(yes: bool | None) -> None:
        if yes:
            _record(call, confirmed=True)
        else:
            call.app.tell(f"{call.action.title}: nothing was done.")

    question = Question(f"{call.action.title}: {doubt.message}")
    call.app.push_screen(Confirm(question, 1, call.app.actor), answered)


def _words(call: ActionCall, recorded: Recorded) -> str:
    vat = f", of it VAT {_money(call, recorded.vat)}" if recorded.vat else ""
    repeated = "This key was recorded before, nothing was changed. " if recorded.repeated else ""
    return (
        f"{repeated}Entry {recorded.entry_id}: {call.action.title.lower()}"
        f" {_money(call, recorded.amount)}{vat}, {safe(recorded.login, 64)}."
        f" Balance: {_money(call, recorded.balance)}."
    )
