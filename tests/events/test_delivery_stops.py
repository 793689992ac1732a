"""A stop, or a connection that is lost, between handing an action out and sending it: what was not
sent is not taken for lost, and what was under way is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import peewee
import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from engine.errors import Interrupted
from engine.events.delivery import Delivery
from engine.hooks import WorkHooks
from engine.retry import run_unit
from tests.events.books import (
    DONE,
    NOW,
    FixedClock,
    Handed,
    Obedient,
    Outcome,
    deliver,
    ledger_with,
    open_event_books,
    rules,
)

HOUR_MS = 3_600_000


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    ledger = ledger_with(opened, rules())
    ledger.payment("ivan", 100_00)
    ledger.payment("olga", 200_00)
    yield opened
    opened.close()


def verdicts(database: Database, channel: str = "sms") -> list[tuple[str, int]]:
    """The state and the sendings of each action of a channel."""
    return [
        (str(state), int(attempts))
        for state, attempts in database.rows(
            "SELECT state, attempts FROM action WHERE channel = ? ORDER BY id", (channel,)
        )
    ]


def test_a_stop_before_sending_leaves_nothing_unknown(database: Database) -> None:
    """As `jobs.context` does, the check right before a call to the outside hears of the stop."""
    stop = threading.Event()

    def check() -> None:
        stop.set()
        raise Interrupted("stopped at a safe point")

    sms = Obedient()
    hooks = WorkHooks(check=check, stop=stop)
    clock = FixedClock(NOW)
    with pytest.raises(Interrupted):
        Delivery(database, rules().events, {"sms": sms}, clock, hooks).run()
    assert (sms.sent, verdicts(database)) == ([], [("retrying", 1)] * 2)
    clock.advance(HOUR_MS)
    assert deliver(database, {"sms": sms}, rules(), clock).lost == 0
    assert (len(sms.sent), verdicts(database)) == (2, [("done", 2)] * 2)


def test_a_stop_before_sending_waits_for_what_is_under_way(database: Database) -> None:
    """Komtet answers only when the delivery has been stopped, right before the second message."""
    stop = threading.Event()
    held: list[Callable[[Outcome], None]] = []

    class Slow(Obedient):
        def send(self, action: Handed, tell: Callable[[Outcome], None]) -> None:
            held.append(tell)

    def check() -> None:
        if not held:
            return
        for tell in held:
            threading.Timer(0.01, tell, [DONE]).start()
        stop.set()
        raise Interrupted("stopped at a safe point")

    senders = {"komtet": Slow(promise="idempotent"), "sms": Obedient(parallel=1)}
    hooks = WorkHooks(check=check, stop=stop)
    with pytest.raises(Interrupted):
        Delivery(database, rules().events, senders, FixedClock(NOW), hooks).run()
    assert verdicts(database, "komtet") == [("done", 1)] * 2
    assert verdicts(database) == [("done", 1), ("retrying", 1)]


def test_a_connection_lost_before_sending_is_made_anew(database: Database) -> None:
    tries = 0

    def check() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            database.close()
            raise peewee.OperationalError(2013, "Lost connection to server during query (cut)")
        assert database.value("SELECT 1") == 1

    sms = Obedient()
    hooks = WorkHooks(unit=lambda work: run_unit(database, work, 5), check=check)
    Delivery(database, rules().events, {"sms": sms}, FixedClock(NOW), hooks).run()
    assert (len(sms.sent), verdicts(database)) == (2, [("done", 1)] * 2)
