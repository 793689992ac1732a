"""SMSC: its forms, its answers one by one, and a server that knows what it was given."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given

from engine.config import Secret
from engine.errors import ConfigError
from engine.events.outcome import Outcome
from engine.integrations import smsc
from engine.integrations.provider_settings import SmscConfig
from engine.integrations.smsc import (
    SmscMessage,
    read_answer,
    read_status,
    send_request,
    status_request,
)
from engine.integrations.wire import Answer
from tests.integrations.answers import answers, is_sound
from tests.integrations.exchange import failure, send
from tests.servers.faults import RESETS, RESETS_AFTER, Fault
from tests.servers.smsc_server import LOGIN, PASSWORD, SmscServer

SETTINGS = SmscConfig(login=LOGIN, password=Secret(PASSWORD))
MESSAGE = SmscMessage(4711, "79161234567", "На счет #ivan зачислен платеж: 500.00 руб.")


def answer_of(content: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode())


def error(code: int | str, words: str = "words", **more: Any) -> dict[str, Any]:
    return {"error": words, "error_code": code, **more}


def test_the_form_of_a_message() -> None:
    request = send_request(MESSAGE, replace(SETTINGS, sender="TELECOM", valid_hours=6))
    assert (request.method, request.url) == ("POST", "https://smsc.ru/sys/send.php")
    assert parse_qs(request.body.decode()) == {
        "login": [LOGIN], "psw": [PASSWORD], "fmt": ["3"], "charset": ["utf-8"], "id": ["4711"],
        "phones": ["79161234567"], "mes": [MESSAGE.text], "sender": ["TELECOM"],
        "valid": ["06:00"],
    }  # fmt: skip


def test_the_form_of_a_message_to_social_networks() -> None:
    request = send_request(replace(MESSAGE, is_social=True), replace(SETTINGS, valid_hours=24))
    form = parse_qs(request.body.decode())
    assert (form["soc"], form["valid"]) == (["1"], ["24:00"])
    assert "sender" not in form


def test_the_form_of_a_question() -> None:
    request = status_request(MESSAGE, SETTINGS)
    assert (request.method, request.url) == ("POST", "https://smsc.ru/sys/status.php")
    assert parse_qs(request.body.decode()) == {
        "login": [LOGIN], "psw": [PASSWORD], "fmt": ["3"], "charset": ["utf-8"], "id": ["4711"],
        "phone": ["79161234567"],
    }  # fmt: skip


def test_a_message_that_is_sent_again_is_the_same() -> None:
    assert send_request(MESSAGE, SETTINGS) == send_request(MESSAGE, SETTINGS)


@pytest.mark.parametrize("number", [0, -1, 2_147_483_648])
def test_ids_that_cannot_be(number: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 2147483647"):
        SmscMessage(number, "79161234567", "text")


def test_without_login_or_password_nothing_is_sent() -> None:
    with pytest.raises(ConfigError, match="has no login"):
        send_request(MESSAGE, SmscConfig(password=Secret("x")))
    with pytest.raises(ConfigError, match="has no password"):
        status_request(MESSAGE, SmscConfig(login="x"))


@pytest.mark.parametrize(
    ("content", "verdict", "is_outage", "after"),
    [
        ({"id": 4711, "cnt": 1}, "done", False, None),
        ({"id": "4711", "cnt": "1"}, "done", False, None),
        ({"cnt": 1}, "ambiguous", True, None),
        ({"id": 4711, "error": "odd"}, "ambiguous", True, None),
        ([], "ambiguous", True, None),
        (error(1), "refused", False, None),
        (error("2"), "denied", False, None),
        (error(3, id=4711), "retry", True, None),
        (error(4), "denied", False, None),
        (error(5), "refused", False, None),
        (error(6, id=4711), "refused", False, None),
        (error(7, id=4711), "refused", False, None),
        (error(8, id=4711), "refused", False, None),
        (error(9, "duplicate request, wait a minute"), "ambiguous", False, 60.0),
        (error(9, "too many concurrent requests"), "retry", True, 60.0),
        (error(77), "refused", False, None),
    ],
)
def test_what_an_answer_means(
    content: Any, verdict: str, is_outage: bool, after: float | None
) -> None:
    outcome = read_answer(answer_of(content), SETTINGS)
    assert (outcome.verdict, outcome.is_outage, outcome.after_seconds) == (
        verdict, is_outage, after,
    )  # fmt: skip
    assert outcome.remote_id == ("4711" if verdict == "done" else "")


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        *(({"status": status, "err": 0}, "done") for status in (-1, 0, 1, 2, 3, 4)),
        ([{"status": 1, "id": 4711, "phone": "79161234567"}], "done"),
        ({"status": "1"}, "done"),
        ({"status": -3}, "retry"),
        ({"status": 24}, "retry"),
        *(({"status": status}, "refused") for status in (-2, 20, 22, 23, 25)),
        ({"status": 7}, "ambiguous"),
        ({"status": None}, "ambiguous"),
        ([{"status": 1}, {"status": 1}], "ambiguous"),
        ({}, "ambiguous"),
        (error(1), "ambiguous"),
        (error(2), "denied"),
        (error(4), "denied"),
        (error(9), "ambiguous"),
    ],
)
def test_what_a_status_means(content: Any, verdict: str) -> None:
    outcome = read_status(answer_of(content), SETTINGS)
    assert outcome.verdict == verdict
    assert not (verdict == "retry" and outcome.is_outage)


@pytest.mark.parametrize("status", [302, 400, 404, 408, 422, 429, 500, 503])
def test_a_question_without_an_answer_allows_nothing(status: int) -> None:
    answer = Answer(status, b'{"status": -3}', retry_after="5")
    outcome = read_status(answer, SETTINGS)
    assert (outcome.verdict, outcome.is_outage, outcome.after_seconds) == ("ambiguous", True, 5.0)


def test_a_question_that_is_not_let_in() -> None:
    assert read_status(Answer(403), SETTINGS).verdict == "denied"


@given(answers("id", "error", "error_code", "status", "9", "-3", PASSWORD))
def test_any_answer_has_an_outcome_that_can_be_stored(answer: Answer) -> None:
    for outcome in (read_answer(answer, SETTINGS), read_status(answer, SETTINGS)):
        assert is_sound(outcome)
        assert PASSWORD not in outcome.excerpt + outcome.detail


def test_nothing_shows_the_password_or_the_text() -> None:
    for shown in (repr(SETTINGS), repr(MESSAGE), repr(status_request(MESSAGE, SETTINGS))):
        assert PASSWORD not in shown
        assert "ivan" not in shown


def ask(server: SmscServer) -> Outcome:
    settings = replace(SETTINGS, url=server.url)
    return read_status(send(status_request(MESSAGE, settings)), settings)


def post(server: SmscServer, message: SmscMessage = MESSAGE) -> Outcome:
    settings = replace(SETTINGS, url=server.url)
    return read_answer(send(send_request(message, settings)), settings)


def test_a_message_whose_answer_is_lost_is_found_by_its_id() -> None:
    with SmscServer() as server:
        request = send_request(MESSAGE, replace(SETTINGS, url=server.url))
        server.next(RESETS)
        failure(request)
        assert ask(server).verdict == "retry"
        server.next(RESETS_AFTER)
        failure(request)
        assert ask(server).verdict == "done"
        # Whoever does not ask is told that it was there.
        assert post(server).verdict == "ambiguous"
        assert server.taken == {(4711, MESSAGE.phone, MESSAGE.text): 1}
    assert smsc.PROMISE == "reconcilable"


def test_a_message_refused_for_want_of_money_is_not_taken_for_sent() -> None:
    with SmscServer() as server:
        server.no_money = True
        assert post(server).verdict == "retry"
        server.no_money = False
        # Within a minute they call the repetition a duplicate; of a message that they do not have.
        assert post(server).verdict == "ambiguous"
        assert ask(server).verdict == "retry"
        server.forget()
        assert post(server).verdict == "done"
        assert ask(server).verdict == "done"


def test_too_many_at_once_may_come_again() -> None:
    with SmscServer() as server:
        server.crowded = 1
        assert [post(server).verdict for _ in range(2)] == ["retry", "done"]


def test_a_server_refuses() -> None:
    with SmscServer() as server:
        assert post(server, replace(MESSAGE, phone="8999")).verdict == "refused"
        assert post(server, replace(MESSAGE, text="")).verdict == "refused"
        other = replace(SETTINGS, url=server.url, password=Secret("other"))
        assert read_answer(send(send_request(MESSAGE, other)), other).verdict == "denied"
        server.next(Fault("html"), Fault("status", status=500))
        assert [post(server).verdict for _ in range(2)] == ["ambiguous"] * 2
        assert server.taken == {}
        assert post(server, replace(MESSAGE, is_social=True)).verdict == "done"
        assert server.social == 1
