"""Properties of the pure value modules: money, text, periods."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.money import (
    format_amount,
    format_amount_human,
    format_price,
    parse_amount,
    parse_price,
    round_half_up_div,
)
from engine.period import CHARGE_BEFORE_END_MS, Period, format_ms, parse_when
from engine.text import csv_cell, safe

QUICK = settings(max_examples=150)
AMOUNTS = st.integers(-(10**15) + 1, 10**15 - 1)
BIG = st.integers(-(10**24), 10**24)

# Half-hour summer time, quarter-hour offsets, a skipped day, changes at midnight, at a month's end.
ZONES = [
    "UTC", "Europe/Moscow", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu",
    "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati", "America/St_Johns", "Asia/Amman",
    "Asia/Gaza", "America/Sao_Paulo", "America/Havana", "Asia/Tehran", "Africa/Cairo",
    "Africa/Monrovia", "America/Asuncion", "Asia/Kamchatka", "Africa/Casablanca", "Asia/Manila",
]  # fmt: skip

PERIODS = st.builds(Period, st.integers(1970, 2040), st.integers(1, 12))
TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)


@QUICK
@given(BIG, st.integers(1, 10**12))
@example(-5, 10)
@example(10**24 + 5, 10)
def test_division_rounds_like_decimal(numerator: int, denominator: int) -> None:
    with localcontext() as context:
        context.prec = 80
        # A quotient of 80 digits can round to a false half only if it lies nearer to one than
        # 1/denominator, which it cannot.
        exact = Decimal(numerator) / Decimal(denominator)
        assert round_half_up_div(numerator, denominator) == exact.quantize(0, ROUND_HALF_UP)


@QUICK
@given(AMOUNTS)
def test_an_amount_survives_writing_and_reading(amount: int) -> None:
    assert parse_amount(format_amount(amount)) == amount
    assert Decimal(format_amount(amount)) * 100 == amount
    assert format_amount_human(amount).replace("\u00a0", "") == format_amount(amount)


@QUICK
@given(st.integers(0, 10**18 - 1))
def test_a_price_survives_writing_and_reading_in_its_shortest_form(price: int) -> None:
    text = format_price(price)
    assert parse_price(text) == price
    assert len(text.split(".")[1]) == 2 or not text.endswith("0")


@QUICK
@given(st.text(max_size=30) | st.from_regex(r"[+-]?[0-9.,e ]{0,18}", fullmatch=True))
def test_an_amount_is_exact_or_refused(text: str) -> None:
    try:
        amount = parse_amount(text)
    except InputError:
        return
    assert Decimal(text) * 100 == amount
    assert text.isascii()


@QUICK
@given(TEXTS, st.integers(1, 80))
@example("\u0301" * 9 + "\x1b" * 9, 20)
def test_safe_text_is_harmless_short_and_stable(text: str, limit: int) -> None:
    shown = safe(text, limit)
    assert len(shown) <= limit
    assert not any(unicodedata.category(char)[0] == "C" for char in shown)
    assert not any(unicodedata.category(char) in ("Zl", "Zp") for char in shown)
    assert "MMMM" not in "".join(unicodedata.category(char)[0] for char in shown)
    assert safe(shown, limit) == shown
    assert safe(shown) == shown


@QUICK
@given(st.text(st.characters(exclude_categories=("C", "M", "Z")), max_size=60))
def test_safe_leaves_good_text_alone(text: str) -> None:
    if not set(text) & set("\u115f\u1160\u3164\uffa0"):
        assert safe(text) == text


@QUICK
@given(st.text(max_size=10) | st.from_regex(r"[=+\-@\t\r][0-9.A-Z]{0,5}", fullmatch=True))
def test_a_cell_is_a_number_or_no_formula(text: str) -> None:
    cell = csv_cell(text)
    assert cell.removeprefix("'") == text.removeprefix("'")
    if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        assert Decimal(cell).is_finite()


@pytest.mark.parametrize("name", ZONES)
def test_periods_follow_each_other_without_hole_or_overlap(name: str) -> None:
    zone = ZoneInfo(name)
    period = Period(1970, 1)
    while period.year < 2030:
        start, end, charge = period.start_ms(zone), period.end_ms(zone), period.charge_ms(zone)
        assert start < charge < end == period.next().start_ms(zone), period
        assert charge == end - CHARGE_BEFORE_END_MS
        for moment in (start, charge, end - 1):
            assert Period.of_ms(moment, zone) == period
        period = period.next()


@QUICK
@given(PERIODS, st.sampled_from(ZONES))
def test_a_period_starts_when_the_clock_first_shows_it(period: Period, name: str) -> None:
    zone = ZoneInfo(name)
    start = period.start_ms(zone)
    midnight = datetime(period.year, period.month, 1)
    assert wall(start, zone) >= midnight
    # Each minute of the three hours before: none shows the new month yet.
    for minutes in range(1, 181):
        assert wall(start - minutes * 60_000, zone) < midnight


def wall(ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(format_ms(ms, zone)).replace(tzinfo=None)


@QUICK
@given(st.integers(86_400, 4_000_000_000), st.sampled_from(ZONES))
def test_a_moment_survives_writing_and_reading(seconds: int, name: str) -> None:
    zone = ZoneInfo(name)
    text = format_ms(seconds * 1000, zone)
    assert parse_when(text, zone) == seconds * 1000
    assert parse_when(text, UTC) == seconds * 1000


@QUICK
@given(PERIODS)
def test_a_period_survives_writing_and_reading(period: Period) -> None:
    assert Period.parse(str(period)) == period
    assert period.next().previous() == period
    assert (period.last_day() - period.first_day()).days + 1 == period.days


@QUICK
@given(PERIODS, PERIODS)
def test_periods_sort_like_their_text(one: Period, other: Period) -> None:
    assert (one < other) == (str(one) < str(other))
