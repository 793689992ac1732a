"""Parsers of single configuration values: text in, value out, BadValue otherwise. Pure, but for
the time zone database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.config.model import Secret, VatRate
from engine.errors import InputError
from engine.period import parse_date
from engine.slots import ALLOWED, Schedule, parse_schedule


class BadValue(Exception):
    """A value is wrong. The text says what is allowed and never repeats the value: it may be a
    secret. The loader adds where and which."""


def has_control(text: str) -> bool:
    """Whether any character is a control, format, surrogate or unassigned one."""
    return any(unicodedata.category(char)[0] == "C" for char in text)


def one_of(*names: str) -> Callable[[str], str]:
    """A parser that takes exactly these names."""

    def parse(text: str) -> str:
        if text not in names:
            raise BadValue(f"one of {', '.join(names)}")
        return text

    return parse


def some_of(*names: str) -> Callable[[str], frozenset[str]]:
    """A parser of a comma list of these names, each at most once; empty is allowed."""

    def parse(text: str) -> frozenset[str]:
        items = split_list(text)
        if len(set(items)) < len(items) or not set(items) <= set(names):
            raise BadValue(f"a comma list of {', '.join(names)}, each at most once, or nothing")
        return frozenset(items)

    return parse


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A parser of a whole number within bounds, both included."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise BadValue(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def yes_no(text: str) -> bool:
    """A parser of a switch."""
    if text not in ("yes", "no"):
        raise BadValue("yes or no")
    return text == "yes"


def key_changes(text: str) -> tuple[tuple[str, str], ...]:
    """`mark:m, quit:ctrl+x, quit:f10` as pairs of an action's id and one key each; empty changes
    nothing. Which ids exist only the console knows."""
    pairs = []
    for item in split_list(text):
        name, colon, key = item.partition(":")
        if not colon or not re.fullmatch(r"[a-z_]{1,40}", name) or not re.fullmatch(r"\S+", key):
            raise BadValue("a comma list of ID:KEY, such as mark:m, quit:ctrl+x, or nothing")
        pairs.append((name, key))
    return tuple(pairs)


def matching(pattern: str, allowed: str) -> Callable[[str], str]:
    """A parser of text that matches a pattern as a whole; `allowed` describes it in words."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise BadValue(allowed)
        return text

    return parse


def absolute_path(text: str) -> Path:
    """An absolute path; `~/` stands for the home folder."""
    path = Path(text)
    if path.parts[:1] == ("~",):
        with suppress(RuntimeError):
            path = path.expanduser()
    if not path.is_absolute():
        raise BadValue("an absolute path, or one that begins with ~/")
    return path


def secret(text: str) -> Secret:
    """A password that the MariaDB protocol of PyMySQL can carry."""
    if not text or has_control(text) or any(ord(char) > 0xFF for char in text):
        raise BadValue(
            "a password of Latin-1 characters, on one line, without control characters"
            " (the database driver can send no others)"
        )
    return Secret(text)


def any_secret(text: str) -> Secret:
    """A password of any letters, on one line."""
    if not text or has_control(text):
        raise BadValue("a password on one line, without control characters")
    return Secret(text)


def text_of(limit: int) -> Callable[[str], str]:
    """A parser of text of 1 to `limit` characters."""

    def parse(text: str) -> str:
        if not 0 < len(text) <= limit:
            raise BadValue(f"text of 1 to {limit} characters")
        return text

    return parse


def kept_days(text: str) -> int | None:
    """How long something is kept: `forever` is None, `no` 0, `30 days` 30."""
    if text == "forever":
        return None
    match = re.fullmatch(r"([0-9]{1,5}) days?", text)
    if text != "no" and (match is None or int(match[1]) == 0):
        raise BadValue("forever, no, or a number of days such as 30 days")
    return int(match[1]) if match else 0


def number_range(text: str) -> tuple[int, int]:
    """`7-8` as (7, 8), `8` as (8, 8)."""
    match = re.fullmatch(r"([0-9]{1,2})(?:-([0-9]{1,2}))?", text)
    if match is None or not 0 < int(match[1]) <= int(match[2] or match[1]) <= 40:
        raise BadValue("a number of digits such as 8, or a range such as 7-8, up to 40")
    return int(match[1]), int(match[2] or match[1])


def prefixes(text: str) -> tuple[str, ...]:
    """A comma list of prefixes of a number, such as +7, 8; empty is none."""
    items = split_list(text)
    if not all(re.fullmatch(r"\+?[0-9]{1,4}", item) for item in items):
        raise BadValue("a comma list of digits, perhaps after a +, such as +7, 8, or nothing")
    return tuple(items)


def names(text: str) -> tuple[str, ...]:
    """A comma list of names; empty is none."""
    items = split_list(text)
    if "" in items:
        raise BadValue("a comma list of names, or nothing")
    return tuple(items)


def time_zone(text: str) -> ZoneInfo:
    """A zone of the time zone database."""
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        # OSError: the name of a folder of the database, such as `Europe`.
        raise BadValue(
            "a name of the time zone database, such as Europe/Moscow (is tzdata installed?)"
        ) from None


def vat_rates(text: str) -> tuple[VatRate, ...]:
    """`18, 2019-01-01:20` as ((None, 1800), (2019-01-01, 2000)): dates and basis points."""
    first, *later = [item.strip() for item in text.split(",")]
    rates: list[VatRate] = [(None, _basis_points(first))]
    for item in later:
        day_text, _, percent = item.partition(":")
        day = _vat_date(day_text.strip())
        previous = rates[-1][0]
        if previous is not None and day <= previous:
            raise _bad_vat()
        rates.append((day, _basis_points(percent.strip())))
    return tuple(rates)


def _basis_points(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?", text)
    if match is None:
        raise _bad_vat()
    points = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
    if points > 10_000:
        raise _bad_vat()
    return points


def _vat_date(text: str) -> date:
    try:
        return parse_date(text)
    except InputError:
        raise _bad_vat() from None


def _bad_vat() -> BadValue:
    return BadValue(
        "a first rate in percent, then DATE:PERCENT with ascending dates, such as"
        " 18, 2019-01-01:20; a percent is 0 to 100 with at most two decimals"
    )


def schedule(text: str) -> Schedule:
    """When a job is due, such as `monthly 1 00:01 catch_up=all`."""
    try:
        return parse_schedule(text)
    except InputError:
        raise BadValue(ALLOWED) from None


def members(text: str) -> tuple[str, ...]:
    """A comma list of unix users, `@groups` or `*`; empty means nobody."""
    items = split_list(text)
    if not all(item == "*" or re.fullmatch(r"@?[^\s@*]+", item) for item in items):
        raise BadValue("a comma list of unix users, @groups or *, or nothing")
    return tuple(items)


def split_list(text: str) -> list[str]:
    """The items of a comma list; an empty text has none, an empty item stays and is refused."""
    return [item.strip() for item in text.split(",")] if text else []
