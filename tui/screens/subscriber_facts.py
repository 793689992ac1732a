"""The facts of a subscriber's card in two columns of lines, made from `engine.queries.card`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.content import Content

from engine.balances.trend import TITLES
from engine.money import NO_BREAK_SPACE, format_amount_human
from tui.safe import join, safe_text
from tui.widgets.cells import grouped

if TYPE_CHECKING:
    from engine.queries.card import Card, Fee, UsageOfPeriod

_NAMES_WIDTH = 13
_BYTES_OF_MB = 1_000_000
_MINOR = 10_000

Line = tuple[str, str, str]
"""A name, a value and a style; without a name the value goes on with the line above."""


def money_side(card: Card, currency: str) -> Content:
    """What the subscriber has and pays: balance, plan and orders, services, discounts."""
    view, facts = card.view, card.view.facts
    lines: list[Line] = [
        ("balance", _money(view.balance, currency), "bold $error" if view.balance < 0 else "bold"),
        ("credit limit", _money(facts.credit_limit, currency), ""),
        ("state", facts.state, "" if facts.state == "active" else "bold $warning"),
        ("group", facts.group, ""),
        ("plan", _fee(card.plan), ""),
        *_order("ordered plan", card.ordered_plan, facts.ordered_plan_from),
        ("add-on", _fee(card.addon), ""),
        *_order("ordered add-on", card.ordered_addon, facts.ordered_addon_from),
        *_many("services", (_fee(one) for one in card.services)),
        *_many("discounts", facts.discounts),
    ]
    return _content(lines)


def person_side(card: Card) -> Content:
    """Who the subscriber is, and what was used in the open period."""
    view, facts = card.view, card.view.facts
    contract = " of ".join(filter(None, (facts.contract_number, facts.contract_date)))
    lines: list[Line] = [
        *_usage(card),
        ("alias of", facts.alias_of or "", ""),
        *_many("aliases", view.aliases),
        ("contract", contract, ""),
        ("phone", facts.phone, ""),
        ("e-mail", facts.email, ""),
        ("born", facts.birth_date or "", ""),
        ("address", facts.address, ""),
        ("active since", facts.active_since or "never", ""),
        ("fee day", "" if facts.fee_day is None else str(facts.fee_day), ""),
        ("external uid", facts.external_uid or "", ""),
        ("number", str(view.number), ""),
        *_many("SIMs", (_sim(*one) for one in card.numbers)),
    ]
    return _content(lines)


def _sim(number: str, status: str | None) -> str:
    """A number with its balance status."""
    return f"{number}  {TITLES[status]}" if status else number


def _usage(card: Card) -> list[Line]:
    period = card.view.period
    if period is None:
        return []
    of_open = next((one for one in card.usage if one.period == period), None)
    if of_open is None:
        return [("used", f"nothing in {period}", "")]
    return _many("used", _directions(of_open))


def _directions(used: UsageOfPeriod) -> Iterable[str]:
    yield used.period
    for number, (way_in, out) in enumerate(used.usage, 1):
        if way_in or out:
            yield f"{number}: {_megabytes(way_in)} in, {_megabytes(out)} out"
    for late in used.late:
        yield f"some of it late, of {late.from_period}"
    for number, left in enumerate(used.carried or (), 1):
        if left:
            yield f"{number}: {_megabytes(left)} carried over"


def _megabytes(count: int) -> str:
    return f"{grouped(round(count / _BYTES_OF_MB))}{NO_BREAK_SPACE}MB"


def _money(amount: int, currency: str) -> str:
    return f"{format_amount_human(amount)}{NO_BREAK_SPACE}{currency}"


def _fee(fee: Fee | None) -> str:
    if fee is None:
        return ""
    # A fee in whole minor units is shown as an amount; a finer one keeps its digits.
    whole, finer = divmod(fee.fee, _MINOR)
    text = format_amount_human(whole)
    return f"{fee.code} {text}{f'{finer:04d}'.rstrip('0') if finer else ''}  {fee.name}"


def _order(name: str, fee: Fee | None, period: str | None) -> list[Line]:
    if period is None:
        return []
    return [(name, f"from {period}: {fee.code if fee else 'none'}", "$accent")]


def _many(name: str, values: Iterable[str]) -> list[Line]:
    return [(name if place == 0 else "", value, "") for place, value in enumerate(values)]


def _content(lines: Iterable[Line]) -> Content:
    """The lines that say something."""
    rows = [
        join(safe_text(name, _NAMES_WIDTH, "$text-muted"), safe_text(f" {value}", None, style))
        for name, value, style in lines
        if value
    ]
    return Content("\n").join(rows)
