"""A stand-in for SMSPilot's API-1: what it would take, what it would say.

`taken` counts what was accepted, by phone and text: more than one of the same would be a message
sent twice. `key` is the one that is let in. While `no_money` is set nothing is taken.
"""

from __future__ import annotations

import threading
from collections import Counter

from tests.servers.faults import Chaos
from tests.servers.http_stand_in import Heard, HttpStandIn, Reply, json_reply

KEY = "ключ-1234"


class SmspilotServer(HttpStandIn):
    """Serves while the block runs; see HttpStandIn."""

    def __init__(self, chaos: Chaos | None = None, key: str = KEY) -> None:
        super().__init__(self._answer, chaos)
        self.key = key
        self.no_money = False
        self._lock = threading.Lock()
        self._taken: Counter[tuple[str, str]] = Counter()
        self._statuses: dict[str, str] = {}

    @property
    def taken(self) -> Counter[tuple[str, str]]:
        """How often each phone and text was accepted."""
        with self._lock:
            return self._taken.copy()

    def _answer(self, heard: Heard) -> Reply:
        form = heard.form
        if heard.path != "/api.php":
            return Reply(b"Not Found", 404, "text/plain")
        if form.get("format") != "json":
            return Reply(b"SUCCESS=SMS SENT", content_type="text/plain")
        if form.get("apikey") != self.key:
            return _error(101, "APIKEY is invalid", "Неправильный API-ключ")
        if "check" in form:
            return self._status(form["check"])
        return self._send(form)

    def _send(self, form: dict[str, str]) -> Reply:
        phone, text = form.get("to", ""), form.get("send", "")
        if not (phone.isdecimal() and 10 <= len(phone) <= 15):
            return _error(211, "TO is invalid", "Неправильный номер телефона")
        if not text:
            return _error(220, "TEXT is required", "Не указан текст")
        if self.no_money:
            return _error(241, "Not enough money", "Недостаточно средств")
        with self._lock:
            self._taken[phone, text] += 1
            number = str(10_000 + len(self._statuses))
            self._statuses[number] = "0"
        sent = {"server_id": number, "phone": phone, "price": "1.68", "status": "0"}
        return json_reply({"send": [sent], "balance": "11908.50", "cost": "1.68"})

    def _status(self, number: str) -> Reply:
        if number not in self._statuses:
            return _error(302, "SERVER_ID not found", "Сообщение не найдено")
        return json_reply({"check": [{"server_id": number, "status": self._statuses[number]}]})


def _error(code: int, english: str, russian: str) -> Reply:
    words = {"code": str(code), "description": english, "description_ru": russian}
    return json_reply({"error": words})
