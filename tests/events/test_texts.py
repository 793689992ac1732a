"""The texts of notices: the kit's words, which template wins, and templates that mean harm."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.events.kinds import EVENT_KINDS
from engine.events.settings import NoticesConfig, Rules, TextsConfig
from engine.events.texts import (
    MOST_TEXT,
    VARIABLES,
    always_empty,
    compliment_of,
    currency_word,
    render,
    sample_values,
    template_of,
)
from engine.events.words import COMPLIMENTS, TEMPLATES, TEXT_NAMES

RULES = Rules()
VALUES = {**dict.fromkeys(VARIABLES, ""), "login": "ivan", "compliment": "Спасибо!"}


def rules(language: str, *texts: TextsConfig) -> Rules:
    return Rules(notices=NoticesConfig(language=language), texts=texts)


def said(name: str, **values: str) -> str:
    return render(template_of(name, RULES), {**VALUES, "currency": "руб.", **values})


def refusal(template: str) -> str:
    with pytest.raises(InputError) as caught:
        render(template, VALUES)
    return caught.value.message


def test_the_words_of_the_kit() -> None:
    assert said("payment", amount="500.00") == "На счет #ivan зачислен платеж: 500.00 руб. Спасибо!"
    assert said("refund", amount="500.00") == (
        "Со счета #ivan осуществлен возврат средств: 500.00 руб. Спасибо!"
    )
    assert said("limit", credit_limit="300.00") == (
        "Кредитный лимит в размере 300.00 руб. установлен. Спасибо!"
    )
    assert said("credit", credit_limit="300.00") == (
        "Услуга Кредит в размере 300.00 руб. подключена. Спасибо!"
    )
    assert said("tariff_change") == "Новый тарифный план подключен. Спасибо!"


@pytest.mark.parametrize("language", TEMPLATES)
def test_each_language_has_a_text_for_all(language: str) -> None:
    assert set(TEMPLATES[language]) == set(TEXT_NAMES) > set(EVENT_KINDS)
    assert COMPLIMENTS[language]
    for name, template in TEMPLATES[language].items():
        assert always_empty(name, template) == []
        assert len(render(template, sample_values(name))) > 10


def test_nothing_stays_of_what_is_empty() -> None:
    assert said("birthday", compliment="") == "С днем рождения!"
    assert said("birthday", bonus="100.00") == (
        "С днем рождения! Дарим Вам 100.00 руб. на счет #ivan. Спасибо!"
    )


def test_a_reminder_tells_the_fee_and_what_there_is() -> None:
    values = {"amount": "450.00", "balance": "120.50", "date": "01.12.2026"}
    assert said("reminder", **values) == (
        "Напоминаем: 01.12.2026 со счета #ivan спишется абонентская плата 450.00 руб."
        " Сейчас на счете 120.50 руб. Спасибо!"
    )
    english = template_of("reminder", rules("en"))
    assert render(english, {**VALUES, **values, "currency": "RUB", "compliment": ""}) == (
        "The monthly fee of account #ivan is due on 01.12.2026: 450.00 RUB."
        " Its balance is 120.50 RUB."
    )


def test_the_configuration_before_the_built_in() -> None:
    own = TextsConfig("kk", (("payment", "Рахмет"),), ("A", "Б"))
    chosen = rules("kk", own, TextsConfig("ru", (("refund", "other"),)))
    assert template_of("payment", chosen) == "Рахмет"
    assert template_of("refund", chosen) == TEMPLATES["en"]["refund"]
    assert template_of("payment", rules("en", own)) == TEMPLATES["en"]["payment"]
    assert [compliment_of(chosen, number) for number in (0, 1, 2, 10**30)] == ["A", "Б", "A", "A"]


def test_compliments_that_are_not_given() -> None:
    assert compliment_of(RULES, 1) == COMPLIMENTS["ru"][1]
    assert compliment_of(rules("kk"), 0) == COMPLIMENTS["en"][0]
    assert compliment_of(rules("ru", TextsConfig("ru", (), ())), 7) == ""


def test_currencies() -> None:
    assert currency_word(RULES, "RUB") == "руб."
    assert currency_word(rules("en"), "RUB") == "RUB"
    assert currency_word(RULES, "KZT") == "KZT"


def test_what_templates_may_do() -> None:
    template = (
        "{% if amount == '0.00' %}a{% elif not name or login == 'x' %}{{ login|upper }}{% else %}b"
        "{% endif %} {{ amount|replace('.', ',') ~ '!' }} {{ plan if plan else 'none'|title }}"
        " {{ name|default('you', true) }} {{ login|truncate(3, true, '.', 0) }} {{ '#' }}"
    )
    assert render(template, {**VALUES, "amount": "1.50"}) == "IVAN 1,50! None you iv. #"


def test_values_are_words_and_not_templates() -> None:
    hostile = "{{ login }}\n\x1b[31m<b>%s"
    assert render("{{ name }}", {**VALUES, "name": hostile}) == ("{{ login }}\\x0a\\x1b[31m<b>%s")


def test_a_long_link_stays_whole() -> None:
    link = f"https://example.com/{'a' * 280}"
    assert render("{{ link }}", {**VALUES, "link": link}) == link


def test_a_text_is_one_line_of_bounded_length() -> None:
    assert render("  a \n\n b\t{{ login }} ", VALUES) == "a b ivan"
    long = render("{{ name }}" * 100, {**VALUES, "name": "я" * 5_000})
    assert len(long) == MOST_TEXT
    assert long.endswith("…")


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ logn }}", "names 'logn', which is not known; it may name login, name, amount"),
        ("{% if false %}{{ self }}{% endif %}", "names 'self'"),
        ("{{ login", "cannot be read: unexpected end of template"),
        ("{% if login %}", "cannot be read"),
        ("{% endif %}", "cannot be read"),
        ("{{ login|shout }}", "there is no filter 'shout'; allowed are"),
        ("{{ login < 1 }}", "cannot be filled in: '<' not supported"),
        ("{{ login|replace('i') }}", "cannot be filled in"),
        ("{{ login|replace('', 'a') }}", "needs something to replace"),
        ("{{ '' }} ", "gives no text"),
        ("{{ login if false }}", "gives no text"),
        ("a" * 2_001, "more than 2000 characters"),
    ],
)
def test_what_is_wrong_is_said(template: str, why: str) -> None:
    assert why in refusal(template)


def test_a_value_that_is_not_given_is_an_error() -> None:
    with pytest.raises(InputError, match="'plan' is undefined"):
        render("{{ plan }}", {"login": "ivan"})


HARM = [
    "{% for a in login %}{% for b in login %}{% endfor %}{% endfor %}",
    "{% for a in range(999999999) %}{% endfor %}",
    "{{ range(999999999)|list }}",
    "{{ 'a' * 9999999999 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ login % 9999999999 }}",
    "{{ '%999999999d'|format(1) }}",
    "{{ login|center(9999999999) }}",
    "{{ login|indent(9999999999) }}",
    "{{ login|join(login) }}",
    "{{ 1|float }}",
    "{% set a = login ~ login %}{{ a }}",
    "{% set ns = namespace() %}",
    "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "{% call login() %}{% endcall %}",
    "{{ login.__class__.__mro__ }}",
    "{{ login['__class__'] }}",
    "{{ ''.join }}",
    "{{ lipsum() }}",
    "{{ cycler.__init__.__globals__ }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends login %}",
    "{% block a %}{% endblock %}",
    "{% filter upper %}a{% endfilter %}",
    "{% with a = 1 %}{% endwith %}",
    "{% autoescape true %}a{% endautoescape %}",
    "{{ " + "(" * 990 + "1" + ")" * 990 + " }}",
    "{{ " + "not " * 490 + "1 }}",
    "{{ " + "-" * 990 + "1 }}",
    "{{ login" + "|upper" * 300 + " }}",
    "{{ " + "login and " * 190 + "1 }}",
    "{{ " + "[" * 990 + "]" * 990 + " }}",
    "{% if 1 %}" * 100 + "a" + "{% endif %}" * 90,
]


@pytest.mark.parametrize("template", HARM, ids=range(len(HARM)))
def test_a_template_that_means_harm_is_refused(template: str) -> None:
    assert len(template) <= 2_000
    refusal(template)


def test_no_chain_of_filters_makes_a_text_grow_without_end() -> None:
    grow = "|replace('i','iiiiiiiiiiiiiiiiiiii')" * 15
    tracemalloc.start()
    message = refusal("{{ login" + grow + " }}")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "too long" in message
    assert peak < 20_000_000


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            ["{{", "}}", "{%", "%}", "{#", "#}", " if ", " else ", " endif ", " for a in ", "login",
             "|", "replace('a','b')", "upper", "(", ")", "~", "'", "1", ".", "[", "]", "*", ",",
             "=", "\n", "raw", "endraw", "set ", "\\", "\x00", "ы"]
        ),
        max_size=30,
    ).map("".join)
)  # fmt: skip
def test_any_template_gives_a_text_or_a_refusal(template: str) -> None:
    try:
        text = render(template, VALUES)
    except InputError:
        return
    assert 0 < len(text) <= MOST_TEXT


def test_the_library_comes_with_the_first_text() -> None:
    code = (
        "import sys, engine.events.texts as t; from engine.events.settings import Rules;"
        "t.template_of('payment', Rules()); print('jinja2' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
