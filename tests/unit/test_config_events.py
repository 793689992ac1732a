"""The configuration of events, notices, receipts, bonuses and texts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.config import describe
from engine.config.events import written
from engine.events.kinds import EVENT_KINDS
from engine.events.settings import (
    FOLLOWS,
    POSSIBLE,
    BonusesConfig,
    EventsConfig,
    NoticesConfig,
    ReceiptsConfig,
    Rules,
    TextsConfig,
)
from engine.events.setup import rules_of
from engine.events.texts import VARIABLES, render, sample_values, template_of
from engine.events.words import TEMPLATES
from tests.unit.config_place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_defaults_are_those_of_the_values(place: Place) -> None:
    config = place.load("")
    assert config.events == EventsConfig()
    assert config.notices == NoticesConfig()
    assert config.receipts == ReceiptsConfig()
    assert config.bonuses == BonusesConfig()
    assert config.texts == ()
    assert rules_of(config) == Rules()


def test_all_that_follows_could_follow() -> None:
    assert set(FOLLOWS) == set(POSSIBLE) == set(EVENT_KINDS)
    assert all(set(FOLLOWS[kind]) <= set(POSSIBLE[kind]) for kind in EVENT_KINDS)


def test_everything_can_be_set(place: Place) -> None:
    config = place.load(
        """\
