"""Asking a provider what became of actions: one question without an answer holds up no other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from engine.config import DatabaseConfig
from engine.errors import Interrupted
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

GIVE_UP_SECONDS = 10.0


class HoldsTheFirst(Obedient):
    """Never says what became of the first, until it was asked for all others."""

    def __init__(self, all_of_them: int, stop: threading.Event) -> None:
        super().__init__(promise="reconcilable", parallel=2)
        self.held: list[Callable[[Outcome], None]] = []
        self._all = all_of_them
        self._give_up = threading.Timer(GIVE_UP_SECONDS, self._release, [stop])

    def ask(self, action: Handed, tell: Callable[[Outcome], None]) -> None:
        self.asked.append(action)
        if not self.held:
            self.held.append(tell)
            self._give_up.start()
            return
        tell(DONE)
        if len(self.asked) == self._all:
            self._give_up.cancel()
            self.held[0](DONE)

    def _release(self, stop: threading.Event) -> None:
        stop.set()
        self.held[0](DONE)


def test_a_question_without_an_answer_holds_up_no_other(database_config: DatabaseConfig) -> None:
    database = open_event_books(database_config)
    clock, stop = FixedClock(NOW), threading.Event()
    for number in range(3):
        for login in ("ivan", "olga"):
            ledger_with(database, rules()).payment(login, 100_00 + number)
    sender = HoldsTheFirst(6, stop)
    given = rules()
    # What is unknown holds up nothing, so all become it.
    unclear = Obedient(lambda _: Outcome("ambiguous"), "reconcilable")
    deliver(database, {"sms": unclear}, given)
    assert len(unclear.sent) == 6
    clock.advance(3_600_000)
    with suppress(Interrupted):
        deliver(database, {"sms": sender}, given, clock, stop)
    assert len(sender.asked) == 6
    states = database.rows("SELECT DISTINCT state FROM action WHERE channel = 'sms'")
    assert states == [("done",)]
    database.close()
