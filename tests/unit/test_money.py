"""Amounts and prices: what is read, what is refused, how they are written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.money import (
    format_amount,
    format_amount_human,
    format_price,
    parse_amount,
    parse_price,
    round_half_up_div,
)

ROOT = Path(__file__).resolve().parents[2]
NOT_NUMBERS = [
    "", " ", "-", "+", ".", "1.", ".5", "1,5", "1 000", " 1", "1 ", "1\n", "1e3", "1E-2", "inf",
    "nan", "-inf", "0x10", "1_000", "--1", "1.2.3", "\u0661\u0662", "\uff11", "1\u00a0000",
    "\u22121",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("100", 10_000),
        ("100.05", 10_005),
        ("-1.5", -150),
        ("+0.01", 1),
        ("-0", 0),
        ("007", 700),
        ("9999999999999.99", 999_999_999_999_999),
        ("999999999999999", 99_999_999_999_999_900),
    ],
)
def test_amount_is_read(text: str, minor: int) -> None:
    assert parse_amount(text) == minor


@pytest.mark.parametrize("text", [*NOT_NUMBERS, "1.005", "1" * 16, "1" * 14 + ".11", "-1.234"])
def test_amount_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not an amount") as caught:
        parse_amount(text)
    assert caught.value.exit_status == 2


def test_refusal_repeats_the_text_harmlessly() -> None:
    with pytest.raises(InputError) as caught:
        parse_amount("1\x1b[2J" + "9" * 500)
    assert "'1\\x1b[2J999" in caught.value.message
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 250


@pytest.mark.parametrize(
    ("text", "millionths"),
    [("350", 350_000_000), ("0.000125", 125), ("1.50", 1_500_000), ("0", 0)],
)
def test_price_is_read(text: str, millionths: int) -> None:
    assert parse_price(text) == millionths


@pytest.mark.parametrize("text", [*NOT_NUMBERS, "-1", "+1", "-0", "0.0000001", "1" * 13])
def test_price_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a price"):
        parse_price(text)


def test_the_largest_values_fit_a_signed_64_bit_column() -> None:
    assert parse_price("9" * 12 + ".999999") < 2**63
    assert parse_amount("9" * 15) < 2**63


@pytest.mark.parametrize(
    ("minor", "machine", "human"),
    [
        (0, "0.00", "0.00"),
        (5, "0.05", "0.05"),
        (-5, "-0.05", "-0.05"),
        (123_405, "1234.05", "1\u00a0234.05"),
        (-121_745, "-1217.45", "-1\u00a0217.45"),
        (99_999, "999.99", "999.99"),
        (123_456_789_000, "1234567890.00", "1\u00a0234\u00a0567\u00a0890.00"),
    ],
)
def test_amount_is_written(minor: int, machine: str, human: str) -> None:
    assert format_amount(minor) == machine
    assert format_amount_human(minor) == human


@pytest.mark.parametrize(
    ("millionths", "text"),
    [
        (0, "0.00"),
        (350_000_000, "350.00"),
        (1_500_000, "1.50"),
        (1_250_000, "1.25"),
        (125, "0.000125"),
        (-1_001_000, "-1.001"),
    ],
)
def test_price_is_written_short_but_exact(millionths: int, text: str) -> None:
    assert format_price(millionths) == text


@pytest.mark.parametrize(
    ("numerator", "denominator", "quotient"),
    [
        (5, 10, 1), (-5, 10, -1), (4, 10, 0), (-4, 10, 0), (15, 10, 2), (25, 10, 3), (1, 3, 0),
        (2, 3, 1),
    ],
)  # fmt: skip
def test_a_half_goes_away_from_zero(numerator: int, denominator: int, quotient: int) -> None:
    assert round_half_up_div(numerator, denominator) == quotient


@pytest.mark.parametrize("denominator", [0, -1])
def test_division_needs_a_positive_denominator(denominator: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        round_half_up_div(1, denominator)


def test_the_pure_modules_load_no_database() -> None:
    program = (
        "import sys, engine.money, engine.text, engine.period, engine.config\n"
        "print([m for m in ('peewee', 'pymysql', 'sqlite3', 'textual') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
