"""Fiscal receipts by Komtet Kassa, as they go over the wire. Pure.

The vendor's own library is not used: its requests have no deadline, and it makes floats of amounts.

A receipt has a number of ours, `external_id`. They make one receipt of it, however often it is
sent, so it can be sent again when an answer was lost. It is made later, by a cash register: what
they answer at first is the number of a task, whose state is asked for, or comes by a signed call.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode

from engine.errors import ConfigError, InputError
from engine.events.kinds import Promise
from engine.events.outcome import Outcome
from engine.integrations import replies
from engine.integrations.provider_settings import KomtetConfig
from engine.integrations.wire import Answer, Request
from engine.money import format_amount

if TYPE_CHECKING:
    from engine.config.model import Secret

PROMISE: Promise = "idempotent"

Intent = Literal["sell", "sellReturn"]
TaskState = Literal["new", "done", "error"]

_HEADERS = (("Accept", "application/json"), ("Content-Type", "application/json"))

# What they say to a second receipt of the same number.
_EXISTS = re.compile(r"внешним идентификатором\s.*уже существует", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, repr=False)
class Receipt:
    """A receipt of one service, paid in full by card. `total` is positive minor units of roubles,
    `phone` digits, the country's first; it or `email` must be there. The cashier is printed when
    both name and INN are known. Raises ValueError for a receipt that cannot be."""

    external_id: str
    intent: Intent
    subject: str
    total: int
    vat: str = "no"
    tax_system: int = 1
    phone: str = ""
    email: str = ""
    cashier_name: str = ""
    cashier_inn: str = ""

    def __post_init__(self) -> None:
        if self.total <= 0 or not self.external_id or not (self.phone or self.email):
            raise ValueError("a receipt needs a number, an amount above zero, a phone or e-mail")

    def __repr__(self) -> str:
        return f"Receipt({self.external_id})"


@dataclass(frozen=True, slots=True)
class Task:
    """What they say of a receipt. `error` is why it could not be made. `drive`, `document` and
    `sign` identify a receipt that was made: numbers of the fiscal drive and of the document in it,
    and its fiscal sign."""

    id: str
    external_id: str
    state: TaskState
    error: str = ""
    drive: str = ""
    document: str = ""
    sign: str = ""


def send_request(receipt: Receipt, settings: KomtetConfig) -> Request:
    """The request that has a receipt made. Raises ConfigError when Komtet is not set up."""
    if settings.queue is None:
        raise ConfigError("[komtet] has no queue: nothing was sent; set queue")
    path = f"/api/shop/v1/queues/{quote(settings.queue, safe='')}/task"
    return _signed("POST", path, _body(receipt, settings).encode(), settings)


def status_request(task_id: str, settings: KomtetConfig) -> Request:
    """The request that asks for the state of a task."""
    return _signed("GET", f"/api/shop/v1/tasks/{quote(task_id, safe='')}", b"", settings)


def _signed(method: str, path: str, body: bytes, settings: KomtetConfig) -> Request:
    if settings.shop_id is None:
        raise ConfigError("[komtet] has no shop_id: nothing was sent; set shop_id")
    secret = replies.needed(settings.secret, "komtet", "secret")
    url = settings.url.rstrip("/") + path
    names = _HEADERS if body else _HEADERS[:1]
    headers = (
        *names,
        ("Authorization", settings.shop_id),
        ("X-HMAC-Signature", signature(secret, method, url, body)),
    )
    return Request(method, url, headers, body)


def signature(secret: str, method: str, url: str, body: bytes) -> str:
    """The signature that Komtet asks for, and gives with its calls."""
    text = f"{method}{url}".encode() + body
    return hmac.new(secret.encode(), text, "md5").hexdigest()


def _body(receipt: Receipt, settings: KomtetConfig) -> str:
    """The receipt in JSON, put together from texts: amounts are exact decimal numbers, which
    Python's own writer has only as floats."""
    text, amount = json.dumps, format_amount(receipt.total)
    position = _object(
        name=text(receipt.subject),
        price=amount,
        quantity="1",
        total=amount,
        vat=text(receipt.vat),
        calculation_method=text("full_payment"),
        calculation_subject=text("service"),
    )
    user = f"+{receipt.phone.lstrip('+')}" if receipt.phone else receipt.email
    fields = {
        "external_id": text(receipt.external_id),
        "user": text(user),
        "print": "false",
        "intent": text(receipt.intent),
        "sno": str(receipt.tax_system),
        "payments": f"[{_object(sum=amount, type=text('card'))}]",
        "positions": f"[{position}]",
    }
    if receipt.cashier_name and receipt.cashier_inn:
        fields["cashier"] = _object(name=text(receipt.cashier_name), inn=text(receipt.cashier_inn))
    if settings.callback_url is not None:
        fields["callback_url"] = text(settings.callback_url)
    return _object(**fields)


