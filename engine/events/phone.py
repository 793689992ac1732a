"""Phone numbers as people write them, made into E.164. Pure.

The library and its tables are imported late: an event is recorded without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_FEWEST_DIGITS = 7
# E.164 has at most 15; before them may stand what is dialled to call abroad.
_MOST_DIGITS = 20
_MOST_CHARACTERS = 200
_DIGIT = re.compile(r"[0-9]")
# Within a number stand digits, brackets, points and dashes of all kinds; a plus begins one.
_PIECE = re.compile(r"\+?[0-9(][0-9()\s.\u2010-\u2015-]*")


def is_known(field: str) -> bool:
    """Whether a field holds what may be a phone number: seven digits or more. It need not be one
    that exists; `normalised` looks closer."""
    return len(_DIGIT.findall(field)) >= _FEWEST_DIGITS


def normalised(field: str, region: str) -> str | None:
    """The number to send to, as the digits of E.164 without the plus: `8 (999) 123-45-67` in the
    region `RU` is `79991234567`. None when no number of the field is valid.

    `region` (two capital letters) completes numbers without a country code. Of several numbers,
    separated by spaces or by what cannot be in a number, the first that can be mobile is taken,
    else the first.
    """
    from phonenumbers import PhoneNumberType, national_significant_number, number_type

    mobile = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    first = None
    for piece in _PIECE.findall(field[:_MOST_CHARACTERS]):
        for number in _numbers(piece.split(), region):
            digits = f"{number.country_code}{national_significant_number(number)}"
            if number_type(number) in mobile:
                return digits
            first = first or digits
    return first


def _numbers(words: list[str], region: str) -> Iterator[PhoneNumber]:
    """The valid numbers among words, each of as many words as it can have: a space may part two
    numbers or stand within one."""
    begin = 0
    while begin < len(words):
        end, number = _longest(words, begin, region)
        if number is not None:
            yield number
        begin = end


def _longest(words: list[str], begin: int, region: str) -> tuple[int, PhoneNumber | None]:
    """The valid number of the most words from `begin` on and where it ends, else the next word."""
    from phonenumbers import NumberParseException, is_valid_number, parse

    for end in range(len(words), begin, -1):
        text = " ".join(words[begin:end])
        if not _FEWEST_DIGITS <= len(_DIGIT.findall(text)) <= _MOST_DIGITS:
            continue
        try:
            number = parse(text, region)
        except NumberParseException:
            continue
        if is_valid_number(number):
            return end, number
    return begin + 1, None
