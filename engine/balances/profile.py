"""A mail's text to facts, by an operator's profile. Pure.

All five facts are required. One that stands there twice with two values is as good as missing:
which of them counts nobody can tell, and this is about money.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from engine.balances.refusal import MailRefused
from engine.balances.template import compile_pattern, words_of
from engine.errors import InputError
from engine.money import MAX_AMOUNT_DIGITS, MINOR_UNITS
from engine.period import local_ms

T = TypeVar("T")

MAX_TARIFF = 150
FACTS = ("personal account", "number", "time", "balance", "tariff")
"""The five facts in the order in which they are looked for."""

_MINUS = "-\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
_DASHES = "\u2010\u2011\u2012\u2013"
_AMOUNT = re.compile(
    rf"([{_MINUS}+]?) ?([0-9]{{1,3}}(?:[ '\u2019][0-9]{{3}})+|[0-9]+)(?:([.,])([0-9]{{1,2}}))?"
)
_TIME_PARTS = {"DD": 2, "MM": 2, "YYYY": 4, "YY": 2, "hh": 2, "mm": 2, "ss": 2}
_TIME_TOKEN = re.compile("DD|MM|YYYY|YY|hh|mm|ss")


@dataclass(frozen=True, slots=True)
class ProfileConfig:
    """How an operator writes. The five patterns are those of `engine.balances.template`.

    `account_digits` are the least and the most digits of a personal account; a number has
    `number_digits` after one of `number_prefixes` was taken off. `time_format` is written with DD,
    MM, YYYY (or YY), hh, mm and ss; `decimal_sign` is point, comma or either; `aliases` are other
    names that numbers may have the operator under.
    """

    name: str
    timezone: ZoneInfo
    personal_account: str
    number: str
    time: str
    balance: str
    tariff: str
    account_digits: tuple[int, int] = (7, 8)
    number_digits: int = 10
    number_prefixes: tuple[str, ...] = ("+7", "7", "8")
    time_format: str = "DD.MM.YYYY hh:mm"
    decimal_sign: str = "either"
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a balance mail says. `time` is the operator's wall clock and `at` the same in epoch
    milliseconds; `balance` in minor units."""

    operator: str
    personal_account: str
    number: str
    time: datetime
    at: int
    balance: int
    tariff: str

    @property
    def day(self) -> str:
        """The day of the report that the mail belongs to."""
        return self.time.date().isoformat()


