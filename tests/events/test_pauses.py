"""When a channel is paused, and what lifts that."""

from __future__ import annotations

from engine.events.outcome import Outcome
from engine.events.pauses import Channel, after
from tests.events.books import DONE, NOW, rules

RULES = rules().events
BUSY = Outcome("retry", "HTTP 429: not now", is_outage=True, after_seconds=60)
DOWN = Outcome("retry", "no connection", is_outage=True)


def test_an_answer_that_was_under_way_does_not_end_the_time_that_was_asked_for() -> None:
    channel = after(Channel("sms"), [BUSY, DONE], RULES, NOW)
    assert (channel.paused_until, channel.failures) == (NOW + 60_000, 0)
    assert after(channel, [DONE], RULES, NOW + 59_999) == channel
    assert after(channel, [DONE], RULES, NOW + 60_000) == Channel("sms")


def test_an_answer_that_was_under_way_shows_that_a_provider_is_not_down() -> None:
    assert after(Channel("sms"), [DOWN] * 3, RULES, NOW).paused_until == NOW + 300_000
    assert after(Channel("sms"), [*[DOWN] * 3, DONE], RULES, NOW) == Channel("sms")
