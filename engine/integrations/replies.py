"""What an answer means whoever gave it: its status, whether it can be read, how long to wait.

Pure. Providers ask here first and add what only they know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from engine.errors import ConfigError
from engine.events.outcome import MOST_EXCERPT, Outcome, Verdict
from engine.integrations.wire import Answer, NoAnswerError, NotSent

if TYPE_CHECKING:
    from engine.config.model import Secret

MOST_WAIT = 3_600.0
"""Seconds: nobody makes us wait longer."""

JSON = dict[str, Any]

# So many characters of a secret at the end of a text are no chance.
_FEW = 4


def told(
    answer: Answer,
    verdict: Verdict,
    detail: str,
    *,
    remote_id: str = "",
    is_outage: bool = False,
    after_seconds: float | None = None,
) -> Outcome:
    """An outcome with the status and the beginning of the answer it was read from."""
    return Outcome(
        verdict,
        detail,
        remote_id=remote_id,
        status=answer.status,
        excerpt=answer.body[: 4 * MOST_EXCERPT].decode("utf-8", "replace")[:MOST_EXCERPT],
        after_seconds=after_seconds,
        is_outage=is_outage,
    )


def unanswered(error: NoAnswerError) -> Outcome:
    """What came of a request that got no answer."""
    if isinstance(error, NotSent):
        return Outcome("retry", f"nothing was sent: {error}", is_outage=True)
    return Outcome("ambiguous", f"sent, but not answered: {error}", is_outage=True)


def overloaded(answer: Answer) -> Outcome | None:
    """What an answer means that is about the server and not about our request: too many requests,
    or a server that fails. None for any other, whose body is to be read.

    429 and 503 (and 425, 408) say that the request was not taken; of other failures of a server
    nobody knows what it had done before."""
    status = answer.status
    if status in (408, 425, 429, 503):
        return told(
            answer, "retry", f"HTTP {status}: not now", is_outage=True,
            after_seconds=wait_of(answer),
        )  # fmt: skip
    if status >= 500:
        return told(answer, "ambiguous", f"HTTP {status}: the server failed", is_outage=True)
    return None


def unread(answer: Answer) -> Outcome:
    """What an answer means by its status alone, when its body tells nothing."""
    status = answer.status
    if status in (401, 403, 407):
        return told(answer, "denied", f"HTTP {status}: we are not let in")
    if status == 402:
        return told(answer, "retry", "HTTP 402: the account has no money", is_outage=True)
    if status in (404, 405, 410):
        # This may be a bad number of theirs; it is also what a wrong URL of ours looks like, and
        # then it is not about this one action.
        return told(answer, "refused", f"HTTP {status}: there is nothing of that", is_outage=True)
    if 400 <= status < 500 and status != 409:
        return told(answer, "refused", f"HTTP {status}: the request is wrong")
    what = "empty" if not answer.body.strip() else "not what was asked for"
    return told(answer, "ambiguous", f"HTTP {status}: the answer is {what}", is_outage=True)


def unasked(error: NoAnswerError) -> Outcome:
    """What is known when a question about an action got no answer: as little as before. Not even
    one that was not sent allows the action to be repeated."""
    return Outcome("ambiguous", f"they could not be asked: {error}", is_outage=True)


def untold(answer: Answer) -> Outcome:
    """What is known when the answer to a question about an action tells nothing of it."""
    if answer.status in (401, 403, 407):
        return unread(answer)
    return told(
        answer, "ambiguous", f"HTTP {answer.status}: they do not say what became of it",
        is_outage=True, after_seconds=wait_of(answer),
    )  # fmt: skip


def read_json(answer: Answer) -> Any:
    """The JSON value of a body, None when it is none. Numbers with a fraction stay text: they are
    money, which is not read here."""
    try:
        return json.loads(answer.body.decode("utf-8-sig"), parse_float=str)
    except (ValueError, RecursionError):
        return None


def read_object(answer: Answer) -> JSON:
    """The JSON object of a body, {} when it is none."""
    value = read_json(answer)
    return value if isinstance(value, dict) else {}


def code_of(value: object) -> int | None:
    """A code or a number that may have come as text, None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    return None


def text_of(value: object, limit: int = 200) -> str:
    """A text, or a number as text, at most `limit` characters; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)[:limit]


def wait_of(answer: Answer) -> float | None:
    """How many seconds `Retry-After` asks for, at most MOST_WAIT; None when it does not. A date is
    counted from the date of the answer: the two clocks need not agree."""
    text = answer.retry_after.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), MOST_WAIT)
    until, now = _date(text), _date(answer.date)
    if until is None or now is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), MOST_WAIT)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # One without a zone is UTC by the rules of HTTP, yet Python leaves it open.
    return found if found.tzinfo is not None else None


def without(outcome: Outcome, secrets: Iterable[Secret | None]) -> Outcome:
    """The outcome with `***` for each secret, in case the other side repeats what we sent."""
    for secret in secrets:
        if secret is None:
            continue
        for shape in {secret.reveal(), quote_plus(secret.reveal())}:
            outcome = replace(
                outcome,
                detail=_masked(outcome.detail, shape),
                excerpt=_masked(outcome.excerpt, shape),
            )
    return outcome


def _masked(text: str, secret: str) -> str:
    text = text.replace(secret, "***")
    # It may have been cut in the middle of the secret.
    for length in range(len(secret) - 1, _FEW - 1, -1):
        if text.endswith(secret[:length]):
            return f"{text[:-length]}***"
    return text


def needed(value: Secret | None, section: str, key: str) -> str:
    """A secret's text. Raises ConfigError when it is not set."""
    if value is None:
        raise ConfigError(
            f"[{section}] has no {key}: nothing was sent; set {key}_file, or give the service the"
            f" credential {section}-{key}"
        )
    return value.reveal()
