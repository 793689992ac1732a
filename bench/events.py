"""Events and what follows them: how many actions a second, how soon, and what recording costs.

    python -m bench.events [--engines sqlite mariadb] [--payments 1000] [--times 20]

For each engine: actions a second of a delivery to the stand-ins of three providers (in a process of
their own), beside httpx alone posting the same requests in the same run; from the commit of a
payment to its arrival there, with an idle daemon; and payments a second with events and without.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from bench.places import Where, config_of, make_anew, places
from bench.stand_ins import Arrival, StandIns, stand_ins
from engine.clock import SystemClock
from engine.config import Config
from engine.database import Database, open_database
from engine.events.setup import rules_of
from engine.ledger.operations import Ledger
from jobs.context import RunHooks
from jobs.registry import function_of, job_named, read_config
from jobs.runner import Runner
from tests.jobs.dressed import Dress
from tests.jobs.hosts import Host, until
from tests.servers.http_stand_in import Heard

_SUBSCRIBERS = 1_000
_PARALLEL = 16
_GOAL_RATE = 200
_GOAL_SECONDS = 2.0
_ROUNDS = 2
_CHANNELS = 3
_OWN_HEADERS = ("host", "content-length", "connection", "accept-encoding")
_EVENTS: dict[str, object] = {"payment": "notice, receipt", "linger_seconds": 1}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", nargs="+", default=["sqlite", "mariadb"])
    parser.add_argument("--payments", type=int, default=1_000)
    parser.add_argument("--times", type=int, default=20, help="payments to an idle daemon")
    args = parser.parse_args()
    for engine in args.engines:
        with (
            tempfile.TemporaryDirectory() as name,
            places(engine, Path(name), ["events"]) as (where,),
            stand_ins() as outside,
        ):
            print(engine, flush=True)
            bench = _Bench(Path(name), where, outside)
            bench.recording(args.payments)
            for _ in range(_ROUNDS):
                bench.delivery(args.payments)
            bench.idle(args.times)
    return 0


def _tell(figure: str, measured: str, goal: str = "", is_met: bool = True) -> None:
    words = f"   goal {goal}{'' if is_met else '   MISSED'}" if goal else ""
    print(f"  {figure:44} {measured:>14}{words}", flush=True)


class _Bench:
    """The measurements on one database."""

    def __init__(self, folder: Path, where: Where, outside: StandIns) -> None:
        self._folder = folder
        self._where = where
        self._outside = outside
        self._paid = 0

    def _host(self, mode: str) -> Host:
        settings = self._outside.settings(_PARALLEL) | {"events": {"mode": mode, **_EVENTS}}
        database = config_of(self._where).database
        return Host(self._folder / f"host-{mode}", database, Dress(), {}, settings, {})

    def _config(self, mode: str) -> Config:
        self._host(mode)
        return read_config(self._folder / f"host-{mode}" / "config.ini", environ={})

    def _fresh(self) -> Database:
        make_anew(self._where, _SUBSCRIBERS)
        return open_database(config_of(self._where).database)

    def _pay(self, database: Database, config: Config, number: int) -> None:
        ledger = Ledger(
            database, config.billing, SystemClock(), "bench", 30, rules_of(config)
        )  # fmt: skip
        for _ in range(number):
            self._paid += 1
            login = f"u{1_000 + self._paid % _SUBSCRIBERS}"
            ledger.payment(login, 100_00 + self._paid % 100_000, key=f"bench {self._paid}")

    # Recording

    def recording(self, payments: int) -> None:
        """Payments a second, one after the other, in turn with events and without."""
        rates: dict[str, list[float]] = {"off": [], "on": []}
        for _ in range(_ROUNDS):
            for mode, found in rates.items():
                database = self._fresh()
                config = self._config(mode)
                began = time.perf_counter()
                self._pay(database, config, payments)
                found.append(payments / (time.perf_counter() - began))
                database.close()
        off, on = max(rates["off"]), max(rates["on"])
        _tell("payments a second, mode = off", f"{off:,.0f}")
        _tell("payments a second, with three actions each", f"{on:,.0f}")
        _tell("time of one, with actions to without", f"{off / on:.2f}")

    # Delivery

    def delivery(self, payments: int) -> None:
        """Actions a second when all wait at once, and requests a second of httpx alone."""
        database = self._fresh()
        config = self._config("on")
        self._pay(database, config, payments)
        self._outside.arrivals()
        job = job_named("event-delivery")
        runner = Runner(database, config, SystemClock(), RunHooks())
        began = time.monotonic()
        runner.here(job, {}, "bench", function_of(job))
        arrivals = self._outside.arrivals()
        done = database.integer("SELECT COUNT(*) FROM action WHERE state = 'done'")
        last = database.integer("SELECT MAX(ended_at) FROM action")
        first = database.integer("SELECT MIN(sent_at) FROM action")
        database.close()
        if done != payments * _CHANNELS or sum(map(len, arrivals)) != done:
            raise SystemExit(f"{done} actions were done, not {payments * _CHANNELS}")
        rate = done / ((last - first) / 1_000)
        _tell("actions a second", f"{rate:,.0f}", f"{_GOAL_RATE}", rate >= _GOAL_RATE)
        start = min(when for came in arrivals for when, _ in came) - began
        _tell("until the first arrives", f"{start:.2f} s")
        bare = done / asyncio.run(_replay(self._outside.urls, arrivals))
        _tell("requests a second of httpx alone", f"{bare:,.0f}")
        _tell("time of an action to that of a request", f"{bare / rate:.2f}")

    # An idle daemon

    def idle(self, times: int) -> None:
        """From the commit of a payment to the arrival of each of its actions; each payment comes
        when the run before has ended, at any moment of the daemon's second."""
        database = self._fresh()
        host = self._host("on")
        config = self._config("on")
        dice, pause = random.Random(1), threading.Event()
        self._outside.arrivals()
        took: list[float] = []
        try:
            host.start()
            for _ in range(times):
                until(lambda: _is_idle(database), host.log)
                pause.wait(dice.uniform(0, 1))
                self._pay(database, config, 1)
                committed = time.monotonic()
                took.append(max(self._arrived(host.log)) - committed)
            until(lambda: _is_idle(database), host.log)
            host.stop()
        finally:
            host.clean_up()
            database.close()
        median, worst = statistics.median(took), max(took)
        _tell("from event to action, idle daemon, median", f"{median:.2f} s")
        goal = f"{_GOAL_SECONDS:.0f} s"
        _tell("  worst", f"{worst:.2f} s", goal, worst < _GOAL_SECONDS)

    def _arrived(self, tell: Callable[[], str]) -> list[float]:
        """When the actions of one payment arrived, once all have."""
        found: list[float] = []

        def all_came() -> bool:
            for came in self._outside.arrivals():
                found.extend(when for when, _ in came)
            return len(found) >= _CHANNELS

        until(all_came, tell)
        return found


