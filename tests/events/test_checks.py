"""What `billdeck check config` says about events."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.events.checks import problems, remarks, samples
from engine.events.kinds import EVENT_KINDS
from engine.events.settings import (
    FOLLOWS,
    EventsConfig,
    NoticesConfig,
    ReceiptsConfig,
    Rules,
    TextsConfig,
)
from engine.events.setup import given_events, providers_of
from tests.unit.config_place import Place

ALL = {"smspilot": True, "smsc": True, "komtet": True}
GOOD = Rules(
    events=EventsConfig("on"),
    notices=NoticesConfig("smspilot", "smsc"),
    receipts=ReceiptsConfig("komtet", link_notice=True),
    nas=("gw1",),
)


def texts(*templates: tuple[str, str], language: str = "ru") -> Rules:
    return replace(GOOD, texts=(TextsConfig(language, templates),))


def test_nothing_is_wrong_with_what_is_built_in() -> None:
    assert problems(GOOD, ALL, EVENT_KINDS) == []
    assert remarks(GOOD) == []
    english = replace(GOOD, notices=replace(GOOD.notices, language="en", region="GB"))
    assert problems(english, ALL, EVENT_KINDS) == []


def test_while_nothing_follows_only_texts_can_be_wrong() -> None:
    off = replace(texts(("payment", "{{ x }}")), events=EventsConfig("off"), nas=())
    (problem,) = problems(off, {}, EVENT_KINDS)
    assert problem.startswith("[texts ru] payment: the template names 'x'")
    assert remarks(off) == ["events are recorded and nothing follows: [events] mode = off"]


@pytest.mark.parametrize("mode", ["dry", "on"])
def test_a_provider_that_is_named_must_be_set_up(mode: str) -> None:
    rules = replace(GOOD, events=EventsConfig(mode))
    sms, social, receipts = problems(rules, {"smsc": False})
    assert sms.startswith("[notices] sms = smspilot, but smspilot is not set up: fill in section")
    assert social.startswith("[notices] social = smsc, but smsc is not set up")
    assert receipts.startswith("[receipts] provider = komtet, but komtet is not set up")


def test_a_provider_that_nothing_needs_may_be_absent() -> None:
    follows = {**FOLLOWS, "payment": ("notice",), "refund": ()}
    rules = replace(GOOD, events=EventsConfig("on", follows), receipts=ReceiptsConfig("komtet"))
    assert problems(rules, {**ALL, "komtet": False}) == []


def test_the_region_must_be_a_country() -> None:
    rules = replace(GOOD, notices=replace(GOOD.notices, region="XX"))
    (problem,) = problems(rules, ALL)
    assert problem.startswith("[notices] region = XX is no country")


def test_sessions_need_a_nas() -> None:
    rules = replace(GOOD, nas=())
    assert problems(rules, ALL) == []
    assert remarks(rules) == ["no sessions are dropped: there is no section [nas NAME]"]
    (problem,) = problems(rules, ALL, ["tariff_change", "reminder"])
    assert problem.startswith("[events] tariff-change drops sessions, but there is no NAS")


def test_a_link_needs_a_receipt_and_a_notice() -> None:
    rules = replace(GOOD, notices=NoticesConfig(), receipts=ReceiptsConfig(link_notice=True))
    assert [problem.rpartition(": ")[2] for problem in problems(rules, ALL)] == [
        "set [receipts] provider",
        "set [notices] sms or social",
    ]
    assert remarks(rules) == [
        "no notices are sent: [notices] sms and social are empty",
        "no receipts are made: [receipts] provider is empty",
    ]


@pytest.mark.parametrize(("name", "inn"), [("Иванова", ""), ("", "772012345678")])
def test_half_a_cashier_is_told(name: str, inn: str) -> None:
    receipts = replace(GOOD.receipts, cashier_name=name, cashier_inn=inn)
    (remark,) = remarks(replace(GOOD, receipts=receipts))
    assert "cashier_name and cashier_inn are only printed together" in remark


@pytest.mark.parametrize(
    ("name", "template", "why"),
    [
        ("payment", "{{ amount", "[texts ru] payment: the template cannot be read"),
        ("tariff_change_by_staff", "{{ x }}", "[texts ru] tariff-change-by-staff: the template"),
        ("freeze", "{{ login }} {{ amount }}", "no value for amount; it would say nothing there"),
        ("payment", "{{ login }} {{ link }} {{ bonus }}", "no value for bonus, link"),
        ("payment", "{% if link %}{% endif %}", "no value for link"),
        ("payment", "{% if not login %}a{% endif %}", "gives no text"),
        ("refund", "{{ name ~ name }}" * 100, "longer than 1000 characters and would be cut"),
    ],
)
def test_a_text_that_is_wrong(name: str, template: str, why: str) -> None:
    (problem,) = problems(texts((name, template)), ALL)
    assert why in problem


def test_a_language_must_have_all_texts() -> None:
    kk = replace(texts(("payment", "a"), language="kk"), notices=NoticesConfig("smsc", "", "kk"))
    (problem,) = problems(kk, ALL)
    assert "[notices] language = kk has no built-in texts" in problem
    assert problem.endswith(
        "write in [texts kk] refund, limit, credit, tariff-change, birthday, reminder,"
        " tariff-change-by-staff, receipt-link"
    )
    assert (
        problems(replace(kk, notices=NoticesConfig(language="kk"), receipts=ReceiptsConfig()), ALL)
        == []
    )


def test_texts_of_another_language_are_told() -> None:
    (remark,) = remarks(texts(("payment", "a"), language="en"))
    assert remark == "[texts en] is not used: [notices] language is ru"


def test_samples_show_what_is_used() -> None:
    shown = list(samples(texts(("payment", "Hi {{ login }}"), ("refund", "{{ x }}")), "RUB"))
    assert shown[0] == "payment: Hi ivan"
    assert shown[1].endswith("300.00 руб. установлен. Спасибо, что Вы с нами!")
    assert not any(line.startswith(("refund:", "block:")) for line in shown)
    assert shown[-1] == "receipt-link: Кассовый чек по счету #ivan: https://example.com/receipt/1"


def test_what_the_configuration_states_itself(tmp_path: Path) -> None:
    config = Place(tmp_path).load(
        "[events]\nmode = on\nreal-ip = session-drop\n", BILLDECK_EVENTS__PAYMENT="notice"
    )
    assert given_events(config) == ["payment", "real_ip"]


def test_a_provider_is_set_up_when_it_has_what_it_needs(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert providers_of(place.load("")) == dict.fromkeys(ALL, False)
    text = "[smsc]\nlogin = telecom\npassword = x\n[smspilot]\nsender = A\n"
    assert providers_of(place.load(text, 0o600)) == {**dict.fromkeys(ALL, False), "smsc": True}
