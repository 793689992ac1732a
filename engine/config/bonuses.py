"""The settings of the bonuses, and how amounts and percentages are written in a configuration."""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.config import values
from engine.config.setting import Section, Setting
from engine.errors import InputError
from engine.events.settings import BonusesConfig
from engine.money import format_amount, parse_amount

_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))? ?%?")


def amount(least: int) -> Callable[[str], int]:
    """A parser of an amount such as 2000.00, of `least` minor units or more."""

    def parse(text: str) -> int:
        try:
            found = parse_amount(text)
        except InputError:
            found = -1
        if found < least:
            raise values.BadValue(f"an amount such as 2000.00, {format_amount(least)} or more")
        return found

    return parse


def maximum(text: str) -> int | None:
    """An amount, or `none` for no limit."""
    if text == "none":
        return None
    try:
        return amount(1)(text)
    except values.BadValue:
        raise values.BadValue("an amount such as 300.00, or none for no limit") from None


def percent(text: str) -> int:
    """`5 %`, `5%`, `5` or `2.5 %` as basis points."""
    match = _PERCENT.fullmatch(text)
    points = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else -1
    if not 0 <= points <= 10_000:
        raise values.BadValue("a percentage from 0 to 100 with at most two decimals, such as 5 %")
    return points


def loyalty(text: str) -> tuple[tuple[int, int], ...]:
    """`1:3, 2:5` as pairs of years and basis points; empty is none."""
    wrong = values.BadValue(
        "a comma list of YEARS:PERCENT with ascending years from 1 to 99 and percentages above 0,"
        " such as 1:3, 2:5, 3:10, or nothing"
    )
    pairs: list[tuple[int, int]] = []
    for item in values.split_list(text):
        years, _, rate = item.partition(":")
        try:
            pair = int(years) if re.fullmatch("[0-9]{1,2}", years) else 0, percent(rate.strip())
        except values.BadValue:
            raise wrong from None
        if pair[0] <= (pairs[-1][0] if pairs else 0) or pair[1] == 0:
            raise wrong
        pairs.append(pair)
    return tuple(pairs)


BONUSES = Section(
    "bonuses",
    "bonuses",
    BonusesConfig,
    "The bonuses that follow payments and birthdays; [events] says whether they do.",
    (
        Setting("step", amount(1), "10.00", "a bonus is rounded down to a multiple of this"),
        Setting("least", amount(1), "10.00", "and is never less than this"),
        Setting("top_up_from", amount(1), "2000.00", "the least payment that earns a bonus"),
        Setting("top_up_rate", percent, "5 %", "how much of the payment the bonus is"),
        Setting("top_up_most", maximum, "300.00", "the largest such bonus, or none for no limit"),
        Setting(
            "loyalty",
            loyalty,
            "1:3, 2:5, 3:10",
            "who has been a customer for more than so many years: percent of the plan's fee",
            may_be_empty=True,
        ),
        Setting("loyalty_most", maximum, "none", "the largest such bonus, or none for no limit"),
        Setting("birthday", amount(0), "0.00", "the bonus on a birthday; 0.00 is none"),
    ),
)
