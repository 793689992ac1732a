"""Messages by SMSC, as they go over the wire: SMS, and to VKontakte and Odnoklassniki. Pure.

A message has a number that we give it. When an answer is lost they can be asked by it whether they
took the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from engine.errors import ConfigError
from engine.events.kinds import Promise
from engine.events.outcome import Outcome, Verdict
from engine.integrations import replies
from engine.integrations.provider_settings import SmscConfig
from engine.integrations.wire import Answer, Request

PROMISE: Promise = "reconcilable"

MOST_ID = 2_147_483_647

_FORM = ("Content-Type", "application/x-www-form-urlencoded")

_DENIED = frozenset({2, 4})
_NO_MONEY = 3
_REPEATED = 9
_REPEATED_SECONDS = 60.0
"""A repeated request is refused for a minute, and so is a question asked too often."""

# Statuses of a message. Below zero it is not on its way, from 20 on it never will be.
_UNKNOWN = -3
_STOPPED = -2
_TAKEN = frozenset({-1, 0, 1, 2, 3, 4})
_STATUS_NO_MONEY = 24


@dataclass(frozen=True, slots=True, repr=False)
class SmscMessage:
    """A text to a phone number of digits, the country's first: 79161234567. `id` is ours, from 1
    to MOST_ID, and the same whenever the message is sent again. Raises ValueError for another."""

    id: int
    phone: str
    text: str
    is_social: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.id <= MOST_ID:
            raise ValueError(f"the id of a message for SMSC is from 1 to {MOST_ID}")

    def __repr__(self) -> str:
        return f"SmscMessage({self.id})"


def send_request(message: SmscMessage, settings: SmscConfig) -> Request:
    """The request that sends a message. Raises ConfigError when SMSC is not set up."""
    form = {"id": str(message.id), "phones": message.phone, "mes": message.text}
    if settings.sender is not None:
        form["sender"] = settings.sender
    if message.is_social:
        form["soc"] = "1"
    form["valid"] = f"{settings.valid_hours:02}:00"
    return _request(settings, "send", form)


def status_request(message: SmscMessage, settings: SmscConfig) -> Request:
    """The request that asks whether they took a message. They answer for the last one of its id; to
    be asked only when a request that we gave up cannot arrive any more."""
    return _request(settings, "status", {"id": str(message.id), "phone": message.phone})


def _request(settings: SmscConfig, what: str, form: dict[str, str]) -> Request:
    if settings.login is None:
        raise ConfigError("[smsc] has no login: nothing was sent; set login")
    form = {
        "login": settings.login,
        "psw": replies.needed(settings.password, "smsc", "password"),
        "fmt": "3",
        "charset": "utf-8",
        **form,
    }
    url = f"{settings.url.rstrip('/')}/sys/{what}.php"
    # A form also for the question: a URL would put the password into the logs on the way.
    return Request("POST", url, (_FORM,), urlencode(form, errors="replace").encode("ascii"))


def read_answer(answer: Answer, settings: SmscConfig) -> Outcome:
    """What came of a message; `remote_id` is its id. Done means taken, not delivered."""
    return replies.without(_read(answer), [settings.password])


def _read(answer: Answer) -> Outcome:
    outcome = replies.overloaded(answer)
    if outcome is not None:
        return outcome
    content = replies.read_object(answer)
    code = replies.code_of(content.get("error_code"))
    if code is not None:
        return _refusal(answer, code, replies.text_of(content.get("error")))
    number = replies.code_of(content.get("id"))
    if answer.status != 200 or number is None or "error" in content:
        return replies.unread(answer)
    return replies.told(answer, "done", "taken by SMSC", remote_id=str(number))


def _refusal(answer: Answer, code: int, words: str) -> Outcome:
    detail = f"SMSC error {code}: {words}"
    if code in _DENIED:
        return replies.told(answer, "denied", detail)
    if code == _NO_MONEY:
        return replies.told(answer, "retry", detail, is_outage=True)
    if code != _REPEATED:
        return replies.told(answer, "refused", detail)
    if "concurrent" in words:
        # The same number also says that too many requests of ours came at once.
        return replies.told(
            answer, "retry", detail, is_outage=True, after_seconds=_REPEATED_SECONDS
        )
    # They have seen the same request within the last minute, ours, whose answer was lost. What
    # became of that one it does not say: it may have been taken, or refused for want of money. They
    # know by its id, so this is not called done; they are asked.
    return replies.told(answer, "ambiguous", detail, after_seconds=_REPEATED_SECONDS)


def read_status(answer: Answer, settings: SmscConfig) -> Outcome:
    """What they say about a message: done, they took it; retry (never an outage), they do not know
    it, or had no money for it, so it may be sent again; refused; ambiguous, it cannot be told yet.
    """
    return replies.without(_read_status(answer), [settings.password])


def _read_status(answer: Answer) -> Outcome:
    value = replies.read_json(answer)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if answer.status != 200 or not isinstance(value, dict):
        return replies.untold(answer)
    code, status = replies.code_of(value.get("error_code")), replies.code_of(value.get("status"))
    if code is not None:
        detail = f"SMSC error {code}: {replies.text_of(value.get('error'))}"
        wait = _REPEATED_SECONDS if code == _REPEATED else None
        verdict: Verdict = "denied" if code in _DENIED else "ambiguous"
        return replies.told(answer, verdict, detail, after_seconds=wait)
    if status is None:
        return replies.untold(answer)
    if status in _TAKEN:
        return replies.told(answer, "done", f"SMSC has it (status {status})")
    if status == _UNKNOWN:
        return replies.told(answer, "retry", "SMSC does not know it")
    if status == _STATUS_NO_MONEY:
        return replies.told(answer, "retry", "SMSC had no money for it")
    if status == _STOPPED or status >= 20:
        return replies.told(answer, "refused", f"SMSC does not send it (status {status})")
    return replies.untold(answer)
