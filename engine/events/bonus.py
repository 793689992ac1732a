"""Which bonus follows a payment, and how much it is. Pure.

Money is minor units, a rate is basis points (500 is 5 %). A bonus is floored to a multiple of
`step`, but is never less than `least`.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection
from datetime import date, tzinfo

from engine.events.facts import Facts, Happened
from engine.events.kinds import ActionKind
from engine.events.phone import is_known
from engine.events.settings import BonusesConfig
from engine.period import hour_and_date

_WHOLE = 10_000
"""100 % in basis points."""

BY_PAYMENT: tuple[ActionKind, ...] = ("top_up_bonus", "loyalty_bonus")
"""The bonuses of a payment, the first that is due wins."""


def bonus_of(
    facts: Facts,
    happened: Happened,
    rules: BonusesConfig,
    zone: tzinfo,
    wanted: Collection[ActionKind] = BY_PAYMENT,
) -> tuple[ActionKind, int] | None:
    """The one bonus that a payment earns, and its amount; None without one. Only those `wanted` are
    thought of. A bonus that is credited is no payment: it must not come here as one."""
    amount = happened.amount
    if happened.kind != "payment" or amount is None or amount <= 0:
        return None
    if facts.has_discount or not is_known(facts.phone):
        return None
    # A hook alone does not know the balance before: our ledger has none of its payments.
    if happened.source == "hook":
        return None
    if facts.balance_before < -facts.allowed_minus:
        return None
    _, today = hour_and_date(happened.at, zone)
    if "top_up_bonus" in wanted and not _is_too_soon(facts.last_top_up, today, zone):
        bonus = top_up(amount, rules)
        if bonus is not None:
            return "top_up_bonus", bonus
    was_short = facts.balance_before < facts.monthly_fee <= amount
    if "loyalty_bonus" in wanted and was_short and facts.contract_date is not None:
        bonus = loyalty(facts.monthly_fee, facts.contract_date, today, rules)
        if bonus is not None:
            return "loyalty_bonus", bonus
    return None


def top_up(amount: int, rules: BonusesConfig) -> int | None:
    """The bonus on a payment of `amount`; None below `top_up_from` or when the rate is 0."""
    if amount < rules.top_up_from or rules.top_up_rate == 0:
        return None
    return _rounded(amount * rules.top_up_rate // _WHOLE, rules.top_up_most, rules)


def loyalty(fee: int, contract_date: date, on: date, rules: BonusesConfig) -> int | None:
    """The bonus of who has been a customer for years, from the plan's monthly `fee`: the rate of
    the longest time that the contract is older than. On the anniversary itself it is not older yet.

    None before the first anniversary, and for a fee so small that the smallest of all rates would
    not come to `least`, whichever rate is the subscriber's.
    """
    reached = [rate for years, rate in rules.loyalty if _is_older(contract_date, years, on)]
    if not reached or fee * min(rate for _, rate in rules.loyalty) < rules.least * _WHOLE:
        return None
    return _rounded(fee * reached[-1] // _WHOLE, rules.loyalty_most, rules)


def _rounded(bonus: int, most: int | None, rules: BonusesConfig) -> int:
    if most is not None:
        bonus = min(bonus, most)
    return max(rules.least, bonus // rules.step * rules.step)


def _is_older(contract_date: date, years: int, on: date) -> bool:
    """Whether a contract is older than so many years: its anniversary lies before the day. Of 29
    February it is 28 February, but in a leap year the day itself."""
    year = contract_date.year + years
    if year > on.year:
        return False
    return date(year, contract_date.month, _day_of(contract_date, year, contract_date.month)) < on


def _is_too_soon(last: int | None, today: date, zone: tzinfo) -> bool:
    """Whether the last top-up bonus is less than a calendar month old: after one of 31 January the
    next may come on 28 February."""
    if last is None:
        return False
    _, before = hour_and_date(last, zone)
    year, month = before.year + before.month // 12, before.month % 12 + 1
    return today < date(year, month, _day_of(before, year, month))


def _day_of(day: date, year: int, month: int) -> int:
    """The same day of another month, or its last one."""
    return min(day.day, calendar.monthrange(year, month)[1])
