"""Invented subscribers: names, addresses, phones, e-mail addresses, logins, contracts. Pure.

Everything is drawn from the `random.Random` that is handed in. Nobody real is reached by what is
made here: the mail domains are reserved for examples, the phone codes belong to no operator that
we know of, and the town does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from engine.demo import words

_PHONE_CODES = (943, 944, 945, 946, 947, 948, 973, 974, 975, 976)
_MAIL_DOMAINS = ("post.example", "box.example", "verhnerechensk.example")
_FLATS_OF_A_BLOCK = 144

_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z",
    "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
    "щ": "sch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A subscriber as a person or company: `name` as on the contract, `stem` its Latin short form
    (a login is made of it), `email` may be empty."""

    name: str
    stem: str
    address: str
    phone: str
    email: str


def person(rng: Random, village: bool) -> Person:
    """A private person, of either sex, in a block of flats or in a village house."""
    woman = rng.random() < 0.52
    surname = rng.choice(words.SURNAMES)
    father = rng.choice(words.FATHERS)
    if woman:
        surname, first, patronymic = feminine(surname), rng.choice(words.WOMEN), father[2]
    else:
        first, patronymic = rng.choice(words.FATHERS)[0], father[1]
    stem = f"{latin(surname)}.{latin(first)[0]}{latin(patronymic)[0]}"
    return Person(
        name=f"{surname} {first} {patronymic}",
        stem=stem,
        address=village_address(rng) if village else town_address(rng),
        phone=phone(rng),
        email=f"{stem}{rng.randint(60, 99)}@{rng.choice(_MAIL_DOMAINS)}"
        if rng.random() < 0.7
        else "",
    )


def company(rng: Random) -> Person:
    """A company or an institution with an office in the town."""
    if rng.random() < 0.25:
        form, stem = rng.choice(words.INSTITUTIONS)
        number = rng.randint(1, 48)
        name, stem = form.format(number), f"{stem}-{number}"
    else:
        title = f"{rng.choice(words.COMPANY_HEADS)}-{rng.choice(words.COMPANY_TAILS)}"
        name, stem = f"{rng.choice(words.COMPANY_FORMS)} «{title}»", latin(title)
    street, houses = rng.choice(words.TOWN_STREETS)
    return Person(
        name=name,
        stem=stem,
        address=f"{words.TOWN}, {street}, д. {rng.randint(1, houses)}, оф. {rng.randint(1, 60)}",
        phone=phone(rng),
        email=f"office@{stem}.example",
    )


def feminine(surname: str) -> str:
    """A woman's form of a man's surname; one that has no other form stays."""
    if surname.endswith("ский") or surname.endswith("цкий"):
        return surname[:-2] + "ая"
    if surname.endswith(("ов", "ев", "ёв", "ин", "ын")):
        return surname + "а"
    return surname


def latin(text: str) -> str:
    """Russian text in lower-case Latin letters; other characters stay."""
    return "".join(_LATIN.get(char, char) for char in text.lower())


def town_address(rng: Random) -> str:
    """A flat in the town."""
    street, houses = rng.choice(words.TOWN_STREETS)
    block = f", корп. {rng.randint(1, 3)}" if rng.random() < 0.12 else ""
    flat = rng.randint(1, _FLATS_OF_A_BLOCK)
    return f"{words.TOWN}, {street}, д. {rng.randint(1, houses)}{block}, кв. {flat}"


def village_address(rng: Random) -> str:
    """A house in one of the villages around."""
    letter = rng.choice("АБ") if rng.random() < 0.1 else ""
    street = rng.choice(words.VILLAGE_STREETS)
    return f"{rng.choice(words.VILLAGES)}, {street}, д. {rng.randint(1, 48)}{letter}"


def phone(rng: Random) -> str:
    """A mobile number: +7, a code, seven digits."""
    return f"+7{rng.choice(_PHONE_CODES)}{rng.randint(1_000_000, 9_999_999)}"


def contract_date(rng: Random, before: date) -> date:
    """A working day in the twelve years before a date; recent ones are more likely."""
    oldest = 12 * 365
    day = before - timedelta(days=min(rng.randint(20, oldest), rng.randint(20, oldest)))
    return day - timedelta(days=max(0, day.weekday() - 4))
