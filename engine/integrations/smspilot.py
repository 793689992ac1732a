"""Messages by SMSPilot, as they go over the wire (its "API-1", form in and JSON out). Pure.

A message has a name of theirs only, given in the answer. When the answer is lost nobody can tell
whether they took it: at most once, then.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from engine.events.kinds import Promise
from engine.events.outcome import Outcome
from engine.integrations import replies
from engine.integrations.provider_settings import SmspilotConfig
from engine.integrations.wire import Answer, Request

PROMISE: Promise = "at_most_once"

_FORM = ("Content-Type", "application/x-www-form-urlencoded")

# Codes of errors. 100 to 109 are all about the key; 400 is a user that does not exist.
_DENIED = frozenset({*range(100, 110), 113, 400})
_NO_MONEY = frozenset({112, 241, 242})
_SYSTEM_ERROR = 110


@dataclass(frozen=True, slots=True, repr=False)
class SmspilotMessage:
    """A text to a phone number of digits, the country's first: 79161234567."""

    phone: str
    text: str

    def __repr__(self) -> str:
        return "SmspilotMessage(***)"


def send_request(message: SmspilotMessage, settings: SmspilotConfig) -> Request:
    """The request that sends a message. Raises ConfigError when SMSPilot is not set up."""
    form = {"send": message.text, "to": message.phone}
    if settings.sender is not None:
        form["from"] = settings.sender
    form |= {"format": "json", "apikey": replies.needed(settings.key, "smspilot", "key")}
    url = settings.url.rstrip("/") + "/api.php"
    return Request("POST", url, (_FORM,), urlencode(form, errors="replace").encode("ascii"))


def read_answer(answer: Answer, settings: SmspilotConfig) -> Outcome:
    """What came of a message; `remote_id` is their number for it. Done is taken, not delivered."""
    return replies.without(_read(answer), [settings.key])


def _read(answer: Answer) -> Outcome:
    outcome = replies.overloaded(answer)
    if outcome is not None:
        return outcome
    content = replies.read_object(answer)
    error = content.get("error")
    if isinstance(error, dict):
        return _refusal(answer, error)
    sent = content.get("send")
    one = sent[0] if isinstance(sent, list) and len(sent) == 1 else None
    if answer.status != 200 or not isinstance(one, dict):
        return replies.unread(answer)
    number, status = replies.text_of(one.get("server_id"), 40), replies.code_of(one.get("status"))
    if not number or status is None:
        return replies.unread(answer)
    if status < 0:
        return replies.told(
            answer, "refused", f"SMSPilot cannot deliver it (status {status})", remote_id=number
        )
    return replies.told(answer, "done", "taken by SMSPilot", remote_id=number)


def _refusal(answer: Answer, error: replies.JSON) -> Outcome:
    code = replies.code_of(error.get("code"))
    words = replies.text_of(error.get("description_ru")) or replies.text_of(
        error.get("description")
    )
    detail = f"SMSPilot error {code}: {words}"
    if code in _DENIED:
        return replies.told(answer, "denied", detail)
    if code in _NO_MONEY:
        return replies.told(answer, "retry", detail, is_outage=True)
    if code is None or code == _SYSTEM_ERROR:
        return replies.told(answer, "ambiguous", detail, is_outage=True)
    return replies.told(answer, "refused", detail)
