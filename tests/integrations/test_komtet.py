"""Komtet Kassa: receipts and their signatures, its answers one by one, and a server with tasks."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Secret
from engine.errors import ConfigError, InputError
from engine.events.outcome import Outcome
from engine.integrations import komtet
from engine.integrations.komtet import (
    Receipt,
    Task,
    read_answer,
    read_callback,
    read_status,
    receipt_link,
    send_request,
    signature,
    status_request,
    verify_callback,
)
from engine.integrations.provider_settings import KomtetConfig
from engine.integrations.wire import Answer
from tests.integrations.answers import answers, is_sound
from tests.integrations.exchange import failure, send
from tests.servers.faults import RESETS_AFTER, TOO_MANY, Fault
from tests.servers.komtet_server import QUEUE, SECRET, SHOP_ID, KomtetServer

SETTINGS = KomtetConfig(shop_id=SHOP_ID, queue=QUEUE, secret=Secret(SECRET))
SUBJECT = "Домашний интернет (Л/СЧ №ivan)"
RECEIPT = Receipt("b7-42", "sell", SUBJECT, 500_05, phone="79161234567", email="i@example.com")
EXISTS = "external_id: Чек с внешним идентификатором 4711 уже существует"


def answer_of(content: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode())


def refusal(words: str, **more: Any) -> dict[str, Any]:
    return {"title": "Ошибка", "code": "VLD10", "description": words, **more}


@pytest.mark.parametrize(
    ("method", "path", "body", "wanted"),
    [
        ("GET", "queues/1", b"", "b72f98703ccaea912cdf06e364d81885"),
        ("POST", "queues/3/task", b'{"key": 10.0}', "5bfe6ef2290053624fdda725177caa33"),
    ],
)
def test_signatures(method: str, path: str, body: bytes, wanted: str) -> None:
    url = f"https://kassa.komtet.ru/api/shop/v1/{path}"
    assert signature("secret-key", method, url, body) == wanted


def test_a_receipt_as_it_is_sent() -> None:
    request = send_request(RECEIPT, SETTINGS)
    assert request.method == "POST"
    assert request.url == "https://kassa.komtet.ru/api/shop/v1/queues/3/task"
    headers = dict(request.headers)
    assert (headers["Authorization"], headers["Content-Type"]) == (SHOP_ID, "application/json")
    assert headers["X-HMAC-Signature"] == signature(SECRET, "POST", request.url, request.body)
    assert json.loads(request.body, parse_float=Decimal) == {
        "external_id": "b7-42", "user": "+79161234567", "print": False, "intent": "sell", "sno": 1,
        "payments": [{"sum": Decimal("500.05"), "type": "card"}],
        "positions": [{
            "name": SUBJECT, "price": Decimal("500.05"), "quantity": 1, "total": Decimal("500.05"),
            "vat": "no", "calculation_method": "full_payment", "calculation_subject": "service",
        }],
    }  # fmt: skip
    assert b'"sum": 500.05,' in request.body


def test_what_may_be_in_a_receipt() -> None:
    def content(receipt: Receipt, settings: KomtetConfig = SETTINGS) -> dict[str, Any]:
        return dict(json.loads(send_request(receipt, settings).body))

    assert content(replace(RECEIPT, phone="+79161234567"))["user"] == "+79161234567"
    assert content(replace(RECEIPT, phone=""))["user"] == "i@example.com"
    assert content(replace(RECEIPT, intent="sellReturn"))["intent"] == "sellReturn"
    assert "cashier" not in content(replace(RECEIPT, cashier_name="Иванова"))
    both = content(replace(RECEIPT, cashier_name="Иванова", cashier_inn="123456789012"))
    assert both["cashier"] == {"name": "Иванова", "inn": "123456789012"}
    calling = content(RECEIPT, replace(SETTINGS, callback_url="https://isp.example/komtet"))
    assert calling["callback_url"] == "https://isp.example/komtet"


@given(st.integers(1, 10**15), st.text(), st.text(min_size=1))
def test_any_amount_and_any_text_arrive_as_they_are(total: int, subject: str, number: str) -> None:
    body = send_request(Receipt(number, "sell", subject, total, phone="7916"), SETTINGS).body
    content = json.loads(body, parse_float=Decimal)
    (position,), (payment,) = content["positions"], content["payments"]
    assert position["price"] * 100 == position["total"] * 100 == payment["sum"] * 100 == total
    assert (position["name"], content["external_id"]) == (subject, number)


@pytest.mark.parametrize("change", [{"total": 0}, {"total": -1}, {"external_id": ""}])
def test_receipts_that_cannot_be(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a receipt needs"):
        replace(RECEIPT, **change)
    with pytest.raises(ValueError, match="a receipt needs"):
        replace(RECEIPT, phone="", email="")


@pytest.mark.parametrize("missing", ["shop_id", "queue", "secret"])
def test_without_its_settings_nothing_is_sent(missing: str) -> None:
    settings = replace(SETTINGS, **{missing: None})
    assert not settings.is_set_up
    with pytest.raises(ConfigError, match=rf"\[komtet\] has no {missing}: nothing was sent"):
        send_request(RECEIPT, settings)


@pytest.mark.parametrize(
    ("status", "content", "verdict", "is_outage", "remote_id"),
    [
        (200, {"id": 7, "external_id": "b7-42", "state": "new"}, "done", False, "7"),
        (201, {"id": "7", "external_id": "b7-42", "state": "done"}, "done", False, "7"),
        (200, {"id": 7}, "ambiguous", True, ""),
        (200, {"state": "new"}, "ambiguous", True, ""),
        (200, {}, "ambiguous", True, ""),
        (200, [7], "ambiguous", True, ""),
        (422, refusal("phone is wrong"), "refused", False, ""),
        (400, refusal(""), "refused", False, ""),
        (401, refusal("who are you"), "denied", False, ""),
        (403, refusal("not yours"), "denied", False, ""),
        (404, refusal("no such queue"), "refused", True, ""),
        (422, refusal(EXISTS), "ambiguous", False, ""),
        (400, refusal(EXISTS), "ambiguous", False, ""),
        (422, refusal(EXISTS, id=7), "done", False, "7"),
        (422, refusal(EXISTS, task_id=7), "done", False, "7"),
        (409, refusal("conflict"), "ambiguous", False, ""),
        (409, {"id": 7, "state": "new"}, "done", False, "7"),
        (500, refusal("failed"), "ambiguous", True, ""),
        (503, {}, "retry", True, ""),
    ],
)
def test_what_an_answer_means(
    status: int, content: Any, verdict: str, is_outage: bool, remote_id: str
) -> None:
    outcome = read_answer(answer_of(content, status), SETTINGS)
    assert (outcome.verdict, outcome.is_outage, outcome.remote_id) == (
        verdict, is_outage, remote_id,
    )  # fmt: skip


def test_a_receipt_that_they_have_is_not_sent_again_soon() -> None:
    outcome = read_answer(answer_of(refusal(EXISTS), 422), SETTINGS)
    assert outcome.is_for_person
    assert outcome.detail.startswith("Komtet has it already, but does not name its task: VLD10")


def test_a_refusal_is_told_in_their_words() -> None:
    outcome = read_answer(answer_of(refusal("phone is wrong"), 422), SETTINGS)
    assert outcome.detail == "HTTP 422: the request is wrong: VLD10 Ошибка phone is wrong"


FISCAL = {"i": "111", "fn": "2222222222222222", "t": "3", "n": 4, "fp": "555555555", "s": 6666.77}


@pytest.mark.parametrize(
    ("content", "task"),
    [
        ({"id": 7, "external_id": "b7-42", "state": "new"}, Task("7", "b7-42", "new")),
        ({"id": 7, "external_id": 42, "state": "printing"}, Task("7", "42", "new")),
        (
            {"id": "7", "external_id": "b7-42", "state": "error", "error_description": "no paper"},
            Task("7", "b7-42", "error", "no paper"),
        ),
        (
            {"id": 7, "external_id": "b7-42", "state": "done", "error_description": None,
             "fiscal_data": FISCAL},
            Task("7", "b7-42", "done", "", "2222222222222222", "111", "555555555"),
        ),
        (
            {"id": 7, "external_id": "b7-42", "state": "done", "fiscal_data": ["odd"]},
            Task("7", "b7-42", "done"),
        ),
    ],
)  # fmt: skip
def test_what_a_state_means(content: Any, task: Task) -> None:
    assert read_status(answer_of(content), SETTINGS) == task
    assert read_callback(json.dumps(content).encode()) == task


@pytest.mark.parametrize("content", [{}, [], {"id": 7}, {"id": 7, "state": 1}, {"state": "done"}])
def test_what_is_no_state(content: Any) -> None:
    outcome = read_status(answer_of(content), SETTINGS)
    assert isinstance(outcome, Outcome)
    assert outcome.verdict == "ambiguous"
    with pytest.raises(InputError, match="no receipt was changed"):
        read_callback(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("status", "verdict"), [(401, "denied"), (404, "ambiguous"), (429, "ambiguous")]
)
def test_a_state_that_is_not_told(status: int, verdict: str) -> None:
    outcome = read_status(answer_of({"id": 7, "state": "done"}, status), SETTINGS)
    assert isinstance(outcome, Outcome)
    assert outcome.verdict == verdict


@given(answers("id", "state", "done", "external_id", "description", EXISTS, SECRET))
def test_any_answer_has_an_outcome_that_can_be_stored(answer: Answer) -> None:
    outcome = read_answer(answer, SETTINGS)
    assert is_sound(outcome)
    assert SECRET not in outcome.excerpt + outcome.detail
    told = read_status(answer, SETTINGS)
    assert isinstance(told, Task) or is_sound(told)


def test_where_a_receipt_is_seen() -> None:
    task = Task("7", "b7&42", "done")
    assert receipt_link(task, SETTINGS) == (
        "https://kassa.komtet.ru/receipts?id=7&external_id=b7%2642"
    )


URL = "https://isp.example/komtet"


def test_a_call_that_is_signed() -> None:
    with KomtetServer() as server:
        settings = replace(SETTINGS, url=server.url)
        send(send_request(RECEIPT, settings))
        body, given = server.callback("b7-42", URL)
    secret = Secret(SECRET)
    assert verify_callback(secret, "POST", URL, body, given)
    assert verify_callback(secret, "POST", URL, body, given.upper())
    assert read_callback(body).external_id == "b7-42"
    for wrong in (given[:-1], "", "ключ", given.replace(given[0], "g"), "\ud800"):
        assert not verify_callback(secret, "POST", URL, body, wrong)
    assert not verify_callback(Secret("other"), "POST", URL, body, given)
    assert not verify_callback(secret, "POST", URL, body + b" ", given)
    assert not verify_callback(secret, "POST", f"{URL}/", body, given)
    assert not verify_callback(secret, "GET", URL, body, given)


def test_nothing_shows_the_secret_or_the_receipt() -> None:
    request = send_request(RECEIPT, SETTINGS)
    for shown in (repr(SETTINGS), repr(RECEIPT), repr(request)):
        assert SECRET not in shown
        assert "ivan" not in shown
        assert dict(request.headers)["X-HMAC-Signature"] not in shown


def test_a_receipt_sent_twice_is_made_once() -> None:
    with KomtetServer() as server:
        settings = replace(SETTINGS, url=server.url)
        request = send_request(RECEIPT, settings)
        server.next(RESETS_AFTER)
        failure(request)
        outcome = read_answer(send(request), settings)
        assert (outcome.verdict, outcome.remote_id) == ("done", "1000")
        assert server.sent == {"b7-42": 2}
        assert [made.content["payments"][0]["sum"] for made in server.made.values()] == [
            Decimal("500.05")
        ]
        server.names_known = False
        assert read_answer(send(request), settings).verdict == "ambiguous"
        assert len(server.made) == 1
    assert komtet.PROMISE == "idempotent"


def test_a_task_is_done_in_time_or_fails() -> None:
    def state(server: KomtetServer, number: str) -> Task | Outcome:
        settings = replace(SETTINGS, url=server.url)
        outcome = read_answer(
            send(send_request(replace(RECEIPT, external_id=number), settings)), settings
        )
        for _ in range(server.polls - 1):
            told = read_status(send(status_request(outcome.remote_id, settings)), settings)
            assert isinstance(told, Task)
            assert told.state == "new"
        return read_status(send(status_request(outcome.remote_id, settings)), settings)

    with KomtetServer() as server:
        server.polls = 3
        server.fails["bad"] = "Нет бумаги"
        good, bad = state(server, "good"), state(server, "bad")
    assert isinstance(good, Task)
    assert (good.state, good.document) == ("done", "1000")
    assert bad == Task("1001", "bad", "error", "Нет бумаги")


def test_a_server_refuses() -> None:
    with KomtetServer() as server:
        settings = replace(SETTINGS, url=server.url)

        def verdict(receipt: Receipt, settings: KomtetConfig) -> str:
            return read_answer(send(send_request(receipt, settings)), settings).verdict

        assert verdict(RECEIPT, replace(settings, secret=Secret("other"))) == "denied"
        assert verdict(RECEIPT, replace(settings, shop_id="other")) == "denied"
        assert verdict(RECEIPT, replace(settings, queue="4")) == "refused"
        assert verdict(replace(RECEIPT, phone="", email="nobody"), settings) == "refused"
        server.next(TOO_MANY, Fault("html"), Fault("status", status=502))
        assert [verdict(RECEIPT, settings) for _ in range(3)] == [
            "retry", "ambiguous", "ambiguous",
        ]  # fmt: skip
        assert server.made == {}
