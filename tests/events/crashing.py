"""A delivery that dies, and the world outside, which remembers what reached it and outlives us."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database
from engine.events.delivery import Delivery
from engine.events.kinds import Promise
from engine.events.outbox import Handed
from engine.events.outcome import Outcome
from engine.events.sender import Tell
from engine.events.settings import EventsConfig, NoticesConfig, Rules
from engine.hooks import WorkHooks
from engine.ledger.bonuses import credit_some
from engine.retry import run_unit
from engine.subscribers import store
from engine.subscribers.changes import Changes
from jobs.lease import Lease
from tests.events.books import BILLING, IVAN, NOW, OLGA, ledger_with, open_event_books, rules
from tests.faults.killing import Impatient, Killing, Losing, quick
from tests.ledger.books import MOSCOW

HOUR_MS = 3_600_000
SMS, SOCIAL, KOMTET, BONUS, OWN = "sms", "smsc_social", "komtet", "bonus", "own"
PROMISES: dict[str, Promise] = {
    SMS: "at_most_once",
    SOCIAL: "reconcilable",
    KOMTET: "idempotent",
    "nas:m1": "idempotent",
    "nas:m2": "idempotent",
}
TAKEN = Outcome("done", "taken", remote_id="77")
UNCLEAR = Outcome("ambiguous", "no answer within 15 s", is_outage=True)
BUSY = Outcome("retry", "HTTP 429: not now", is_outage=True)
_LONG = 100_000


def crash_rules() -> Rules:
    """Messages by two channels, receipts, sessions on two NAS; nothing expires."""
    return rules(
        events=EventsConfig(mode="on", linger_seconds=0, session_minutes=_LONG),
        notices=NoticesConfig(sms=SMS, social="smsc", expire_hours=_LONG),
    )


class World:
    """What the providers have taken, by channel and key."""

    def __init__(self) -> None:
        self.taken: Counter[tuple[str, str]] = Counter()
        self.contents: dict[tuple[str, str], set[str]] = defaultdict(set)

    def senders(self, database: Database) -> dict[str, Provider]:
        """Ways to it for a delivery on a connection; whoever dies there dies here, too."""
        return {name: Provider(self, name, promise, database) for name, promise in PROMISES.items()}


class Provider:
    """Takes what it is sent. To olga's first it answers nothing clear after having taken it, and
    ivan's first it does not take."""

    parallel = 3
    per_second = 10_000.0

    def __init__(self, world: World, name: str, promise: Promise, database: Database) -> None:
        self.promise: Promise = promise
        self._world = world
        self._name = name
        self._database = database

    def send(self, action: Handed, tell: Tell) -> None:
        if action.attempts == 1 and action.subscriber_id == IVAN:
            tell(self._reached(lambda: BUSY))
            return

        def take() -> Outcome:
            self._world.taken[self._name, action.key] += 1
            self._world.contents[self._name, action.key].add(repr(action.payload))
            return TAKEN

        answer = self._reached(take)
        tell(UNCLEAR if action.attempts == 1 and action.subscriber_id == OLGA else answer)

    def ask(self, action: Handed, tell: Tell) -> None:
        known = self._world.taken[self._name, action.key]
        tell(self._reached(lambda: TAKEN if known else Outcome("retry", "not known")))

    def _reached(self, work: Callable[[], Outcome]) -> Outcome:
        """A request is a step at which we may die, as a statement is."""
        if isinstance(self._database, Killing):
            return self._database.step(work)
        return work()


def make_books(where: DatabaseConfig) -> DatabaseConfig:
    """Two subscribers, some payments of each, and a change that costs ivan two discounts."""
    database = open_event_books(where)
    given = crash_rules()
    with database.transaction():
        database.execute("UPDATE subscriber SET fee_day = 15")
        database.execute(
            "INSERT INTO plan (id, code, name, monthly_fee) VALUES (1, 'a', 'A', 100),"
            " (2, 'b', 'B', 200)"
        )
        database.execute("UPDATE subscriber SET plan_id = 1")
    ledger = ledger_with(database, given)
    for login in ("ivan", "olga"):
        for amount in (500_00, 2_200_00):
            ledger.payment(login, amount)
    with database.transaction():
        for scope, kind, value in (("all", "percent", 10_000_000), ("rent", "fixed", 50_00)):
            database.execute(
                "INSERT INTO discount (subscriber_id, scope, kind, value) VALUES (?, ?, ?, ?)",
                (IVAN, scope, kind, value),
            )
    writer = store.Writer("anna", NOW, MOSCOW, 30, given)
    store.change(database, "ivan", Changes(plan="b"), writer)
    database.close()
    return where


def deliver_once(database: Database, world: World, clock: FixedClock) -> None:
    """A delivery under the lease, which dies with its connection, or rides out its loss."""
    lease = Lease("event-delivery")

    def unit(work: Callable[[], Any]) -> Any:
        return run_unit(database, work, 30, Impatient())

    unit(lambda: lease.acquire(database))
    hooks = WorkHooks(
        unit=unit, prove=lambda: lease.prove(database), check=lambda: lease.check(database)
    )
    Delivery(database, crash_rules().events, world.senders(database), clock, hooks).run()


def deliver_to_rest(where: DatabaseConfig, world: World, clock: FixedClock) -> None:
    """Deliveries that nobody disturbs, until there is nothing more to come."""
    database = quick(where)
    waiting = (
        "SELECT COUNT(*) FROM action WHERE channel <> 'bonus' AND (state IN ('waiting', 'sending',"
        " 'retrying') OR (state = 'unknown' AND next_at IS NOT NULL))"
    )
    for _ in range(30):
        deliver_once(database, world, clock)
        clock.advance(HOUR_MS)
        if not database.integer(waiting):
            database.close()
            return
    raise AssertionError("the deliveries do not come to an end")


def credit_all(database: Database) -> None:
    """The job bonus-credit, without its frame."""

    def some() -> tuple[int, int]:
        return credit_some(database, BILLING, FixedClock(NOW), lambda: None)

    while run_unit(database, some, 30, Impatient())[0]:
        pass


Victim = type[Killing] | type[Losing]
