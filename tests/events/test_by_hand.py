"""What persons do about actions, beside a delivery, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import peewee
import pytest

from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.errors import InputError, NeedsConfirmation
from engine.events import by_hand, outbox, pauses, resend
from engine.events.by_hand import Hand, Refused
from engine.events.channel_hand import lift, pause
from engine.events.delivery import Delivery
from engine.events.kinds import STATES
from engine.events.plan import Moment
from engine.events.settings import Mode
from engine.hooks import WorkHooks
from engine.retry import run_unit
from tests.events.books import (
    BILLING,
    DONE,
    IVAN,
    NOW,
    OLGA,
    FixedClock,
    Handed,
    Obedient,
    Outcome,
    Rules,
    actions,
    deliver,
    ledger_with,
    open_event_books,
    rules,
)

HAND = Hand("boris", NOW, 5)
LATER = NOW + 60_000
REFUSED = Outcome("refused", "no such number")
UNCLEAR = Outcome("ambiguous", "no answer within 15 s")
HOUR = 3_600_000


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    yield opened
    opened.close()


def an_action(database: Database, state: str, kind: str = "notice", **facts: Any) -> int:
    """The notice or receipt of a new payment of ivan, in a state."""
    ledger_with(database, rules()).payment("ivan", 500_00)
    number = database.integer("SELECT MAX(id) FROM action WHERE kind = ?", (kind,))
    facts = {"state": state, "next_at": NOW if state in ("waiting", "retrying") else None, **facts}
    if state == "sending":
        facts["sent_at"] = NOW
    if state not in ("waiting", "sending", "retrying", "unknown"):
        facts["ended_at"] = NOW
    assigned = ", ".join(f"{name} = ?" for name in facts)
    database.execute(f"UPDATE action SET {assigned} WHERE id = ?", (*facts.values(), number))
    return number


def one(database: Database, number: int, columns: str) -> tuple[Any, ...]:
    return tuple(database.row(f"SELECT {columns} FROM action WHERE id = ?", (number,)) or ())


def moment(now_ms: int = NOW) -> Moment:
    return Moment(now_ms, BILLING.timezone, BILLING.currency)


@pytest.mark.parametrize("state", STATES)
def test_each_state_allows_what_it_allows(database: Database, state: str) -> None:
    ways: dict[str, tuple[tuple[str, ...], Callable[[int], by_hand.Answer]]] = {
        "waiting": (
            by_hand.RETRIED,
            lambda number: by_hand.retry(database, rules(), [number], HAND, confirmed=True),
        ),
        "cancelled": (
            by_hand.CANCELLED,
            lambda number: by_hand.cancel(database, [number], "", HAND),
        ),
        "done": (
            by_hand.MARKED,
            lambda number: by_hand.mark_done(database, [number], "told by phone", HAND),
        ),
    }
    for after, (allowed, do) in ways.items():
        number = an_action(database, state, reason="before")
        answer = do(number)
        if state in allowed:
            assert (answer.changed, answer.refused) == ((number,), ())
            assert one(database, number, "state") == (after,)
        else:
            assert answer.changed == ()
            assert [refusal.action for refusal in answer.refused] == [number]
            assert one(database, number, "state, reason") == (state, "before")


def test_a_retried_action_is_sent_again_and_keeps_its_attempts(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", 500_00)
    clock = FixedClock(NOW)
    answers = iter([REFUSED, DONE])
    sender = Obedient(lambda _: next(answers))
    deliver(database, {"sms": sender}, rules(), clock)
    (number,) = [number for number, state in actions(database, "id, state") if state == "dead"]
    clock.advance(13 * HOUR)
    hand = Hand("boris", clock.now_ms(), 5)
    by_hand.retry(database, rules(), [number], hand)
    assert one(database, number, "expires_at, ended_at") == (clock.now_ms() + 12 * HOUR, None)
    deliver(database, {"sms": sender}, rules(), clock)
    assert one(database, number, "state, attempts") == ("done", 2)
    assert {one.key for one in sender.sent} == {sender.sent[0].key}
    assert database.rows("SELECT number, verdict FROM attempt ORDER BY number") == [
        (1, "refused"),
        (2, "done"),
    ]


def test_a_session_drop_gets_its_minutes_anew_and_a_receipt_needs_none(
    database: Database,
) -> None:
    drop = an_action(database, "expired", expires_at=NOW - 1)
    database.execute("UPDATE action SET kind = 'session_drop' WHERE id = ?", (drop,))
    receipt = an_action(database, "dead", kind="receipt")
    assert by_hand.retry(database, rules(), [drop, receipt], HAND).changed == (drop, receipt)
    assert one(database, drop, "state, expires_at") == ("waiting", NOW + HOUR // 4)
    assert one(database, receipt, "state, expires_at") == ("waiting", None)


def test_what_may_have_been_sent_is_tried_again_only_when_confirmed(database: Database) -> None:
    unknown, dead = an_action(database, "unknown"), an_action(database, "dead")
    with pytest.raises(NeedsConfirmation, match=f"nobody knows.*{unknown}"):
        by_hand.retry(database, rules(), [dead, unknown], HAND)
    assert one(database, dead, "state") == ("dead",)
    answer = by_hand.retry(database, rules(), [dead, unknown], HAND, confirmed=True)
    assert answer.changed == (dead, unknown)


def test_who_did_it_is_kept(database: Database) -> None:
    number = an_action(database, "unknown", reason="no answer")
    by_hand.mark_done(database, [number], " the subscriber\x1b has it ", HAND)
    assert one(database, number, "reason, ended_at, next_at") == (
        "marked as done by boris: the subscriber\\x1b has it",
        NOW,
        None,
    )
    assert database.rows("SELECT at, actor, action, object, state_before FROM audit") == [
        (NOW, "boris", "action done", f"action:{number}",
         '{"state": "unknown", "reason": "no answer"}')
    ]  # fmt: skip


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 201])
def test_a_reason_is_needed_and_short(database: Database, reason: str) -> None:
    number = an_action(database, "dead")
    with pytest.raises(InputError, match="Nothing was changed"):
        by_hand.mark_done(database, [number], reason, HAND)
    assert one(database, number, "state") == ("dead",)


def test_none_too_many_and_those_that_are_not_there(database: Database) -> None:
    for ids in (range(0), range(1, by_hand.MOST + 2)):
        with pytest.raises(InputError, match="Nothing was changed"):
            by_hand.cancel(database, ids, "", HAND)
    number = an_action(database, "dead")
    answer = by_hand.cancel(database, [number, 999, number], "", HAND)
    assert answer == by_hand.Answer((number,), (Refused(999, "there is no such action"),))


def test_many_take_several_transactions(database: Database) -> None:
    ledger = ledger_with(database, rules())
    for _ in range(120):
        ledger.payment("ivan", 500_00)
    ids = [number for (number,) in actions(database, "id")]
    answer = by_hand.cancel(database, ids, "a mistake", HAND)
    assert answer.changed == tuple(ids)
    assert {state for (state,) in actions(database, "state")} == {"cancelled"}


def test_a_lost_answer_is_not_a_second_change(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit came through and its answer did not: the unit runs again and finds its work."""
    number = an_action(database, "dead")
    commit = database._commit
    lost: list[bool] = []

    def commit_and_lose() -> None:
        commit()
        if not lost:
            lost.append(True)
            raise peewee.InterfaceError(0, "")

    monkeypatch.setattr(database, "_commit", commit_and_lose)
    answer = by_hand.retry(database, rules(), [number], HAND)
    assert lost
    assert answer.changed == (number,)
    monkeypatch.undo()
    lost.clear()
    by_hand.cancel(database, [number], "", replace(HAND, now_ms=LATER))
    monkeypatch.setattr(database, "_commit", commit_and_lose)
    hand = replace(HAND, now_ms=LATER + 1)
    again = resend.resend(database, rules(), moment(LATER + 1), [number], hand)
    assert lost
    assert again.changed == (number,)
    assert database.integer("SELECT COUNT(*) FROM action WHERE kind = 'notice'") == 2


