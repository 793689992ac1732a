"""Failed notices that are sent again, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from engine.errors import InputError, NeedsConfirmation
from engine.events import by_hand, outbox, resend
from engine.events.by_hand import Refused
from engine.events.settings import Mode
from tests.events.books import (
    IVAN,
    NOW,
    OLGA,
    FixedClock,
    Obedient,
    Rules,
    actions,
    deliver,
    ledger_with,
    open_event_books,
    rules,
)
from tests.events.hand_books import HAND, HOUR, LATER, an_action, moment, one


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    yield opened
    opened.close()


def test_a_failed_notice_goes_to_the_number_of_now_by_the_channel_of_now(
    database: Database,
) -> None:
    number = an_action(database, "dead", reason="no such number", attempts=3)
    database.execute("UPDATE subscriber SET phone = '8 999 765-43-21' WHERE id = ?", (IVAN,))
    now = replace(rules(), notices=replace(rules().notices, sms="other"))
    answer = resend.resend(database, now, moment(LATER), [number], replace(HAND, now_ms=LATER))
    (added,) = answer.added
    assert answer == by_hand.Answer((number,), (), (added,))
    assert one(database, number, "state, reason") == (
        "cancelled",
        "sent again as round 2; before dead: no such number",
    )
    assert one(database, added, "event_id, kind, channel, round, state, attempts, next_at") == (
        *one(database, number, "event_id"), "notice", "other", 2, "waiting", 0, LATER,
    )  # fmt: skip
    other = Obedient()
    deliver(database, {"other": other}, now, FixedClock(LATER))
    (sent,) = other.sent
    assert sent.payload["phone"] == "8 999 765-43-21"
    assert sent.payload["values"]["amount"] == "500.00"


def test_never_two_rounds_at_a_time(database: Database) -> None:
    first = an_action(database, "dead")
    (second,) = resend.resend(database, rules(), moment(), [first], HAND).added
    again = resend.resend(database, rules(), moment(), [first], replace(HAND, now_ms=LATER))
    assert again.refused == (Refused(first, "it was sent again already"),)
    open_one = resend.resend(database, rules(), moment(), [second], HAND)
    assert open_one.refused == (Refused(second, "it is waiting"),)
    by_hand.cancel(database, [second], "", HAND)
    third = resend.resend(database, rules(), moment(), [first, second], HAND)
    assert [refusal.action for refusal in third.refused] == [first]
    assert one(database, third.added[0], "round") == (3,)


def test_social_notices_keep_to_their_own_channel(database: Database) -> None:
    both: Rules = replace(rules(), notices=replace(rules().notices, social="smsc"))
    ledger_with(database, both).payment("ivan", 500_00)
    database.execute("UPDATE action SET state = 'dead', ended_at = ? WHERE kind = 'notice'", (NOW,))
    ids = [number for number, kind in actions(database, "id, kind") if kind == "notice"]
    answer = resend.resend(database, both, moment(), ids, HAND)
    added = [one(database, number, "channel, round") for number in answer.added]
    assert sorted(added) == [("sms", 2), ("smsc_social", 2)]


@pytest.mark.parametrize("why", ["receipt", "no phone", "no channel", "unknown"])
def test_what_is_not_sent_again(database: Database, why: str) -> None:
    given = rules()
    number = an_action(database, "dead", kind="receipt" if why == "receipt" else "notice")
    if why == "no phone":
        database.execute("UPDATE subscriber SET phone = ''")
    elif why == "no channel":
        given = replace(given, notices=replace(given.notices, sms=""))
    elif why == "unknown":
        database.execute("UPDATE action SET state = 'unknown' WHERE id = ?", (number,))
        with pytest.raises(NeedsConfirmation):
            resend.resend(database, given, moment(), [number], HAND)
        return
    before = actions(database, "id, state")
    answer = resend.resend(database, given, moment(), [number], HAND)
    assert (answer.changed, answer.added) == ((), ())
    assert why.split()[-1] in answer.refused[0].reason or "provider" in answer.refused[0].reason
    assert actions(database, "id, state") == before


def test_an_unknown_one_that_is_sent_again_is_not_asked_for_any_more(database: Database) -> None:
    number = an_action(database, "unknown", next_at=NOW)
    answer = resend.resend(database, rules(), moment(), [number], HAND, confirmed=True)
    assert len(answer.added) == 1
    assert outbox.to_ask(database, "sms", NOW + HOUR, 5) == []


@pytest.mark.parametrize("mode", ["off", "dry"])
def test_nothing_is_sent_again_where_nothing_is_delivered(database: Database, mode: Mode) -> None:
    number = an_action(database, "dead")
    given = replace(rules(), events=replace(rules().events, mode=mode))
    with pytest.raises(InputError, match=f"mode = {mode}"):
        resend.resend(database, given, moment(), [number], HAND)
    assert one(database, number, "state") == ("dead",)


def test_in_the_quiet_hours_it_waits_for_their_end(database: Database) -> None:
    number = an_action(database, "dead")
    night = NOW + 12 * HOUR  # midnight in Moscow
    answer = resend.resend(database, rules(), moment(night), [number], replace(HAND, now_ms=night))
    assert one(database, answer.added[0], "next_at, expires_at") == (
        night + 10 * HOUR,
        night + 22 * HOUR,
    )


def test_the_preview_of_a_bulk_resend(database: Database) -> None:
    ids = [an_action(database, "dead", reason="no such number") for _ in range(2)]
    ids.append(an_action(database, "expired", reason="its time was over"))
    late = an_action(database, "dead", reason="blocked", created_at=NOW + HOUR)
    olgas = an_action(database, "dead", reason="no such number", subscriber_id=OLGA)
    cancelled = an_action(database, "cancelled")
    an_action(database, "done")
    an_action(database, "dead", kind="receipt")
    found = resend.failed_notices(database, until=NOW + HOUR)
    assert found.ids == (*ids, olgas)
    assert [(group.state, group.channel, group.reason, group.count) for group in found.groups] == [
        ("dead", "sms", "no such number", 3),
        ("expired", "sms", "its time was over", 1),
    ]
    assert found.logins == ("ivan", "olga")
    assert resend.failed_notices(database, since=NOW + HOUR).ids == (late,)
    assert resend.failed_notices(database, states=("cancelled",)).ids == (cancelled,)
    assert resend.failed_notices(database, channel="smsc").ids == ()
    resend.resend(database, rules(), moment(), [*found.ids, cancelled], HAND)
    left = resend.failed_notices(database, states=("dead", "expired", "cancelled"))
    assert left.ids == (late,)
