"""From a payment to what follows it: recorded with it, handed out, kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from engine.errors import InputError, Interrupted, NeedsConfirmation
from engine.events import outbox, pauses
from tests.events.books import (
    DONE,
    IVAN,
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

UNCLEAR = Outcome("ambiguous", "no answer within 15 s", is_outage=True)
DOWN = Outcome("retry", "no connection", is_outage=True)


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    yield opened
    opened.close()


def test_a_payment_and_what_follows_are_one_transaction(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", 500_00, key="p1")
    assert actions(database) == [("notice", "sms", "waiting"), ("receipt", "komtet", "waiting")]
    assert database.rows("SELECT kind, amount, is_late, source FROM event") == [
        ("payment", 500_00, 0, "ledger")
    ]
    ledger_with(database, rules()).payment("ivan", 500_00, key="p1")
    assert len(actions(database)) == 2


def test_a_refused_refund_leaves_no_event(database: Database) -> None:
    with pytest.raises(NeedsConfirmation):
        ledger_with(database, rules()).refund("ivan", 500_00)
    with pytest.raises(InputError):
        ledger_with(database, rules()).payment("ivan", 500_00, when_ms=0)
    assert database.integer("SELECT COUNT(*) FROM event") == 0


@pytest.mark.parametrize(("mode", "expected"), [("off", []), ("dry", ["suppressed"] * 2)])
def test_modes(database: Database, mode: str, expected: list[str]) -> None:
    from dataclasses import replace

    given = replace(rules(), events=replace(rules().events, mode=mode))
    ledger_with(database, given).payment("ivan", 500_00)
    assert database.integer("SELECT COUNT(*) FROM event") == 1
    assert [state for (state,) in actions(database, "state")] == expected
    sms = Obedient()
    deliver(database, {"sms": sms}, given)
    assert sms.sent == []


def test_each_action_is_done_once_with_its_attempt(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", 500_00)
    sms, komtet = Obedient(), Obedient(promise="idempotent")
    tally = deliver(database, {"sms": sms, "komtet": komtet}, rules())
    deliver(database, {"sms": sms, "komtet": komtet}, rules())
    assert (len(sms.sent), len(komtet.sent)) == (1, 1)
    assert tally.outcomes == {"done": 2}
    assert actions(database, "state, attempts, remote_id") == [("done", 1, "77")] * 2
    assert database.rows("SELECT number, what, verdict FROM attempt") == [(1, "send", "done")] * 2
    assert komtet.sent[0].payload["total"] == 500_00


def test_a_channel_that_is_not_set_up_waits(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", 500_00)
    deliver(database, {"komtet": Obedient(promise="idempotent")}, rules())
    assert actions(database) == [("notice", "sms", "waiting"), ("receipt", "komtet", "done")]


@pytest.mark.parametrize(
    ("promise", "state", "due"),
    [("at_most_once", "unknown", False), ("reconcilable", "unknown", True),
     ("idempotent", "retrying", True)],
)  # fmt: skip
def test_an_unclear_answer(database: Database, promise: str, state: str, due: bool) -> None:
    ledger_with(database, rules()).payment("ivan", 500_00)
    sender = Obedient(lambda _: UNCLEAR, promise)  # type: ignore[arg-type]
    deliver(database, {"sms": sender}, rules())
    ((found, next_at),) = database.rows(
        "SELECT state, next_at FROM action WHERE channel = 'sms'"
    )  # fmt: skip
    assert (found, next_at is not None) == (state, due)


def test_a_reconcilable_one_is_asked_and_sent_again_if_it_was_not_taken(
    database: Database,
) -> None:
    ledger_with(database, rules()).payment("ivan", 500_00)
    clock = FixedClock(NOW)
    answers = iter([UNCLEAR, Outcome("ambiguous", "not yet"), Outcome("retry", "not known"), DONE])
    sender = Obedient(lambda _: next(answers), "reconcilable")
    for _ in range(4):
        deliver(database, {"sms": sender}, rules(), clock)
        clock.advance(3_600_000)
    assert (len(sender.sent), len(sender.asked)) == (2, 2)
    assert database.value("SELECT state FROM action WHERE channel = 'sms'") == "done"
    assert database.rows(
        "SELECT number, what, verdict FROM attempt WHERE action_id ="
        " (SELECT MIN(id) FROM action) ORDER BY number"
    ) == [(1, "send", "ambiguous"), (2, "ask", "ambiguous"), (3, "ask", "retry"),
          (4, "send", "done")]  # fmt: skip


def test_actions_of_one_subscriber_and_channel_keep_their_order(database: Database) -> None:
    clock = FixedClock(NOW)
    ledger = ledger_with(database, rules(), clock)
    for amount in (100_00, 200_00, 300_00):
        ledger.payment("ivan", amount)
    ledger.payment("olga", 400_00)
    failing = True

    def answer(action: Handed) -> Outcome:
        is_first = action.payload["values"]["amount"] == "100.00"
        return Outcome("retry", "busy") if is_first and failing else DONE

    sender = Obedient(answer)
    deliver(database, {"sms": sender}, rules(), clock)
    assert [one.payload["values"]["amount"] for one in sender.sent] == ["100.00", "400.00"]
    failing = False
    clock.advance(60_000)
    deliver(database, {"sms": sender}, rules(), clock)
    sent = [one.payload["values"]["amount"] for one in sender.sent]
    assert sent == ["100.00", "400.00", "100.00", "200.00", "300.00"]


def test_a_run_of_failures_pauses_a_channel_and_one_success_lifts_it(database: Database) -> None:
    clock = FixedClock(NOW)
    ledger = ledger_with(database, rules(), clock)
    for number in range(6):
        ledger.payment("ivan" if number % 2 else "olga", 100_00 + number)
    down = Obedient(lambda _: DOWN, parallel=1)
    deliver(database, {"sms": down}, rules(), clock)
    clock.advance(60_000)
    deliver(database, {"sms": down}, rules(), clock)
    assert len(down.sent) == 3
    (channel,) = pauses.read_channels(database, ["sms"])
    assert (channel.failures, channel.paused_until) == (3, NOW + 60_000 + 5 * 60_000)
    assert not outbox.has_work(database, {"sms"}, clock.now_ms())
    clock.advance(5 * 60_000)
    good = Obedient()
    deliver(database, {"sms": good}, rules(), clock)
    assert len(good.sent) == 6
    assert pauses.read_channels(database, ["sms"]) == [pauses.Channel("sms")]


def test_a_refused_key_pauses_a_channel_until_a_person_lifts_it(database: Database) -> None:
    clock = FixedClock(NOW)
    ledger_with(database, rules(), clock).payment("ivan", 100_00)
    denied = Obedient(lambda _: Outcome("denied", "the key is wrong", status=401))
    deliver(database, {"sms": denied}, rules(), clock)
    clock.advance(3_600_000)
    deliver(database, {"sms": denied}, rules(), clock)
    assert len(denied.sent) == 1
    (channel,) = pauses.read_channels(database, ["sms"])
    assert (channel.paused_until, channel.reason) == (None, "the key is wrong")
    assert database.value("SELECT state FROM action WHERE channel = 'sms'") == "retrying"


def test_what_comes_too_late_expires(database: Database) -> None:
    clock = FixedClock(NOW)
    ledger_with(database, rules(), clock).payment("ivan", 100_00)
    clock.advance(13 * 3_600_000)
    sms, komtet = Obedient(), Obedient(promise="idempotent")
    deliver(database, {"sms": sms, "komtet": komtet}, rules(), clock)
    assert (sms.sent, len(komtet.sent)) == ([], 1)
    assert actions(database) == [("notice", "sms", "expired"), ("receipt", "komtet", "done")]


@pytest.mark.parametrize(
    ("channel", "promise", "state"),
    [("sms", "at_most_once", "unknown"), ("komtet", "idempotent", "done")],
)
def test_what_a_killed_delivery_had_handed_out(
    database: Database, channel: str, promise: str, state: str
) -> None:
    ledger_with(database, rules()).payment("ivan", 100_00)
    with database.transaction():
        (killed,) = outbox.hand_out(database, channel, NOW, 10, ())
    clock = FixedClock(NOW + 3_600_000)
    sender = Obedient(promise=promise)  # type: ignore[arg-type]
    tally = deliver(database, {channel: sender}, rules(), clock)
    clock.advance(3_600_000)
    deliver(database, {channel: sender}, rules(), clock)
    assert tally.lost == 1
    assert (len(sender.sent), database.value("SELECT state FROM action WHERE id = ?", (killed.id,))
            ) == (int(state == "done"), state)  # fmt: skip
    assert all(one.key == killed.key for one in sender.sent)
    assert database.value("SELECT verdict FROM attempt WHERE number = 1") == "lost"


def test_a_stop_keeps_what_was_under_way(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", 100_00)
    stop = threading.Event()

    def answer(_: Handed) -> Outcome:
        stop.set()
        return DONE

    with pytest.raises(Interrupted):
        deliver(database, {"sms": Obedient(answer)}, rules(), stop=stop)
    assert database.value("SELECT state FROM action WHERE channel = 'sms'") == "done"


def test_a_reversed_payment_calls_off_what_waits(database: Database) -> None:
    ledger = ledger_with(database, rules())
    entry = ledger.payment("ivan", 2_000_00).entry_id
    deliver(database, {"komtet": Obedient(promise="idempotent")}, rules())
    assert ("top_up_bonus", "bonus", "waiting") in actions(database)
    ledger.reverse(entry)
    assert {row for row in actions(database) if row[2] != "cancelled"} == {
        ("receipt", "komtet", "done")
    }


def test_discounts_are_removed_with_an_audit_line_each(database: Database) -> None:
    from engine.subscribers import store
    from engine.subscribers.changes import Changes
    from tests.ledger.books import MOSCOW

    with database.transaction():
        database.execute(
            "INSERT INTO plan (id, code, name, monthly_fee) VALUES (1, 'a', 'A', 100),"
            " (2, 'b', 'B', 200)"
        )
        database.execute("UPDATE subscriber SET plan_id = 1")
        for scope, kind, value in (("all", "percent", 10_000_000), ("rent", "fixed", 50_00)):
            database.execute(
                "INSERT INTO discount (subscriber_id, scope, kind, value) VALUES (?, ?, ?, ?)",
                (IVAN, scope, kind, value),
            )
    writer = store.Writer("anna", NOW, MOSCOW, 30, rules())
    store.change(database, "ivan", Changes(plan="b", discounts=("plan:percent:5",)), writer)
    deliver(database, {}, rules())
    left = database.rows("SELECT scope, kind FROM discount")
    assert [tuple(row) for row in left] == [("plan", "percent")]
    lines = database.rows(
        "SELECT actor, state_before FROM audit WHERE action = 'discount removed' ORDER BY id"
    )
    assert [tuple(line) for line in lines] == [
        ("event-delivery", '{"discount": "all:percent:10"}'),
        ("event-delivery", '{"discount": "rent:fixed:50.00"}'),
    ]


def test_several_channels_do_not_wait_for_each_other(database: Database) -> None:
    """The sender of one never answers; the other's actions are done all the same."""
    for number in range(20):
        ledger_with(database, rules()).payment("ivan" if number % 2 else "olga", 100_00 + number)
    held: list[Callable[[Outcome], None]] = []
    stop = threading.Event()

    class Silent(Obedient):
        def send(self, action: Handed, tell: Callable[[Outcome], None]) -> None:
            held.append(tell)

    class Watching(Obedient):
        def send(self, action: Handed, tell: Callable[[Outcome], None]) -> None:
            super().send(action, tell)
            if len(self.sent) == 20:
                stop.set()
                for one in held:
                    one(DONE)

    komtet = Watching(promise="idempotent")
    with pytest.raises(Interrupted):
        deliver(database, {"sms": Silent(), "komtet": komtet}, rules(), stop=stop)
    assert len(komtet.sent) == 20
    assert held


def test_a_receipt_that_is_tried_again_is_asked_for_again(database: Database) -> None:
    ledger_with(database, rules()).payment("ivan", 500_00)
    komtet = Obedient(promise="idempotent")
    deliver(database, {"komtet": komtet}, rules())
    with database.transaction():
        database.execute("UPDATE receipt SET state = 'error', next_at = NULL, ended_at = 1")
        database.execute(
            "UPDATE action SET state = 'waiting', next_at = ?, ended_at = NULL"
            " WHERE kind = 'receipt'",
            (NOW,),
        )
    deliver(database, {"komtet": komtet}, rules())
    assert len(komtet.sent) == 2
    assert database.rows("SELECT state, task FROM receipt") == [("new", "77")]