def test_what_is_asked_for_is_not_handed_out_meanwhile(database: Database) -> None:
    """A person sets an unknown action to wait while the provider is being asked about it."""
    number = an_action(database, "unknown", next_at=NOW)
    with database.transaction():
        (asked,) = outbox.to_ask(database, "sms", NOW, 5)
    by_hand.retry(database, rules(), [number], HAND, confirmed=True)
    with database.transaction():
        assert outbox.hand_out(database, "sms", NOW, 5, {asked.id}) == []
    with database.transaction():
        assert [one.id for one in outbox.hand_out(database, "sms", NOW, 5, ())] == [number]


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


def test_a_channel_is_paused_and_lifted(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", 500_00)
    change = pause(database, "sms", "the contract ended", HAND)
    assert change.changed
    assert not pause(database, "sms", "the contract ended", HAND).changed
    sender = Obedient()
    deliver(database, {"sms": sender}, rules())
    assert sender.sent == []
    database.execute("UPDATE channel SET failures = 7 WHERE name = 'sms'")
    assert lift(database, "sms", HAND).changed
    assert database.row(
        "SELECT paused_at, paused_until, paused_by, reason, failures FROM channel WHERE name = ?",
        ("sms",),
    ) == (None, None, "", "", 0)
    deliver(database, {"sms": sender}, rules())
    assert len(sender.sent) == 1
    assert [tuple(row) for row in database.rows("SELECT action, object FROM audit")] == [
        ("channel pause", "channel:sms"),
        ("channel lift", "channel:sms"),
    ]


def test_pausing_needs_a_reason_and_a_channel(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", 500_00)
    with pytest.raises(InputError, match="reason"):
        pause(database, "sms", " ", HAND)
    with pytest.raises(InputError, match="there is no channel 'smss': komtet, sms"):
        pause(database, "smss", "why", HAND)
    with pytest.raises(InputError, match="there is no channel"):
        lift(database, "x\x1b", HAND)


def test_beside_a_delivery_each_is_sent_or_called_off(
    database: Database, database_config: DatabaseConfig
) -> None:
    """Two connections at once: what the delivery has handed out is left alone, and what was called
    off is not handed out."""
    ledger = ledger_with(database, rules())
    for number in range(150):
        ledger.payment("ivan" if number % 2 else "olga", 500_00)
    ids = [number for number, kind in actions(database, "id, kind") if kind == "notice"]
    begun, goes_on = threading.Event(), threading.Event()

    def answer(action: Handed) -> Outcome:
        begun.set()
        goes_on.wait(30)
        return DONE

    sender = Obedient(answer)

    def delivering() -> None:
        other = open_database(database_config)
        hooks = WorkHooks(unit=lambda work: run_unit(other, work, 30))
        Delivery(other, rules().events, {"sms": sender}, FixedClock(NOW), hooks).run()
        other.close()

    thread = threading.Thread(target=delivering)
    thread.start()
    assert begun.wait(30)
    under_way = by_hand.cancel(database, ids[:1], "", HAND)
    assert under_way.refused == (Refused(ids[0], "it is being sent at this moment"),)
    answers = [by_hand.cancel(database, ids[-20:], "", HAND)]
    goes_on.set()
    answers += [by_hand.cancel(database, [number], "", HAND) for number in reversed(ids[:-20])]
    thread.join(60)
    assert not thread.is_alive()
    called_off = {number for one in answers for number in one.changed}
    sent = [one.id for one in sender.sent]
    assert len(sent) == len(set(sent))
    assert set(sent) | called_off == set(ids)
    assert not set(sent) & called_off
    assert called_off >= set(ids[-20:])


def test_a_pause_by_hand_is_not_lost_to_an_answer_at_that_moment(
    database: Database, database_config: DatabaseConfig
) -> None:
    """The delivery has read the channel and is about to count a failure of it."""
    ledger_with(database, rules()).payment("ivan", 500_00)

    def person() -> None:
        other = open_database(database_config)
        pause(other, "sms", "the contract ended", HAND)
        other.close()

    thread = threading.Thread(target=person)

    def answered() -> None:
        with database.transaction():
            (before,) = pauses.read_channels(database, ["sms"])
            if not thread.ident:
                thread.start()
                thread.join(0.5)  # where nothing holds it, the pause is there by then
            failure = Outcome("retry", "no connection", is_outage=True)
            pauses.keep_channel(database, pauses.after(before, [failure], rules().events, NOW))

    run_unit(database, answered, 30)
    thread.join(60)
    assert database.row("SELECT paused_by, reason FROM channel WHERE name = 'sms'") == (
        "boris",
        "the contract ended",
    )
