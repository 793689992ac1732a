"""Invented people look like people of the place, and reach nobody real."""

from __future__ import annotations

import re
from datetime import date
from random import Random

import pytest

from engine.demo import people, words
from engine.text import safe

NAME = re.compile(r"[А-ЯЁ][а-яё]+ [А-ЯЁ][а-яё]+ [А-ЯЁ][а-яё]+")


def drawn(count: int = 400) -> list[people.Person]:
    rng = Random(7)
    return [people.person(rng, village=number % 4 == 0) for number in range(count)]


def test_names_are_russian_with_a_patronymic_of_the_same_sex() -> None:
    sons = {father[1] for father in words.FATHERS}
    daughters = {father[2] for father in words.FATHERS}
    men = {father[0] for father in words.FATHERS}
    seen = set()
    for one in drawn():
        assert NAME.fullmatch(one.name), one.name
        surname, first, patronymic = one.name.split()
        woman = first in words.WOMEN
        seen.add(woman)
        assert patronymic in (daughters if woman else sons), one.name
        assert woman or first in men
        assert not woman or surname not in words.SURNAMES or surname.endswith(("ко", "ук", "юк"))
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("man", "woman"),
    [("Козлов", "Козлова"), ("Королёв", "Королёва"), ("Ильин", "Ильина"),
     ("Островский", "Островская"), ("Шевченко", "Шевченко")],
)  # fmt: skip
def test_a_womans_surname_follows_from_its_ending(man: str, woman: str) -> None:
    assert people.feminine(man) == woman


def test_phones_and_mail_addresses_reach_nobody() -> None:
    for one in drawn():
        assert re.fullmatch(r"\+79(4[3-8]|7[3-6])[0-9]{7}", one.phone)
        assert not one.email or re.fullmatch(r"[a-z.]+[0-9]{2}@[a-z]+\.example", one.email)


def test_nothing_hostile_is_in_a_text() -> None:
    rng = Random(3)
    for one in drawn() + [people.company(rng) for _ in range(100)]:
        for text in (one.name, one.stem, one.address, one.phone, one.email):
            assert safe(text, 300) == text
            assert not text.startswith(("=", "-", "@"))


def test_latin_letters_for_all_words() -> None:
    for surname in words.SURNAMES:
        assert re.fullmatch(r"[a-z]+", people.latin(surname)), surname
    assert people.latin("Щербаков Юрий Ёлкин") == "scherbakov yuriy elkin"


def test_contracts_are_signed_on_working_days_before_the_books() -> None:
    rng = Random(5)
    for _ in range(300):
        day = people.contract_date(rng, date(2026, 7, 1))
        assert date(2014, 6, 1) < day < date(2026, 7, 1)
        assert day.weekday() < 5
