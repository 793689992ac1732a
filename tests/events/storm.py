"""A storm: providers in a rough mood, a daemon that is killed, and what is left when it is over."""

from __future__ import annotations

import random
import re
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from engine.clock import SystemClock
from engine.config import Config
from engine.database import Database
from engine.events.setup import rules_of
from engine.ledger.operations import Ledger
from engine.money import format_amount
from tests.jobs.hosts import Host
from tests.servers.faults import CLOSES, ROUGH, TOO_MANY, UNAVAILABLE, Chaos, Fault
from tests.servers.http_stand_in import HttpStandIn
from tests.servers.komtet_server import KomtetServer
from tests.servers.smsc_server import SmscServer
from tests.servers.smspilot_server import SmspilotServer

PARALLEL = 16
CHANNELS = ("smspilot", "smsc_social", "komtet")
FIRST = 1_000
# A channel is left alone as long as it asks for: one such answer among ten of those that refuse.
_NOT_NOW = Fault("status", status=429, retry_after="0")
REFUSALS = (TOO_MANY, UNAVAILABLE, _NOT_NOW)
RATES: Mapping[Fault, float] = {
    **ROUGH,
    TOO_MANY: ROUGH[TOO_MANY] / 10,
    UNAVAILABLE: ROUGH[UNAVAILABLE] / 10,
    _NOT_NOW: (ROUGH[TOO_MANY] + ROUGH[UNAVAILABLE]) * 0.9,
}
CLEAR = (None, CLOSES)
"""What became of a request that was answered in full."""
_STALLED_SECONDS = 60.0


class NotedChaos(Chaos):
    """Remembers what it drew for each request, in the order they came."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, RATES)
        self.drew: dict[bytes, list[Fault | None]] = defaultdict(list)

    def draw(self, content: bytes) -> Fault | None:
        fault = super().draw(content)
        self.drew[content].append(fault)
        return fault


@dataclass(frozen=True, slots=True)
class Providers:
    """The three stand-ins."""

    smspilot: SmspilotServer
    smsc: SmscServer
    komtet: KomtetServer

    @property
    def all(self) -> tuple[HttpStandIn, ...]:
        return self.smspilot, self.smsc, self.komtet

    @property
    def heard(self) -> int:
        """How many requests came."""
        return sum(len(one.heard) for one in self.all)

    def settings(self) -> dict[str, dict[str, object]]:
        """The configuration of a billing server that uses them."""
        pace = {"per_second": 1_000, "parallel": PARALLEL, "deadline_seconds": 2}
        smspilot, smsc, komtet = self.smspilot, self.smsc, self.komtet
        return {
            "events": {
                "mode": "on",
                "payment": "notice, receipt, top-up-bonus",
                "linger_seconds": 1,
            },
            "notices": {"sms": "smspilot", "social": "smsc"},
            "receipts": {"provider": "komtet"},
            "smspilot": {"url": smspilot.url, "key": smspilot.key, **pace},
            "smsc": {"url": smsc.url, "login": smsc.login, "password": smsc.password, **pace},
            "komtet": {"url": komtet.url, "shop_id": komtet.shop_id, "queue": komtet.queue,
                       "secret": komtet.secret, **pace},
        }  # fmt: skip


@contextmanager
def rough_providers(seed: int) -> Iterator[Providers]:
    """The stand-ins in a rough mood, each with a lot of its own."""
    with _providers(*(NotedChaos(seed + n) for n in range(3))) as providers:
        yield providers


@contextmanager
def calm_providers() -> Iterator[Providers]:
    """The stand-ins on a good day."""
    with _providers(None, None, None) as providers:
        yield providers


@contextmanager
def _providers(*moods: Chaos | None) -> Iterator[Providers]:
    first, second, third = moods
    with ExitStack() as stack:
        yield Providers(
            stack.enter_context(SmspilotServer(first)),
            stack.enter_context(SmscServer(second)),
            stack.enter_context(KomtetServer(third)),
        )


def add_subscribers(database: Database, number: int) -> None:
    """Subscribers u1000 and up, each with a phone of its own."""
    with database.transaction():
        database.execute("INSERT INTO subscriber_group (id, code, name) VALUES (1, 'home', 'Home')")
        for one in range(FIRST, FIRST + number):
            database.execute("INSERT INTO account (id, balance) VALUES (?, 0)", (one,))
            database.execute(
                "INSERT INTO subscriber (id, login, group_id, phone, created_at)"
                " VALUES (?, ?, 1, ?, 0)",
                (one, f"u{one}", f"+7900{one:07d}"),
            )


class Payments:
    """Payments of subscribers in turn, each with an amount of its own, every fifth one large."""

    def __init__(self, database: Database, config: Config, subscribers: int) -> None:
        self._ledger = Ledger(
            database, config.billing, SystemClock(), "storm", 30, rules_of(config)
        )
        self._subscribers = subscribers
        self.made: dict[tuple[str, str], int] = {}
        """Amounts in minor units by login and by the amount as it is written."""

    def make(self, number: int) -> None:
        """So many more."""
        for _ in range(number):
            n = len(self.made)
            login = f"u{FIRST + n % self._subscribers}"
            amount = (2_000_00 if n % 5 == 0 else 100_00) + n
            self._ledger.payment(login, amount, key=f"storm {n}")
            self.made[login, format_amount(amount)] = amount


_PAID = re.compile(r"#(\S+) зачислен платеж: ([0-9.]+) ")


def told(text: str) -> tuple[str, str]:
    """Whose payment of which amount a notice is about."""
    found = _PAID.search(text)
    assert found, text
    return found[1], found[2]


class Kills:
    """When the storm strikes and what: counted in requests that the providers heard, by a seed."""

    def __init__(self, seed: int, number: int, expected: int) -> None:
        dice = random.Random(seed)
        self._at = sorted(dice.sample(range(1, expected), number))
        self._what = [dice.choice(("worker", "worker", "daemon", "host")) for _ in self._at]
        self.done: list[str] = []

    def strike(self, host: Host, heard: int) -> bool:
        """Kills what is to be killed by now; whether there is anything left to do."""
        if len(self.done) < len(self._at) and heard >= self._at[len(self.done)]:
            what = self._what[len(self.done)]
            if what == "worker":
                host.signal_workers(signal.SIGKILL)
            elif what == "daemon":
                host.kill()
                host.start()
            else:
                host.signal_all(signal.SIGKILL)
                host.process.wait()
                host.start()
            self.done.append(what)
        return len(self.done) < len(self._at)


def at_rest(database: Database) -> bool:
    """Whether nothing is left that is done by itself."""
    return not database.integer(
        "SELECT COUNT(*) FROM action WHERE state IN ('waiting', 'sending', 'retrying')"
        " OR (state = 'unknown' AND next_at IS NOT NULL)"
    )


def while_it_moves(
    is_over: Callable[[], bool], moved: Callable[[], object], tell: Callable[[], str]
) -> None:
    """Asks until it is over; gives up when nothing has moved for a minute."""
    pause = threading.Event()
    last, deadline = moved(), time.monotonic() + _STALLED_SECONDS
    while not is_over():
        now = moved()
        if now != last:
            last, deadline = now, time.monotonic() + _STALLED_SECONDS
        assert time.monotonic() < deadline, tell()
        pause.wait(0.02)
