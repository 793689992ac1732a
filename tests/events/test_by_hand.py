"""What persons do about actions, beside a delivery, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

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
from engine.hooks import WorkHooks
from engine.retry import run_unit
from tests.events.books import (
    DONE,
    NOW,
    FixedClock,
    Handed,
    Obedient,
    Outcome,
    actions,
    deliver,
    ledger_with,
    open_event_books,
    rules,
)
from tests.events.hand_books import HAND, HOUR, LATER, REFUSED, an_action, moment, one


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    yield opened
    opened.close()


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