[events]
mode = dry
payment = session-drop, notice
tariff-change =
real-ip = notice
linger_seconds = 0
[notices]
sms = smspilot
social = smsc
language = en
region = KZ
minimum = 0.01
quiet_from = 0
quiet_until = 0
[receipts]
provider = komtet
subject = Интернет {login}
vat = 22
cashier_name = Иванова А. А.
cashier_inn = 772012345678
link_notice = yes
[bonuses]
step = 5
least = 15.00
top_up_rate = 2.5%
top_up_most = none
loyalty = 1:0.5, 10:100 %
loyalty_most = 500
birthday = 100
"""
    )
    assert config.events.mode == "dry"
    assert config.events.follows == {
        **FOLLOWS,
        "payment": ("notice", "session_drop"),
        "tariff_change": (),
        "real_ip": ("notice",),
    }
    assert config.events.linger_seconds == 0
    assert config.notices == NoticesConfig("smspilot", "smsc", "en", "KZ", 1, 0, 0)
    assert config.receipts == ReceiptsConfig(
        "komtet", 1, "Интернет {login}", 1, "22", "Иванова А. А.", "772012345678", True
    )
    assert config.bonuses == BonusesConfig(
        5_00, 15_00, 2_000_00, 250, None, ((1, 50), (10, 10_000)), 500_00, 100_00
    )
    rows = [(row.key, row.value) for row in describe(config) if row.section == "events"]
    assert rows[:2] == [("mode", "dry"), ("payment", "session-drop, notice")]


def test_texts_in_any_language(place: Place) -> None:
    config = place.load(
        "[texts kk]\npayment = {{ amount }} теңге\nreceipt-link = {{ link }}\n"
        "compliments = Рахмет! | Сау болыңыз\n[texts ru]\ncompliments =\n[texts en]\n"
        "[nas gw1]\nhost = 10.0.0.1\n"
    )
    kk = TextsConfig(
        "kk",
        (("payment", "{{ amount }} теңге"), ("receipt_link", "{{ link }}")),
        ("Рахмет!", "Сау болыңыз"),
    )
    assert config.texts == (kk, TextsConfig("ru", (), ()), TextsConfig("en"))
    assert rules_of(config).texts == config.texts
    assert rules_of(config).nas == ("gw1",)


def test_a_text_from_the_environment_may_have_what_a_file_may_not(place: Place) -> None:
    config = place.load("[texts ru]\n", BILLDECK_TEXTS_RU__PAYMENT="Счет #{{ login }} ; привет")
    assert config.texts[0].templates == (("payment", "Счет #{{ login }} ; привет"),)


def test_the_example_of_a_text_is_the_built_in_one(place: Place) -> None:
    page = (Path(__file__).parents[2] / "config.example.ini").read_text(encoding="utf-8")
    lines = page[page.index("; [texts LANG]") :].splitlines()
    text = "\n".join(line.removeprefix("; ") for line in lines if line.startswith("; "))
    rules = rules_of(place.load(f"{text.replace('LANG', 'en')}\n[notices]\nlanguage = en\n"))
    assert len(rules.texts[0].templates) == len(TEMPLATES["en"])
    for name, built_in in TEMPLATES["en"].items():
        values = sample_values(name)
        assert render(template_of(name, rules), values) == render(built_in, values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[events]\nmode = yes\n", "[events] mode = yes is wrong; allowed is one of off, dry, on"),
        (
            "[events]\nblock = receipt\n",
            "line 2: [events] block = receipt is wrong; allowed is a comma list of notice,"
            " discount-removal, session-drop, each at most once, or nothing (no other action can"
            " follow block)",
        ),
        ("[events]\npayment = notice, notice\n", "each at most once"),
        ("[events]\npayment = sms\n", "a comma list of notice, receipt, top-up-bonus"),
        ("[events]\npayment = notice,\n", "a comma list of notice"),
        ("[events]\ntariff_change = notice\n", "has no setting tariff_change; allowed are mode"),
        ("[events]\npayment = top_up_bonus\n", "a comma list of"),
        ("[events]\nreminder = session-drop\n", "no other action can follow reminder"),
        ("[notices]\nsms = mail\n", "one of smspilot, smsc, or nothing"),
        ("[notices]\nsocial = smspilot\n", "one of smsc, or nothing"),
        ("[notices]\nlanguage = russian\n", "two small letters"),
        ("[notices]\nregion = ru\n", "two capital letters"),
        ("[notices]\nminimum = 0\n", "an amount such as 2000.00, 0.01 or more"),
        ("[notices]\nquiet_until = 24\n", "a whole number from 0 to 23"),
        ("[receipts]\nprovider = atol\n", "one of komtet, or nothing"),
        ("[receipts]\nsubject = {name}\n", "{login} for the login"),
        ("[receipts]\ncashier_inn = 123\n", "an INN of 10 or 12 digits, or nothing"),
        ("[bonuses]\nstep = 0\n", "an amount such as 2000.00, 0.01 or more"),
        ("[bonuses]\ntop_up_from = 2 000\n", "an amount such as 2000.00"),
        ("[bonuses]\ntop_up_from = 1e3\n", "an amount such as 2000.00"),
        ("[bonuses]\ntop_up_rate = 101 %\n", "a percentage from 0 to 100"),
        ("[bonuses]\ntop_up_rate = five\n", "a percentage from 0 to 100"),
        ("[bonuses]\ntop_up_most = 0\n", "or none for no limit"),
        ("[bonuses]\nloyalty = 2:5, 1:3\n", "ascending years"),
        ("[bonuses]\nloyalty = 1:0\n", "percentages above 0"),
        ("[bonuses]\nloyalty = 0:3\n", "years from 1 to 99"),
        ("[bonuses]\nloyalty = 1\n", "YEARS:PERCENT"),
        ("[bonuses]\nleast = 15.00\n", "[bonuses] least must be a multiple of step"),
        ("[bonuses]\ntop_up_most = 9.99\n", "[bonuses] top_up_most must not be less than least"),
        ("[bonuses]\nloyalty_most = 1\n", "[bonuses] loyalty_most must not be less than least"),
        ("[texts russian]\n", "[texts russian] does not name a language"),
        ("[texts Ru]\n", "does not name a language"),
        ("[texts]\n", "unknown section [texts]"),
        ("[texts ru]\npay = a\n", "[texts ru] has no setting pay; allowed are payment, refund"),
        ("[texts ru]\npayment =\n", "not empty"),
        (f"[texts ru]\npayment = {'a' * 2001}\n", "text of 1 to 2000 characters"),
        ("[texts ru]\npayment = a #b\n", "has a # after its value"),
        ("[texts ru]\ncompliments = a || b\n", "separated by |"),
    ],
)
def test_what_cannot_be(place: Place, text: str, message: str) -> None:
    assert message in place.refusal(text)


def _sections_of(page: str, place: Place) -> list[str]:
    """The sections that a page shows, their files of secrets being in the place."""
    secret = place.root / "secret"
    secret.write_text("s", encoding="utf-8")
    secret.chmod(0o600)
    parts = [part.partition("```")[0] for part in page.split("```ini\n")[1:]]
    return [re.sub(r"(_file = )/etc/\S+", rf"\g<1>{secret}", part) for part in parts]


def test_the_sections_of_the_docs(place: Place) -> None:
    page = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
    for part in _sections_of(page, place):
        place.load(part)
    config = place.load("\n".join(_sections_of(page.partition("## Bonuses")[0], place)))
    assert config.events.mode == "dry"
    assert config.events.follows["tariff_change"] == ("notice", "session_drop")
    assert config.events.follows["block"] == ()
    rules = rules_of(config)
    values = {**sample_values("payment"), "compliment": ""}
    assert render(template_of("payment", rules), values) == "Счет №ivan: +500.00 RUB"
    assert " 450 RUB" in render(template_of("reminder", rules), {**values, "amount": "450.00"})


def test_the_docs_tell_what_can_follow() -> None:
    page = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    told: dict[str, str] = {}
    for row in rows:
        for event in row[0].strip("| ").split(", "):
            told.setdefault(event.strip("`"), row[1])
    for event, actions in POSSIBLE.items():
        names = ", ".join(f"`{written(action)}`" for action in actions)
        assert told[written(event)] == names
    for variable in VARIABLES:
        assert f"`{variable}`" in page


def test_signs_that_a_file_takes_for_comments(place: Place) -> None:
    text = """[texts ru]\npayment = a {{ ";" }} b {{ "#" }}{{ login }}{#note#}\n"""
    template = template_of("payment", rules_of(place.load(text)))
    assert render(template, sample_values("payment")) == "a ; b #ivan"