def _object(**fields: str) -> str:
    """A JSON object of values that are JSON already."""
    return "{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}"


def read_answer(answer: Answer, settings: KomtetConfig) -> Outcome:
    """What came of a receipt; `remote_id` is the task's. Done means that it will be made, or was
    refused by the cash register, which its state tells."""
    return replies.without(_read(answer), [settings.secret])


def _read(answer: Answer) -> Outcome:
    outcome = replies.overloaded(answer)
    if outcome is not None:
        return outcome
    content = replies.read_object(answer)
    number, words = replies.text_of(content.get("id"), 40), _words(content)
    if answer.status in (200, 201):
        if not number or replies.text_of(content.get("state")) == "":
            return replies.unread(answer)
        return replies.told(answer, "done", "taken by Komtet", remote_id=number)
    if answer.status == 409 or (answer.status < 500 and _EXISTS.search(words)):
        number = replies.text_of(content.get("task_id"), 40) or number
        if number:
            return replies.told(answer, "done", "Komtet had it already", remote_id=number)
        # There will be no second receipt, but the state of this one cannot be asked for without
        # the task, and to send it again would only bring the same remark.
        outcome = replies.told(
            answer, "ambiguous", f"Komtet has it already, but does not name its task: {words}"
        )
        return replace(outcome, is_for_person=True)
    outcome = replies.unread(answer)
    return replies.told(
        answer, outcome.verdict, f"{outcome.detail}: {words}" if words else outcome.detail,
        is_outage=outcome.is_outage,
    )  # fmt: skip


def _words(content: Mapping[str, object]) -> str:
    """Why they refuse: {"title": ..., "code": "VLD10", "description": ...}."""
    parts = (replies.text_of(content.get(name)) for name in ("code", "title", "description"))
    return " ".join(filter(None, parts))


def read_status(answer: Answer, settings: KomtetConfig) -> Task | Outcome:
    """The state of a task, or, where the answer does not tell it, why."""
    task = _task(replies.read_object(answer)) if answer.status == 200 else None
    return task or replies.without(replies.untold(answer), [settings.secret])


def receipt_link(task: Task, settings: KomtetConfig) -> str:
    """Where the subscriber sees a receipt that was made."""
    names = urlencode({"id": task.id, "external_id": task.external_id})
    return f"{settings.url.rstrip('/')}/receipts?{names}"


def verify_callback(secret: Secret, method: str, url: str, body: bytes, given: str) -> bool:
    """Whether a call to our `url` (as it was given to Komtet) is signed by them. `given` is the
    header X-HMAC-Signature."""
    wanted = signature(secret.reveal(), method, url, body)
    return hmac.compare_digest(wanted.encode(), given.lower().encode("utf-8", "replace"))


def read_callback(body: bytes) -> Task:
    """The state of a task from a call whose signature was verified. Raises InputError for a body
    that is none."""
    task = _task(replies.read_object(Answer(200, body)))
    if task is None or not task.external_id:
        raise InputError(
            "the call from Komtet names no receipt and no state; no receipt was changed; its state"
            " will be asked for"
        )
    return task


def _task(content: Mapping[str, object]) -> Task | None:
    number, state = replies.text_of(content.get("id"), 40), content.get("state")
    if not number or not isinstance(state, str) or not state:
        return None
    fiscal = content.get("fiscal_data")
    data = fiscal if isinstance(fiscal, dict) else {}
    drive, document, sign = (replies.text_of(data.get(name), 40) for name in ("fn", "i", "fp"))
    return Task(
        number,
        replies.text_of(content.get("external_id"), 100),
        _known(state),
        replies.text_of(content.get("error_description"), 300) if state == "error" else "",
        drive,
        document,
        sign,
    )


def _known(state: str) -> TaskState:
    match state:
        case "done" | "error":
            return state
    # Whatever else they may call it, it is not over.
    return "new"