def _is_idle(database: Database) -> bool:
    """Whether no run is open and no action waits."""
    return not database.integer(
        "SELECT (SELECT COUNT(*) FROM job_run WHERE state IN ('queued', 'running')) +"
        " (SELECT COUNT(*) FROM action WHERE state <> 'done')"
    )


async def _replay(urls: Sequence[str], arrivals: Sequence[Sequence[Arrival]]) -> float:
    """Seconds that httpx alone takes to post the same requests, as many at a time to each."""
    limits = httpx.Limits(max_connections=_PARALLEL, max_keepalive_connections=_PARALLEL)
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(trust_env=False, limits=limits))
            for _ in urls
        ]
        began = time.perf_counter()
        await asyncio.gather(*(
            _post_all(client, url, [heard for _, heard in came])
            for client, url, came in zip(clients, urls, arrivals, strict=True)
        ))  # fmt: skip
        return time.perf_counter() - began


async def _post_all(client: httpx.AsyncClient, url: str, requests: Sequence[Heard]) -> None:
    left = iter(requests)

    async def work() -> None:
        for one in left:
            kept = {name: text for name, text in one.headers.items() if name not in _OWN_HEADERS}
            await client.post(url + one.target, content=one.body, headers=kept)

    await asyncio.gather(*(work() for _ in range(_PARALLEL)))


if __name__ == "__main__":
    sys.exit(main())
