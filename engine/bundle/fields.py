"""Parsers of cells. Pure.

A parser takes the text of a cell and returns its value, or raises InputError whose message tells
what is wrong with the cell; the place is added by the reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from engine.birth_date import parse_birth_date
from engine.errors import InputError
from engine.login import check_login
from engine.money import parse_amount, parse_price
from engine.period import Period, parse_date
from engine.text import safe

Value = int | str | tuple[str, ...] | None
Parser = Callable[[str], Value]

# An allowance of this many megabytes or more means unlimited.
UNLIMITED_MB = 999_000_000
MAX_BYTES = 2**62
# Sums of bytes and of money stay within a signed 64-bit integer.
MAX_SUM = 2**63 - 1

_BYTES_PER_MB = 1_000_000
# Control characters and line separators; free text may have tabs and line breaks.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_DECIMAL = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6}))?")
_DIGITS = re.compile(r"[0-9]{1,19}")
_PHONE = re.compile(r"[0-9]{3,15}")
_SIGNED = re.compile(r"-?[0-9]{1,9}")
_DIRECTIONS = {"1": 1, "2": 2, "3": 3, "4": 4}
_YES_NO = {"yes": 1, "no": 0}


def code(limit: int, forbidden: str = "") -> Parser:
    """An identifier: 1 to `limit` characters, no control characters, none of `forbidden`."""

    def parse(cell: str) -> str:
        if 0 < len(cell) <= limit and not forbidden and cell.isprintable():
            return cell
        if not cell:
            raise InputError("is empty")
        _check_length(cell, limit)
        if _CONTROL.search(cell):
            raise InputError(f"'{safe(cell, 60)}' has control characters")
        for char in forbidden:
            if char in cell:
                raise InputError(f"'{safe(cell, 60)}' must not have a '{char}'")
        return cell

    return parse


def new_login(cell: str) -> str:
    """The login of a subscriber that is to be made."""
    try:
        return check_login(cell)
    except InputError as error:
        raise InputError(f"'{safe(cell, 60)}' {error.message}" if cell else error.message) from None


def text(limit: int) -> Parser:
    """Free text of at most `limit` characters, perhaps empty; line breaks and tabs may be in it."""

    def parse(cell: str) -> str:
        if len(cell) <= limit and cell.isprintable():
            return cell
        _check_length(cell, limit)
        if _CONTROL_IN_TEXT.search(cell):
            raise InputError(f"'{safe(cell, 60)}' has control characters")
        return cell

    return parse


def _check_length(cell: str, limit: int) -> None:
    if len(cell) > limit:
        raise InputError(f"has {len(cell)} characters: at most {limit} are allowed")


def optional(parser: Parser, default: Value = None) -> Parser:
    """`parser`, but an empty cell is `default`."""
    return lambda cell: parser(cell) if cell else default


def choice(*values: str) -> Parser:
    """One of the given words."""
    allowed = {value: value for value in values}

    def parse(cell: str) -> str:
        if cell not in allowed:
            raise InputError(f"'{safe(cell, 40)}' is none of: {', '.join(values)}")
        return allowed[cell]

    return parse


def yes_no(cell: str) -> int:
    """1 for `yes`, 0 for `no`."""
    if cell not in _YES_NO:
        raise InputError(f"'{safe(cell, 40)}' is neither yes nor no")
    return _YES_NO[cell]


def price(cell: str) -> int:
    """A fee or price in millionths of the main unit."""
    return parse_price(cell)


def amount(cell: str) -> int:
    """An amount in minor units, with a sign."""
    return parse_amount(cell)


def positive_amount(cell: str) -> int:
    """An amount in minor units, not negative."""
    value = parse_amount(cell)
    if value < 0:
        raise InputError(f"'{safe(cell, 40)}' is negative")
    return value


def included_bytes(cell: str) -> int | None:
    """Bytes of an allowance given in megabytes; None for `unlimited` or 999 000 000 and more."""
    if cell == "unlimited":
        return None
    value = _millionths(cell, "a number of megabytes such as 500 or 0.25, or unlimited")
    return value if value < UNLIMITED_MB * _BYTES_PER_MB else None


def ratio(cell: str) -> int:
    """A ratio in millionths."""
    return _millionths(cell, "a ratio such as 4 or 0.5")


def percent(cell: str) -> int:
    """Millionths of a percent, 0 to 100 %."""
    value = _millionths(cell, "a percentage from 0 to 100")
    if value > 100_000_000:
        raise InputError(f"'{safe(cell, 40)}' is not a percentage from 0 to 100")
    return value


def _millionths(cell: str, what: str) -> int:
    match = _DECIMAL.fullmatch(cell)
    if match is None:
        raise InputError(f"'{safe(cell, 40)}' is not {what}")
    return int(match[1]) * 1_000_000 + int((match[2] or "").ljust(6, "0"))


def direction(cell: str) -> int:
    """A direction of traffic."""
    if cell not in _DIRECTIONS:
        raise InputError(f"'{safe(cell, 40)}' is not a direction: 1, 2, 3 or 4")
    return _DIRECTIONS[cell]


def byte_count(cell: str) -> int:
    """A number of bytes, 0 to 2**62."""
    if len(cell) < 19 and cell.isdecimal() and cell.isascii():
        return int(cell)
    if _DIGITS.fullmatch(cell) is None or int(cell) > MAX_BYTES:
        raise InputError(f"'{safe(cell, 40)}' is not a number of bytes from 0 to {MAX_BYTES}")
    return int(cell)


def start_day(cell: str) -> int:
    """-1 (never used the service), 0 (since before the first period), or a day 1 to 31 of it."""
    if _SIGNED.fullmatch(cell) is None or int(cell) > 31:
        raise InputError(
            f"'{safe(cell, 40)}' is not a start day: a day 1 to 31 of the first period,"
            " 0 for earlier, -1 for not started"
        )
    return max(int(cell), -1)


def day_of_month(cell: str) -> int:
    """A day 1 to 31."""
    if _SIGNED.fullmatch(cell) is None or not 1 <= int(cell) <= 31:
        raise InputError(f"'{safe(cell, 40)}' is not a day of a month: 1 to 31")
    return int(cell)


def phone_number(cell: str) -> str:
    """A number as its operator's mails write it: 3 to 15 digits, no sign, no country code."""
    if _PHONE.fullmatch(cell) is None:
        raise InputError(
            f"'{safe(cell, 40)}' is not a number: digits alone, as the operator's mails write it,"
            " without +7 or 8 before it"
        )
    return cell


def date_text(cell: str) -> str:
    """A date, kept as ISO text."""
    parse_date(cell)
    return cell


def birth_date(cell: str) -> str:
    """A birth date, kept as ISO text; that it has come is the reader's to see."""
    return parse_birth_date(cell).isoformat()


@lru_cache(maxsize=1024)
def period_text(cell: str) -> str:
    """A period, kept as text."""
    Period.parse(cell)
    return cell


def code_list(cell: str) -> tuple[str, ...]:
    """Codes separated by `;`, none twice; an empty cell is none."""
    if not cell:
        return ()
    codes = tuple(cell.split(";"))
    if "" in codes:
        raise InputError(f"'{safe(cell, 60)}' has an empty code between its semicolons")
    if len(set(codes)) < len(codes):
        raise InputError(f"'{safe(cell, 60)}' names a code twice")
    return codes
