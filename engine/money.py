"""Money as integers. Pure.

An amount is an integer of minor units (kopecks: 1.50 is 150). A price (a monthly fee, the price of
a megabyte) is an integer of millionths of the main unit (1.50 is 1 500 000). No float anywhere.
"""

from __future__ import annotations

import re

from engine.errors import InputError
from engine.text import safe

MINOR_UNITS = 100
MILLIONTHS = 1_000_000
MAX_AMOUNT_DIGITS = 15
# Twelve digits before the point keep a price in a signed 64-bit column.
MAX_PRICE_WHOLE_DIGITS = 12
NO_BREAK_SPACE = "\u00a0"

# [0-9] and not \d, which also takes the digits of other scripts.
_AMOUNT = re.compile(r"([+-]?)([0-9]{1,15})(?:\.([0-9]{1,2}))?")
_PRICE = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6}))?")


def parse_amount(text: str) -> int:
    """Minor units of an amount such as `100`, `-1.5`, `+100.05`.

    Raises InputError for anything else: an exponent, a comma, spaces (also around), more than two
    decimals, more than 15 digits in all, a point without digits on both sides.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None or sum(map(str.isdigit, text)) > MAX_AMOUNT_DIGITS:
        raise InputError(
            f"'{safe(text, 40)}' is not an amount: write it like 1234.05, with a point,"
            f" at most two decimals and at most {MAX_AMOUNT_DIGITS} digits"
        )
    sign, whole, decimals = match.groups()
    minor = int(whole) * MINOR_UNITS + int((decimals or "").ljust(2, "0"))
    return -minor if sign == "-" else minor


def parse_price(text: str) -> int:
    """Millionths of the main unit of a price such as `350` or `0.000125`; never negative.

    Raises InputError for anything else: a sign, an exponent, a comma, spaces, more than six
    decimals, more than 12 digits before the point.
    """
    match = _PRICE.fullmatch(text)
    if match is None:
        raise InputError(
            f"'{safe(text, 40)}' is not a price: write it like 350 or 0.000125, without a sign,"
            f" at most {MAX_PRICE_WHOLE_DIGITS} digits before the point and six after it"
        )
    whole, decimals = match.groups()
    return int(whole) * MILLIONTHS + int((decimals or "").ljust(6, "0"))


def format_amount(amount: int) -> str:
    """Minor units in the machine form: `123405` is `1234.05`. `parse_amount` reads it back."""
    whole, minor = divmod(abs(amount), MINOR_UNITS)
    return f"{'-' if amount < 0 else ''}{whole}.{minor:02d}"


def format_amount_human(amount: int) -> str:
    """Minor units for people: `121745` is `1 217.45`, the space a no-break one (U+00A0)."""
    whole, minor = divmod(abs(amount), MINOR_UNITS)
    grouped = f"{whole:,}".replace(",", NO_BREAK_SPACE)
    return f"{'-' if amount < 0 else ''}{grouped}.{minor:02d}"


def format_price(price: int) -> str:
    """Millionths as the shortest exact text with at least two decimals: `125` is `0.000125`."""
    whole, millionths = divmod(abs(price), MILLIONTHS)
    decimals = f"{millionths:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if price < 0 else ''}{whole}.{decimals}"


def round_half_up_div(numerator: int, denominator: int) -> int:
    """`numerator / denominator` rounded to the nearest integer, a half away from zero.

    The denominator must be positive; otherwise ValueError, for the caller is wrong, not a user.
    """
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return quotient if numerator >= 0 else -quotient
