"""An action whose request cannot even be made is answered for all the same."""

from __future__ import annotations

import queue

from engine.events.http_sender import Exchange, HttpSender
from engine.events.outcome import Outcome
from engine.integrations.http import HttpClient
from engine.integrations.loop import PrivateLoop
from engine.integrations.wire import Request
from tests.events.books import DONE, Handed


def test_a_payload_that_nobody_foresaw_is_refused() -> None:
    def build(action: Handed) -> Request:
        raise KeyError(action.payload["secret"])

    told: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    action = Handed(1, 1, 1000, "notice", "sms", "key", {"secret": "79991234567"}, 1, 0)
    with PrivateLoop("test") as loop:
        client = HttpClient(1)
        exchange = Exchange(build, lambda answer: DONE)
        sender = HttpSender(loop, client, "at_most_once", exchange, None, 1, 1.0, 5)
        sender.send(action, told.put)
        outcome = told.get(timeout=30)
    assert (outcome.verdict, outcome.detail) == ("refused", "internal error KeyError")


def test_who_cannot_be_asked_is_sent_nothing() -> None:
    built: list[Handed] = []

    def build(action: Handed) -> Request:
        built.append(action)
        raise AssertionError("nothing may be sent by asking")

    told: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    action = Handed(1, 1, 1000, "notice", "sms", "key", {}, 1, 0)
    with PrivateLoop("test") as loop:
        exchange = Exchange(build, lambda answer: DONE)
        sender = HttpSender(loop, HttpClient(1), "at_most_once", exchange, None, 1, 1.0, 5)
        sender.ask(action, told.put)
        outcome = told.get(timeout=30)
    assert (outcome.verdict, built) == ("ambiguous", [])
