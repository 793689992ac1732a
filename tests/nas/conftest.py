"""Routers to call: a real sshd with a model of the console behind it."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.integrations.known_hosts import HostKey, changing
from engine.nas.fleet import Fleet
from engine.nas.settings import NasConfig, RouterosConfig
from tests.servers.sshd import RouterOSServer

Fleets = Callable[..., Fleet]


@pytest.fixture
def server(routeros_server: RouterOSServer) -> RouterOSServer:
    """The four routers, without sessions and in a good mood."""
    return routeros_server


@pytest.fixture
def routeros(tmp_path: Path) -> RouterosConfig:
    """Patience for a busy machine; nothing is pinned yet."""
    return RouterosConfig(tmp_path / "known_hosts", step_seconds=60, deadline_seconds=60)


@pytest.fixture
def hasty(routeros: RouterosConfig) -> RouterosConfig:
    """No patience, for those who never answer."""
    return dataclasses.replace(routeros, step_seconds=0.3, deadline_seconds=0.6)


@pytest.fixture
def make_fleet(routeros: RouterosConfig) -> Iterator[Fleets]:
    """Fleets that are closed at the end."""
    made: list[Fleet] = []

    def make(*nas: NasConfig, routeros: RouterosConfig = routeros) -> Fleet:
        made.append(Fleet(nas, routeros, environ={}))
        return made[-1]

    yield make
    for fleet in made:
        fleet.close()


def config_of(server: RouterOSServer, nas: int, name: str = "") -> NasConfig:
    """How a router is configured, `nas1` and so on."""
    return NasConfig(
        name or f"nas{nas}", server.host(nas), server.port, server.user, server.own_key
    )


def host_key(server: RouterOSServer) -> HostKey:
    """The key that all routers of a server show."""
    return key_of(server.host_key)


def key_of(path: Path) -> HostKey:
    """The public half of a key."""
    kind, text, *_ = path.with_suffix(".pub").read_text().split()
    return HostKey(kind, base64.b64decode(text))


def trust(routeros: RouterosConfig, nas: NasConfig, key: HostKey) -> None:
    """Pins a key, without a look."""
    with changing(routeros.known_hosts) as pinned:
        pinned[nas.address] = (key,)


def trusted(server: RouterOSServer, routeros: RouterosConfig) -> list[NasConfig]:
    """All routers of a server, pinned."""
    found = [config_of(server, nas) for nas in server.nas]
    for nas in found:
        trust(routeros, nas, host_key(server))
    return found
