"""What answers mean whoever gave them: status by status, Retry-After, and what is no JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Secret
from engine.errors import ConfigError
from engine.events.outcome import MOST_EXCERPT, Outcome
from engine.integrations import replies
from engine.integrations.wire import Answer, NotSent, Unclear

DAY = "Thu, 26 Nov 2026 13:00:00 GMT"


@pytest.mark.parametrize(
    ("status", "verdict", "is_outage"),
    [
        (408, "retry", True),
        (425, "retry", True),
        (429, "retry", True),
        (503, "retry", True),
        (500, "ambiguous", True),
        (502, "ambiguous", True),
        (504, "ambiguous", True),
        (599, "ambiguous", True),
    ],
)
def test_statuses_that_are_about_the_server(status: int, verdict: str, is_outage: bool) -> None:
    outcome = replies.overloaded(Answer(status, b"{}"))
    assert outcome is not None
    assert (outcome.verdict, outcome.is_outage, outcome.status) == (verdict, is_outage, status)


@pytest.mark.parametrize(
    ("status", "verdict", "is_outage"),
    [
        (200, "ambiguous", True),
        (204, "ambiguous", True),
        (302, "ambiguous", True),
        (400, "refused", False),
        (401, "denied", False),
        (402, "retry", True),
        (403, "denied", False),
        (404, "refused", True),
        (409, "ambiguous", True),
        (413, "refused", False),
        (422, "refused", False),
    ],
)
def test_statuses_without_a_body(status: int, verdict: str, is_outage: bool) -> None:
    assert replies.overloaded(Answer(status)) is None
    outcome = replies.unread(Answer(status))
    assert (outcome.verdict, outcome.is_outage, outcome.status) == (verdict, is_outage, status)


@pytest.mark.parametrize(
    ("text", "date", "seconds"),
    [
        ("7", "", 7.0),
        (" 7 ", "", 7.0),
        ("0", "", 0.0),
        ("3601", "", 3600.0),
        ("999999999", "", 3600.0),
        ("Thu, 26 Nov 2026 13:01:30 GMT", DAY, 90.0),
        ("Thu, 26 Nov 2026 12:00:00 GMT", DAY, 0.0),
        ("Fri, 27 Nov 2026 13:00:00 GMT", DAY, 3600.0),
        ("Thu, 26 Nov 2026 13:01:30 GMT", "", None),
        ("Thu, 26 Nov 2026 13:01:30 GMT", "today", None),
        ("Thu, 26 Nov 2026 13:01:30", DAY, None),
        ("", DAY, None),
        ("-7", "", None),
        ("1.5", "", None),
        ("soon", DAY, None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", DAY, None),
        ("Thu, 26 Nov 2026 13:01:30 +99999999999999999999", DAY, None),
    ],
)
def test_how_long_to_wait(text: str, date: str, seconds: float | None) -> None:
    answer = Answer(429, retry_after=text, date=date)
    assert replies.wait_of(answer) == seconds
    outcome = replies.overloaded(answer)
    assert outcome is not None
    assert outcome.after_seconds == seconds


@given(st.text(), st.text())
def test_any_retry_after_is_a_time_or_none(text: str, date: str) -> None:
    seconds = replies.wait_of(Answer(429, retry_after=text, date=date))
    assert seconds is None or 0 <= seconds <= replies.MOST_WAIT


@pytest.mark.parametrize(
    "body",
    [b"", b"  ", b"<html>", b"\xff\xfe", b'{"a": ', b"[" * 60_000, b'{"a":' * 10_000, b"null"],
)
def test_what_is_no_object(body: bytes) -> None:
    assert replies.read_object(Answer(200, body)) == {}


def test_numbers_with_a_fraction_stay_text() -> None:
    assert replies.read_object(Answer(200, b'\xef\xbb\xbf{"price": 1.68, "n": 2}')) == {
        "price": "1.68", "n": 2,
    }  # fmt: skip


@given(st.binary(max_size=5_000))
def test_an_excerpt_is_short(body: bytes) -> None:
    outcome = replies.told(Answer(200, body), "done", "")
    assert len(outcome.excerpt) <= MOST_EXCERPT
    assert body.decode("utf-8", "replace").startswith(outcome.excerpt[:-1])


def test_a_request_without_an_answer() -> None:
    nothing = replies.unanswered(NotSent("no connection"))
    assert (nothing.verdict, nothing.is_outage) == ("retry", True)
    assert nothing.detail == "nothing was sent: no connection"
    unclear = replies.unanswered(Unclear("the connection broke"))
    assert (unclear.verdict, unclear.is_outage) == ("ambiguous", True)
    assert "the connection broke" in unclear.detail


def test_a_secret_that_comes_back_is_not_kept() -> None:
    secret = Secret("ключ &1")
    shapes = ["ключ &1", "%D0%BA%D0%BB%D1%8E%D1%87+%261"]
    outcome = replies.without(
        Outcome("refused", f"for {shapes[0]}", excerpt=json.dumps(shapes, ensure_ascii=False)),
        [None, secret],
    )
    assert (outcome.detail, outcome.excerpt) == ("for ***", '["***", "***"]')


def test_not_even_a_piece_of_a_secret_is_kept() -> None:
    """The excerpt is cut, perhaps in the middle of it."""
    secret = Secret("0123456789abcdef")
    for filled in range(MOST_EXCERPT - 20, MOST_EXCERPT + 1):
        body = b"x" * filled + b"0123456789abcdef and more"
        excerpt = replies.without(replies.told(Answer(400, body), "refused", ""), [secret]).excerpt
        assert "0123" not in excerpt
        assert len(excerpt) <= MOST_EXCERPT


def test_a_missing_secret_is_told() -> None:
    with pytest.raises(ConfigError, match=r"\[smsc\] has no password: .* credential smsc-password"):
        replies.needed(None, "smsc", "password")
