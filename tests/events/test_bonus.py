"""Bonuses: the golden tables to the kopeck, the gates one by one, and what must always hold."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events.bonus import bonus_of, loyalty, top_up
from engine.events.facts import Facts, Happened
from engine.events.settings import BonusesConfig
from engine.money import parse_amount
from engine.period import parse_when

GOLDEN = Path(__file__).parents[1] / "data" / "bonuses"
RULES = BonusesConfig()
ZONE = ZoneInfo("Europe/Moscow")
SIGNED = date(2020, 5, 17)
AMOUNTS = st.integers(0, 10**18)
STEPS = st.integers(1, 10_000)


def golden(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    return rows


def amount_or_none(text: str) -> int | None:
    return parse_amount(text) if text else None


def day_at(age: str) -> date:
    """The day when a contract of SIGNED has an age such as `3 years + 1 day`."""
    years, _, day = age.partition(" year")
    return date(SIGNED.year + int(years), SIGNED.month, SIGNED.day + day.endswith("1 day"))


@pytest.mark.parametrize("row", golden("top-up.csv"), ids=lambda row: row["payment"])
def test_golden_top_up(row: dict[str, str]) -> None:
    expected = amount_or_none(row["bonus"])
    assert top_up(parse_amount(row["payment"]), RULES) == expected
    earned = bonus_of(PAYER, paid(parse_amount(row["payment"])), RULES, ZONE)
    assert earned == (None if expected is None else ("top_up_bonus", expected))


@pytest.mark.parametrize("row", golden("loyalty.csv"), ids=lambda row: "-".join(row.values()))
def test_golden_loyalty(row: dict[str, str]) -> None:
    fee, on = parse_amount(row["plan_fee"]), day_at(row["contract_age"])
    expected = amount_or_none(row["bonus"])
    assert loyalty(fee, SIGNED, on, RULES) == expected
    facts = replace(PAYER, monthly_fee=fee, contract_date=SIGNED)
    happened = replace(paid(fee), at=parse_when(f"{on}T12:00", ZONE))
    earned = bonus_of(facts, happened, RULES, ZONE, ["loyalty_bonus"])
    assert earned == (None if expected is None else ("loyalty_bonus", expected))


PAYER = Facts(1000, "ivan", ("ivan",), phone="+79991234567", monthly_fee=500_00)
LOYAL = replace(PAYER, contract_date=SIGNED)


def paid(amount: int, when: str = "2026-10-05T14:30:00") -> Happened:
    return Happened("payment", 1000, "k", parse_when(when, ZONE), "ledger", "root", amount)


def earned(facts: Facts, amount: int, rules: BonusesConfig = RULES) -> object:
    return bonus_of(facts, paid(amount), rules, ZONE)


def test_one_bonus_a_payment_and_top_up_first() -> None:
    assert earned(LOYAL, 2_000_00) == ("top_up_bonus", 100_00)
    assert earned(LOYAL, 1_999_99) == ("loyalty_bonus", 50_00)
    happened = paid(2_000_00)
    only = bonus_of(LOYAL, happened, RULES, ZONE, ["loyalty_bonus"])
    assert only == ("loyalty_bonus", 50_00)
    assert bonus_of(LOYAL, happened, RULES, ZONE, []) is None


@pytest.mark.parametrize(
    "facts",
    [
        replace(LOYAL, phone=""),
        replace(LOYAL, phone="нет"),
        replace(LOYAL, has_discount=True),
        replace(LOYAL, balance_before=-1),
        replace(LOYAL, balance_before=-100_01, allowed_minus=100_00),
    ],
)
def test_gates_of_both(facts: Facts) -> None:
    assert earned(facts, 2_000_00) is None
    assert earned(facts, 600_00) is None


def test_the_allowed_minus_itself_is_allowed() -> None:
    facts = replace(LOYAL, balance_before=-100_00, allowed_minus=100_00)
    assert earned(facts, 2_000_00) == ("top_up_bonus", 100_00)
    assert earned(facts, 600_00) == ("loyalty_bonus", 50_00)


@pytest.mark.parametrize("kind", ["refund", "limit", "credit", "tariff_change", "birthday"])
def test_only_a_payment_earns(kind: str) -> None:
    happened = replace(paid(2_000_00), kind=kind)
    assert bonus_of(LOYAL, happened, RULES, ZONE) is None


@pytest.mark.parametrize("amount", [None, 0, -2_000_00])
def test_a_payment_without_money_earns_nothing(amount: int | None) -> None:
    happened = replace(paid(1), amount=amount)
    free = replace(RULES, top_up_from=0)
    assert bonus_of(LOYAL, happened, free, ZONE) is None


def test_an_api_payment_is_a_payment() -> None:
    happened = replace(paid(2_000_00), is_api=True)
    assert bonus_of(LOYAL, happened, RULES, ZONE) == ("top_up_bonus", 100_00)


@pytest.mark.parametrize(
    ("last", "when", "is_due"),
    [
        ("2026-09-05T14:30", "2026-10-04T23:59:59", False),
        ("2026-09-05T14:30", "2026-10-05T00:00", True),
        ("2026-09-05T23:59", "2026-10-05T00:00", True),
        ("2027-01-31T12:00", "2027-02-27T23:59", False),
        ("2027-01-31T12:00", "2027-02-28T00:00", True),
        ("2026-12-31T12:00", "2027-01-30T12:00", False),
        ("2026-12-31T12:00", "2027-01-31T12:00", True),
        # A payment that is told late, after a newer one has had its bonus.
        ("2026-10-05T14:30", "2026-09-01T12:00", False),
    ],
)
def test_no_second_top_up_within_a_month(last: str, when: str, is_due: bool) -> None:
    facts = replace(PAYER, last_top_up=parse_when(last, ZONE))
    expected = ("top_up_bonus", 100_00) if is_due else None
    assert bonus_of(facts, paid(2_000_00, when), RULES, ZONE) == expected


def test_after_a_recent_top_up_there_is_still_loyalty() -> None:
    facts = replace(LOYAL, last_top_up=parse_when("2026-10-01", ZONE))
    assert earned(facts, 2_000_00) == ("loyalty_bonus", 50_00)


def test_loyalty_is_for_who_pays_the_month() -> None:
    assert earned(LOYAL, 499_99) is None
    assert earned(LOYAL, 500_00) == ("loyalty_bonus", 50_00)
    assert earned(replace(LOYAL, balance_before=499_99), 500_00) == ("loyalty_bonus", 50_00)
    assert earned(replace(LOYAL, balance_before=500_00), 500_00) is None
    assert earned(replace(LOYAL, monthly_fee=0), 500_00) is None
    assert earned(PAYER, 500_00) is None


@pytest.mark.parametrize(
    ("signed", "on", "bonus"),
    [
        (date(2024, 2, 29), date(2025, 2, 28), None),
        (date(2024, 2, 29), date(2025, 3, 1), 30_00),
        (date(2024, 2, 29), date(2027, 2, 28), 50_00),
        (date(2024, 2, 29), date(2027, 3, 1), 100_00),
        (date(2026, 12, 31), date(2027, 1, 1), None),
        (date(2030, 1, 1), date(2027, 1, 1), None),
    ],
)
def test_anniversaries(signed: date, on: date, bonus: int | None) -> None:
    assert loyalty(1_000_00, signed, on, RULES) == bonus


def test_the_smallest_percentage_may_be_just_the_least() -> None:
    rules = replace(RULES, loyalty=((1, 100), (2, 1000)))
    assert loyalty(1_000_00, SIGNED, date(2026, 1, 1), rules) == 100_00
    assert loyalty(999_99, SIGNED, date(2026, 1, 1), rules) is None


def test_a_leap_day_comes_back_every_four_years() -> None:
    rules = replace(RULES, loyalty=((4, 1000),))
    assert loyalty(1_000_00, date(2024, 2, 29), date(2028, 2, 29), rules) is None
    assert loyalty(1_000_00, date(2024, 2, 29), date(2028, 3, 1), rules) == 100_00


def test_the_day_is_that_of_the_billing_time_zone() -> None:
    signed = replace(LOYAL, contract_date=date(2025, 10, 5))
    before_midnight = paid(500_00, "2026-10-05T23:59:59")
    after_midnight = paid(500_00, "2026-10-06T00:00:00")
    assert bonus_of(signed, before_midnight, RULES, ZONE) is None
    low = replace(RULES, least=10_00)
    assert bonus_of(signed, after_midnight, low, ZONE) == ("loyalty_bonus", 10_00)


def test_no_rate_is_no_bonus() -> None:
    assert top_up(9_000_00, replace(RULES, top_up_rate=0)) is None
    assert loyalty(9_000_00, SIGNED, date(2026, 1, 1), replace(RULES, loyalty=())) is None


def test_a_maximum_of_loyalty_is_kept() -> None:
    rules = replace(RULES, loyalty_most=45_00)
    assert loyalty(1_000_00, SIGNED, date(2026, 1, 1), rules) == 40_00


def test_without_a_maximum_a_top_up_is_not_limited() -> None:
    assert top_up(9_000_00, replace(RULES, top_up_most=None)) == 450_00


@given(AMOUNTS, AMOUNTS, STEPS, st.integers(0, 10_000), st.integers(1, 1_000))
def test_top_up_always(one: int, other: int, step: int, rate: int, parts: int) -> None:
    rules = BonusesConfig(step, step, 0, rate, parts * step)
    low, high = top_up(min(one, other), rules), top_up(max(one, other), rules)
    if low is None or high is None:
        assert rate == 0
        return
    assert low <= high
    for bonus in (low, high):
        assert bonus % step == 0
        assert step <= bonus <= parts * step
    # Exact, however large: never more than a step below the whole percentage.
    free = top_up(one, replace(rules, top_up_most=None))
    assert free is not None
    assert free == step or 0 <= one * rate - free * 10_000 < step * 10_000


@given(
    AMOUNTS,
    st.dates(date(1970, 1, 1), date(9998, 12, 31)),
    st.dates(date(1970, 1, 1), date(9998, 12, 31)),
    STEPS,
    st.one_of(st.none(), st.integers(1, 1_000)),
)
def test_loyalty_always(fee: int, signed: date, on: date, step: int, parts: int | None) -> None:
    rules = BonusesConfig(step, step, loyalty_most=parts and parts * step)
    bonus = loyalty(fee, signed, on, rules)
    if bonus is None:
        assert fee * 300 < step * 10_000 or (on - signed).days <= 366
        return
    assert (on - signed).days > 364
    assert bonus % step == 0
    assert step <= bonus <= (fee if rules.loyalty_most is None else rules.loyalty_most)
    later = date(min(on.year + 1, 9999), on.month, min(on.day, 28))
    after = loyalty(fee, signed, later, rules)
    assert after is not None
    assert after >= bonus
