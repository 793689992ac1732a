"""SMSPilot: its form, its answers one by one, and a server that answers as it does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Secret
from engine.errors import ConfigError
from engine.integrations import smspilot
from engine.integrations.provider_settings import SmspilotConfig
from engine.integrations.smspilot import SmspilotMessage, read_answer, send_request
from engine.integrations.wire import Answer
from tests.integrations.answers import answers, is_sound
from tests.integrations.exchange import send
from tests.servers.faults import TOO_MANY, Fault
from tests.servers.smspilot_server import KEY, SmspilotServer

SETTINGS = SmspilotConfig(key=Secret(KEY))
MESSAGE = SmspilotMessage("79161234567", "На счет #ivan зачислен платеж: 500.00 руб. & спасибо + 1")


def error(code: int | str) -> dict[str, Any]:
    return {"error": {"code": code, "description": "words", "description_ru": "слова"}}


def sent(**changes: Any) -> dict[str, Any]:
    one = {"server_id": "10000", "phone": "79161234567", "price": "1.68", "status": "0"}
    return {"send": [one | changes], "balance": "11908.50", "cost": "1.68"}


def test_the_form_of_a_message() -> None:
    request = send_request(MESSAGE, replace(SETTINGS, sender="TELECOM", url="https://a.example/"))
    assert (request.method, request.url) == ("POST", "https://a.example/api.php")
    assert request.headers == (("Content-Type", "application/x-www-form-urlencoded"),)
    assert parse_qs(request.body.decode()) == {
        "send": [MESSAGE.text], "to": ["79161234567"], "from": ["TELECOM"], "format": ["json"],
        "apikey": [KEY],
    }  # fmt: skip
    assert b"from=" not in send_request(MESSAGE, SETTINGS).body


def test_without_a_key_nothing_is_sent() -> None:
    with pytest.raises(ConfigError, match=r"\[smspilot\] has no key"):
        send_request(MESSAGE, SmspilotConfig())
    assert not SmspilotConfig().is_set_up


@pytest.mark.parametrize(
    ("content", "verdict", "is_outage", "remote_id"),
    [
        (sent(), "done", False, "10000"),
        (sent(server_id=10000, status=0), "done", False, "10000"),
        (sent(status="2"), "done", False, "10000"),
        (sent(status="-1"), "refused", False, "10000"),
        (sent(status="-2"), "refused", False, "10000"),
        (sent(status=""), "ambiguous", True, ""),
        (sent(server_id=""), "ambiguous", True, ""),
        (sent(server_id=None), "ambiguous", True, ""),
        ({"send": []}, "ambiguous", True, ""),
        ({"send": [sent()["send"][0]] * 2}, "ambiguous", True, ""),
        ({"send": "yes"}, "ambiguous", True, ""),
        ({}, "ambiguous", True, ""),
        ([], "ambiguous", True, ""),
        (error(100), "denied", False, ""),
        (error("101"), "denied", False, ""),
        (error("106"), "denied", False, ""),
        (error("113"), "denied", False, ""),
        (error("400"), "denied", False, ""),
        (error("112"), "retry", True, ""),
        (error("241"), "retry", True, ""),
        (error("242"), "retry", True, ""),
        (error("110"), "ambiguous", True, ""),
        (error(""), "ambiguous", True, ""),
        (error("12"), "refused", False, ""),
        (error("211"), "refused", False, ""),
        (error("221"), "refused", False, ""),
        (error("777"), "refused", False, ""),
    ],
)
def test_what_an_answer_means(content: Any, verdict: str, is_outage: bool, remote_id: str) -> None:
    outcome = read_answer(Answer(200, json.dumps(content).encode()), SETTINGS)
    assert (outcome.verdict, outcome.is_outage, outcome.remote_id) == (
        verdict, is_outage, remote_id,
    )  # fmt: skip


def test_an_error_is_told_in_their_words() -> None:
    outcome = read_answer(Answer(400, json.dumps(error("211")).encode()), SETTINGS)
    assert (outcome.verdict, outcome.detail, outcome.status) == (
        "refused", "SMSPilot error 211: слова", 400,
    )  # fmt: skip


@pytest.mark.parametrize("body", [b"", b"<html>", b"SUCCESS=SMS SENT", b'{"send":[{"server_id":'])
def test_what_is_no_answer(body: bytes) -> None:
    outcome = read_answer(Answer(200, body), SETTINGS)
    assert (outcome.verdict, outcome.is_outage) == ("ambiguous", True)


@given(answers("send", "error", "code", "server_id", "status", "101", "241", KEY))
def test_any_answer_has_an_outcome_that_can_be_stored(answer: Answer) -> None:
    outcome = read_answer(answer, SETTINGS)
    assert is_sound(outcome)
    assert KEY not in outcome.excerpt + outcome.detail
    if outcome.verdict == "done":
        assert outcome.remote_id


WORDS = st.text(st.characters(exclude_categories=["Cs"]))


@given(WORDS, WORDS, WORDS.filter(bool))
def test_any_text_arrives_as_it_is(phone: str, text: str, key: str) -> None:
    settings = SmspilotConfig(key=Secret(key))
    request = send_request(SmspilotMessage(phone, text), settings)
    form = parse_qs(request.body.decode("ascii"), keep_blank_values=True)
    assert (form["to"], form["send"], form["apikey"]) == ([phone], [text], [key])


def test_half_a_character_does_not_stop_a_message() -> None:
    assert b"send=a%3Fb&" in send_request(SmspilotMessage("79161234567", "a\ud800b"), SETTINGS).body


def test_nothing_shows_the_key_or_the_text() -> None:
    for shown in (repr(SETTINGS), repr(MESSAGE), repr(send_request(MESSAGE, SETTINGS))):
        assert KEY not in shown
        assert "ivan" not in shown


def test_a_server_takes_a_message() -> None:
    with SmspilotServer() as server:
        settings = replace(SETTINGS, url=server.url)
        outcome = read_answer(send(send_request(MESSAGE, settings)), settings)
        assert (outcome.verdict, outcome.remote_id) == ("done", "10000")
        assert server.taken == {(MESSAGE.phone, MESSAGE.text): 1}


def test_a_server_refuses() -> None:
    with SmspilotServer() as server:
        settings = replace(SETTINGS, url=server.url)

        def verdict(message: SmspilotMessage, settings: SmspilotConfig) -> str:
            return read_answer(send(send_request(message, settings)), settings).verdict

        assert verdict(MESSAGE, replace(settings, key=Secret("other"))) == "denied"
        assert verdict(SmspilotMessage("8999", "text"), settings) == "refused"
        assert verdict(SmspilotMessage("79161234567", ""), settings) == "refused"
        server.no_money = True
        assert verdict(MESSAGE, settings) == "retry"
        server.no_money = False
        server.next(TOO_MANY, Fault("html"), Fault("empty"), Fault("status", status=403))
        assert [verdict(MESSAGE, settings) for _ in range(4)] == [
            "retry", "ambiguous", "ambiguous", "denied",
        ]  # fmt: skip
        assert verdict(MESSAGE, replace(settings, url=f"{server.url}/elsewhere")) == "refused"
        assert server.taken == {}
    assert smspilot.PROMISE == "at_most_once"
