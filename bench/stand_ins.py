"""The stand-ins of all three providers in a process of their own, which tells what reached them."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from typing import Any

from tests.servers.http_stand_in import Heard, HttpStandIn, Reply
from tests.servers.komtet_server import QUEUE, SECRET, SHOP_ID, KomtetServer
from tests.servers.smsc_server import LOGIN, PASSWORD, SmscServer
from tests.servers.smspilot_server import KEY, SmspilotServer

_SPAWN = multiprocessing.get_context("spawn")
Arrival = tuple[float, Heard]
"""When a request came, on the clock `time.monotonic`, and the request."""


class StandIns:
    """The other end; `urls` are those of smspilot, smsc and komtet."""

    def __init__(self, wire: Connection) -> None:
        self._wire = wire
        self.urls: tuple[str, str, str] = wire.recv()

    def arrivals(self) -> list[list[Arrival]]:
        """What came since the last call, for each of them."""
        self._wire.send("arrivals")
        found: list[list[Arrival]] = self._wire.recv()
        return found

    def settings(self, parallel: int) -> dict[str, dict[str, object]]:
        """The configuration of their use."""
        pace = {"per_second": 1_000, "parallel": parallel}
        smspilot, smsc, komtet = self.urls
        return {
            "notices": {"sms": "smspilot", "social": "smsc"},
            "receipts": {"provider": "komtet"},
            "smspilot": {"url": smspilot, "key": KEY, **pace},
            "smsc": {"url": smsc, "login": LOGIN, "password": PASSWORD, **pace},
            "komtet": {"url": komtet, "shop_id": SHOP_ID, "queue": QUEUE, "secret": SECRET, **pace},
        }


@contextmanager
def stand_ins() -> Iterator[StandIns]:
    """They serve while the block runs."""
    here, there = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        yield StandIns(here)
    finally:
        process.kill()
        process.join()


def _serve(wire: Any) -> None:
    with ExitStack() as stack:
        smsc = SmscServer()
        servers: list[HttpStandIn] = [SmspilotServer(), smsc, KomtetServer()]
        arrivals: list[list[Arrival]] = [[] for _ in servers]
        for server, came in zip(servers, arrivals, strict=True):
            server.handle = _noting(came, server.handle)
            stack.enter_context(server)
        wire.send(tuple(server.url for server in servers))
        while wire.recv():
            wire.send([list(came) for came in arrivals])
            smsc.forget()
            for came in arrivals:
                came.clear()


def _noting(came: list[Arrival], handle: Callable[[Heard], Reply]) -> Callable[[Heard], Reply]:
    def note(heard: Heard) -> Reply:
        came.append((time.monotonic(), heard))
        return handle(heard)

    return note
