"""A stand-in for Komtet Kassa: signed receipts in, tasks out, made after some questions.

`sent` counts how often each receipt came, `made` are those that exist, each once, by `external_id`.
A receipt that is known gets the same task again; with `names_known` off only the remark that it is
there. A task is done after it was asked for `polls` times, or fails if `fails` has its number.
"""

from __future__ import annotations

import hmac
import json
import threading
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.servers.faults import Chaos
from tests.servers.http_stand_in import Heard, HttpStandIn, Reply, json_reply

SHOP_ID = "shop-7"
SECRET = "секрет-1234"
QUEUE = "3"


@dataclass(slots=True)
class Made:
    """A receipt; `content` is what was sent, with amounts as Decimal."""

    id: int
    external_id: str
    content: dict[str, Any]
    asked: int = 0


class KomtetServer(HttpStandIn):
    """Serves while the block runs; see HttpStandIn."""

    def __init__(
        self,
        chaos: Chaos | None = None,
        shop_id: str = SHOP_ID,
        secret: str = SECRET,
        queue: str = QUEUE,
    ) -> None:
        super().__init__(self._answer, chaos)
        self.shop_id = shop_id
        self.secret = secret
        self.queue = queue
        self.polls = 1
        self.fails: dict[str, str] = {}
        self.names_known = True
        self._lock = threading.Lock()
        self._sent: Counter[str] = Counter()
        self._made: dict[str, Made] = {}
        self._tasks: dict[str, Made] = {}

    @property
    def sent(self) -> Counter[str]:
        """How often each receipt came, by external_id."""
        with self._lock:
            return self._sent.copy()

    @property
    def made(self) -> dict[str, Made]:
        """The receipts that there are, by external_id."""
        with self._lock:
            return dict(self._made)

    def callback(self, external_id: str, url: str) -> tuple[bytes, str]:
        """The body and signature of the call that tells `url` what became of a receipt."""
        with self._lock:
            body = json.dumps(self._state(self._made[external_id])).encode()
        return body, self._signature("POST", url, body)

    def _signature(self, method: str, url: str, body: bytes) -> str:
        return hmac.new(
            self.secret.encode(), method.encode() + url.encode() + body, "md5"
        ).hexdigest()

    def _answer(self, heard: Heard) -> Reply:
        given = heard.headers.get("x-hmac-signature", "")
        wanted = self._signature(heard.method, self.url + heard.target, heard.body)
        if heard.headers.get("authorization") != self.shop_id or given != wanted:
            return _error(401, "AUTH01", "Ошибка авторизации")
        with self._lock:
            if (heard.method, heard.path) == ("POST", f"/api/shop/v1/queues/{self.queue}/task"):
                return self._send(heard.body)
            task = self._tasks.get(heard.path.removeprefix("/api/shop/v1/tasks/"))
            if heard.method != "GET" or task is None:
                return _error(404, "NF01", "Не найдено")
            task.asked += 1
            return json_reply(self._state(task))

    def _send(self, body: bytes) -> Reply:
        content = json.loads(body, parse_float=Decimal)
        wrong = _problem(content)
        if wrong:
            return _error(422, "VLD10", wrong)
        number = content["external_id"]
        self._sent[number] += 1
        known = self._made.get(number)
        if known is not None and not self.names_known:
            return _error(
                422, "VLD11",
                f"external_id: Чек с внешним идентификатором {number} уже существует",
            )  # fmt: skip
        if known is None:
            known = Made(1_000 + len(self._made), number, content)
            self._made[number] = self._tasks[str(known.id)] = known
        state = self._state(known)["state"]
        return json_reply(
            {"id": known.id, "external_id": number, "print_queue_id": 3, "state": state}
        )

    def _state(self, task: Made) -> dict[str, Any]:
        told: dict[str, Any] = {"id": task.id, "external_id": task.external_id, "state": "new"}
        if task.asked < self.polls:
            return told | {"error_description": None, "fiscal_data": None}
        if task.external_id in self.fails:
            return told | {"state": "error", "error_description": self.fails[task.external_id]}
        fiscal = {
            "i": str(task.id), "fn": "9999078900001234", "t": "20261126T1600", "n": 1,
            "fp": "555555555", "s": str(task.content["payments"][0]["sum"]),
        }  # fmt: skip
        return told | {"state": "done", "error_description": None, "fiscal_data": fiscal}


def _problem(content: dict[str, Any]) -> str:
    """Why a receipt is refused, "" for a good one."""
    (position,), (payment,) = content["positions"], content["payments"]
    if content["intent"] not in ("sell", "sellReturn") or content["sno"] not in range(6):
        return "Неизвестное направление платежа или система налогообложения"
    if not content["user"].startswith("+") and "@" not in content["user"]:
        return "user: нужен телефон или e-mail"
    amounts = {position["price"] * position["quantity"], position["total"], payment["sum"]}
    if len(amounts) != 1 or not isinstance(payment["sum"], Decimal) or payment["sum"] <= 0:
        return "Сумма оплат не равна сумме позиций"
    return ""


def _error(status: int, code: str, words: str) -> Reply:
    return json_reply({"title": "Ошибка", "code": code, "description": words}, status)
