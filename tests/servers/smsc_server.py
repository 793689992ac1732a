"""A stand-in for SMSC: sends what it is given once, and knows what it was given.

`taken` counts what was accepted, by id, phone and text. Like the real one it refuses a request that
it has seen in the last minute (error 9), whatever became of the first; the minute ends by `forget`.
`crowded` requests are refused because too many came at once. While `no_money` is set nothing is
taken, but is known by its id.
"""

from __future__ import annotations

import threading
from collections import Counter

from tests.servers.faults import Chaos
from tests.servers.http_stand_in import Heard, HttpStandIn, Reply, json_reply

LOGIN = "telecom"
PASSWORD = "пароль-1234"


class SmscServer(HttpStandIn):
    """Serves while the block runs; see HttpStandIn."""

    def __init__(
        self, chaos: Chaos | None = None, login: str = LOGIN, password: str = PASSWORD
    ) -> None:
        super().__init__(self._answer, chaos)
        self.login = login
        self.password = password
        self.no_money = False
        self.crowded = 0
        self._lock = threading.Lock()
        self._recent: set[bytes] = set()
        self._taken: Counter[tuple[int, str, str]] = Counter()
        self._statuses: dict[tuple[str, str], int] = {}
        self._social = 0

    @property
    def taken(self) -> Counter[tuple[int, str, str]]:
        """How often each id, phone and text was accepted."""
        with self._lock:
            return self._taken.copy()

    @property
    def social(self) -> int:
        """How many of what was accepted went to social networks."""
        return self._social

    def forget(self) -> None:
        """A minute passes."""
        with self._lock:
            self._recent.clear()

    def set_status(self, number: int, phone: str, status: int) -> None:
        """What became of a message."""
        with self._lock:
            self._statuses[str(number), phone] = status

    def _answer(self, heard: Heard) -> Reply:
        form = heard.form
        if heard.path not in ("/sys/send.php", "/sys/status.php"):
            return Reply(b"Not Found", 404, "text/plain")
        if form.get("fmt") != "3":
            return Reply(b"OK - 1 SMS, ID - 1", content_type="text/plain")
        if (form.get("login"), form.get("psw")) != (self.login, self.password):
            return _error(2, "authorise error")
        with self._lock:
            if heard.path.endswith("status.php"):
                return self._status(form)
            return self._send(form, heard.body)

    def _send(self, form: dict[str, str], body: bytes) -> Reply:
        if self.crowded:
            self.crowded -= 1
            return _error(9, "too many concurrent requests")
        if body in self._recent:
            return _error(9, "duplicate request, wait a minute")
        self._recent.add(body)
        number, phone, text = form.get("id", ""), form.get("phones", ""), form.get("mes", "")
        if not number.isdecimal() or not text or form.get("charset") != "utf-8":
            return _error(1, "parameters error")
        if not (phone.isdecimal() and 10 <= len(phone) <= 15):
            return _error(7, "invalid number", int(number))
        if self.no_money:
            self._statuses[number, phone] = 24
            return _error(3, "no money", int(number))
        self._taken[int(number), phone, text] += 1
        self._social += form.get("soc") == "1"
        self._statuses[number, phone] = -1
        return json_reply({"id": int(number), "cnt": 1})

    def _status(self, form: dict[str, str]) -> Reply:
        number, phone = form.get("id", ""), form.get("phone", "")
        status = self._statuses.get((number, phone))
        if status is None:
            return json_reply({"status": -3})
        when = {"last_date": "26.11.2026 16:00:00", "last_timestamp": 1_795_698_000}
        return json_reply({"status": status, **when, "flag": 0, "err": 0})


def _error(code: int, words: str, number: int | None = None) -> Reply:
    named = {} if number is None else {"id": number}
    return json_reply({"error": words, "error_code": code, **named})