@dataclass(frozen=True)
class Profile:
    """A profile made ready. Raises InputError, naming the setting, for one that cannot be."""

    config: ProfileConfig
    words: tuple[str, ...] = field(init=False)
    _patterns: tuple[re.Pattern[str], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        config = self.config
        low, high = config.account_digits
        values = {
            "personal_account": (rf"([0-9]{{{low},{high}}})(?![0-9])", ""),
            "number": (rf"([+0-9][0-9 (){_DASHES}-]{{3,24}})", ""),
            "time": (rf"({time_pattern(config.time_format)})(?![0-9])", ""),
            "balance": (
                rf"((?:[{_MINUS}+] ?){{0,3}}[0-9](?:[0-9., '\u2019]{{0,30}}[0-9])?)\s*", ""
            ),
            "tariff": (
                rf"([^\n]{{1,{MAX_TARIFF}}}?(?:\n[^\n]{{1,60}}?)?)", rf"([^\n]{{1,{MAX_TARIFF}}})"
            ),
        }  # fmt: skip
        patterns, words = [], []
        for name, expressions in values.items():
            text = getattr(config, name)
            try:
                patterns.append(compile_pattern(text, *expressions))
            except InputError as error:
                raise InputError(f"{name} {error.message}") from None
            words += words_of(text)
        object.__setattr__(self, "_patterns", tuple(patterns))
        object.__setattr__(self, "words", tuple(words))

    def read(self, text: str) -> Facts:
        """The facts in a text. Raises MailRefused, naming the first one that is missing."""
        config = self.config
        account = self._one(0, text, str)
        number = self._one(1, text, self._number)
        wall = self._one(2, text, self._time)
        balance = self._one(3, text, self._amount)
        tariff = self._one(4, text, _tariff)
        return Facts(
            config.name, account, number, wall, local_ms(wall, config.timezone), balance, tariff
        )

    def _one(self, place: int, text: str, parse: Callable[[str], T | None]) -> T:
        """The value of a fact, the same wherever it stands."""
        name = FACTS[place]
        values: list[T] = []
        for match in self._patterns[place].finditer(text):
            value = parse(match[match.lastindex or 0])
            if value is None:
                raise MailRefused(f"its {name} cannot be read", name)
            if values and values[0] != value:
                raise MailRefused(f"it has two values for the {name}", name)
            values.append(value)
        if not values:
            raise MailRefused(f"it has no {name}", name)
        return values[0]

    def _number(self, text: str) -> str | None:
        config = self.config
        number = re.sub("[^0-9+]", "", text)
        if len(number) > config.number_digits:
            for prefix in config.number_prefixes:
                if number.startswith(prefix):
                    number = number.removeprefix(prefix)
                    break
        return number if number.isdigit() and len(number) == config.number_digits else None

    def _time(self, text: str) -> datetime | None:
        tokens = _TIME_TOKEN.findall(self.config.time_format)
        given = dict(zip(tokens, map(int, re.findall("[0-9]+", text)), strict=True))
        year = given["YYYY"] if "YYYY" in given else 2000 + given["YY"]
        if not 2000 <= year < 2100:
            return None
        try:
            return datetime(
                year, given["MM"], given["DD"], given["hh"], given["mm"], given.get("ss", 0)
            )
        except ValueError:
            return None

    def _amount(self, text: str) -> int | None:
        match = _AMOUNT.fullmatch(text)
        if match is None:
            return None
        sign, whole, point, decimals = match.groups()
        if {"point": ",", "comma": "."}.get(self.config.decimal_sign) == (point or ""):
            return None
        whole = re.sub("[^0-9]", "", whole)
        if len(whole) > MAX_AMOUNT_DIGITS - 2:
            return None
        amount = int(whole) * MINOR_UNITS + int((decimals or "").ljust(2, "0"))
        return -amount if sign and sign != "+" else amount


def _tariff(text: str) -> str | None:
    title = " ".join(text.split())
    return title if title and "\ufffd" not in title and len(title) <= MAX_TARIFF else None


def time_pattern(time_format: str) -> str:
    """The expression of a time as the format says. Raises InputError for a format that lacks a
    part of the time or has one twice."""
    tokens = _TIME_TOKEN.findall(time_format)
    need = {"DD", "MM", "hh", "mm"}
    years = tokens.count("YYYY") + tokens.count("YY")
    if not need <= set(tokens) or len(set(tokens)) < len(tokens) or years != 1:
        raise InputError("time_format must have each of DD, MM, YYYY (or YY), hh and mm once")
    if re.search("[0-9A-Za-z]", rest := _TIME_TOKEN.sub("", time_format)):
        raise InputError(f"time_format has '{rest.strip()}', which is no part of a time")
    made = []
    for piece in re.split(f"({_TIME_TOKEN.pattern}| +)", time_format):
        if piece in _TIME_PARTS:
            made.append(f"[0-9]{{{_TIME_PARTS[piece]}}}")
        else:
            made.append(r"\s+" if piece.isspace() else re.escape(piece))
    return "".join(made)


def read_facts(texts: Sequence[str], profiles: Sequence[Profile]) -> Facts:
    """The facts of a mail by the first profile that finds all five. Raises MailRefused with what
    the profile lacked that came furthest."""
    furthest: tuple[int, MailRefused] | None = None
    for text in texts:
        for profile in profiles:
            try:
                return profile.read(text)
            except MailRefused as refused:
                place = FACTS.index(refused.missing)
                if furthest is None or place > furthest[0]:
                    furthest = (place, refused)
    if furthest is None:
        raise MailRefused("there is no profile of an operator to read it by")
    raise furthest[1]


MEGAFON_NAME = "Megafon"


def megafon(timezone: ZoneInfo) -> ProfileConfig:
    """The profile that is built in."""
    return ProfileConfig(name=MEGAFON_NAME, timezone=timezone, **MEGAFON)


MEGAFON: dict[str, Any] = {
    "personal_account": "Л/С: {value}",
    "number": "Номер: {value}",
    "time": "Время: {value}",
    "balance": "На счете {value}руб",
    "tariff": "Тарифный план: {value} с {date}.",
    "aliases": ("МегаФон",),
}
