"""Books to test events with: subscribers whom something follows, rules, and a sender that obeys."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database
from engine.events.delivery import Delivery, Tally
from engine.events.kinds import Promise
from engine.events.outbox import Handed
from engine.events.outcome import Outcome
from engine.events.sender import Tell
from engine.events.settings import (
    EventsConfig,
    NoticesConfig,
    ReceiptsConfig,
    Rules,
)
from engine.hooks import WorkHooks
from engine.ledger.operations import Ledger
from tests.ledger.books import BILLING, IVAN, NOW, OLGA, open_books

__all__ = ["BILLING", "IVAN", "NOW", "OLGA", "FixedClock", "Handed", "Outcome", "Rules"]

DONE = Outcome("done", "taken", remote_id="77")


def rules(**changes: Any) -> Rules:
    """Rules under which notices go by `sms`, receipts by `komtet`, sessions on two NAS."""
    values: dict[str, Any] = {
        "events": EventsConfig(mode="on", linger_seconds=0, pause_after=3, pause_minutes=5),
        "notices": NoticesConfig(sms="sms"),
        "receipts": ReceiptsConfig(provider="komtet"),
        "nas": ("m1", "m2"),
    }
    return Rules(**{**values, **changes})


def open_event_books(config: DatabaseConfig) -> Database:
    """The books of the ledger's tests; ivan and olga can be reached."""
    database = open_books(config)
    with database.transaction():
        database.execute(
            "UPDATE subscriber SET phone = '8 999 123-45-67', email = login || '@example.com'"
        )
    return database


def ledger_with(database: Database, given: Rules, clock: FixedClock | None = None) -> Ledger:
    """The ledger's commands, which record what follows by the rules."""
    return Ledger(database, BILLING, clock or FixedClock(NOW), "anna", 5, given)


class Obedient:
    """A sender that answers as it is told, at once, and remembers what it was given."""

    def __init__(
        self,
        answer: Callable[[Handed], Outcome] = lambda action: DONE,
        promise: Promise = "at_most_once",
        parallel: int = 4,
    ) -> None:
        self.promise: Promise = promise
        self.parallel = parallel
        self.per_second = 10_000.0
        self.sent: list[Handed] = []
        self.asked: list[Handed] = []
        self._answer = answer

    def send(self, action: Handed, tell: Tell) -> None:
        self.sent.append(action)
        tell(self._answer(action))

    def ask(self, action: Handed, tell: Tell) -> None:
        self.asked.append(action)
        tell(self._answer(action))


def deliver(
    database: Database,
    senders: dict[str, Obedient],
    given: Rules,
    clock: FixedClock | None = None,
    stop: threading.Event | None = None,
) -> Tally:
    """One delivery, to its end."""
    hooks = WorkHooks(stop=stop or threading.Event())
    return Delivery(database, given.events, senders, clock or FixedClock(NOW), hooks).run()


def actions(database: Database, columns: str = "kind, channel, state") -> Sequence[tuple[Any, ...]]:
    """All actions, in the order in which they were written."""
    return [tuple(row) for row in database.rows(f"SELECT {columns} FROM action ORDER BY id")]
