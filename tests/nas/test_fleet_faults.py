"""NAS that are dead, slow, or not what they should be: each is told, and none holds up another."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import get_args

import pytest

from engine.errors import JobFailed
from engine.nas import trust as trusting
from engine.nas.outcome import DropResult, Outcome
from engine.nas.settings import NasConfig, RouterosConfig
from tests.nas.conftest import Fleets, config_of, host_key, trust, trusted
from tests.servers import odd_peer
from tests.servers.odd_peer import OddPeer, Through, Way
from tests.servers.sshd import RouterOSServer, why_missing

WAYS: list[Way] = [
    odd_peer.silent,
    odd_peer.hangs_up,
    odd_peer.slow_banner,
    odd_peer.many_lines,
    odd_peer.garbage,
    odd_peer.banner_alone,
    odd_peer.banner_and_garbage,
    odd_peer.other_service,
]


@pytest.fixture(scope="module")
def forty() -> Iterator[list[RouterOSServer]]:
    """Forty routers on three servers."""
    reason = why_missing()
    if reason is not None:
        pytest.skip(f"sshd: {reason}")
    with ExitStack() as stack:
        yield [stack.enter_context(RouterOSServer(nas)) for nas in (16, 16, 8)]


def all_of(servers: list[RouterOSServer], routeros: RouterosConfig) -> list[NasConfig]:
    """Their configuration, pinned; each NAS has a session of ivan."""
    found = []
    for group, server in enumerate(servers):
        for one in server.nas:
            server.sessions(one, ["ivan"])
            found.append(config_of(server, one, f"nas{group}-{one}"))
            trust(routeros, found[-1], host_key(server))
    return found


def through(
    peer: OddPeer, server: RouterOSServer, routeros: RouterosConfig, name: str = "odd"
) -> NasConfig:
    """The first router of a server, reached by way of the peer, pinned."""
    nas = NasConfig(name, peer.host, peer.port, server.user, server.own_key)
    trust(routeros, nas, host_key(server))
    return nas


@pytest.mark.parametrize("way", WAYS)
def test_what_is_no_ssh_server_is_not_reached(
    server: RouterOSServer,
    hasty: RouterosConfig,
    make_fleet: Fleets,
    capfd: pytest.CaptureFixture[str],
    way: Way,
) -> None:
    with OddPeer(way) as peer:
        nas = through(peer, server, hasty)
        (result,) = make_fleet(nas, routeros=hasty).drop("ivan")
        assert (result.outcome, result.failed, result.passing) == ("unreachable", True, True)
        assert result.detail.isprintable()
        with pytest.raises(JobFailed, match=r"NAS odd at .* shows no host key: .* Nothing was"):
            trusting.look(nas, hasty)
    assert capfd.readouterr().err == ""


def test_nobody_listens(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    with OddPeer(odd_peer.silent) as peer:
        nas = through(peer, server, routeros)
    assert make_fleet(nas).drop("ivan") == [
        DropResult("odd", "unreachable", detail="connection refused")
    ]


def test_a_name_that_has_no_address(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    nas = dataclasses.replace(config_of(server, 1), host="nas.invalid")
    trust(routeros, nas, host_key(server))
    (result,) = make_fleet(nas).drop("ivan")
    assert result.outcome == "unreachable"
    assert "nas.invalid" in result.detail


def test_a_dead_nas_of_forty_keeps_nobody_waiting(
    forty: list[RouterOSServer], routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    """The dead one, asked among the first, goes on saying nothing until all the others are done:
    if any of them waited for it, they would be told after it."""
    others_done = threading.Event()

    def dead(_connection: object, over: threading.Event) -> None:
        while not over.is_set() and not others_done.wait(0.01):
            pass

    told: list[str] = []

    def tell(result: DropResult) -> None:
        told.append(result.nas)
        if len(told) == 39:
            others_done.set()

    with OddPeer(dead) as peer:
        nas = [through(peer, forty[0], routeros, "dead"), *all_of(forty, routeros)[:39]]
        results = make_fleet(*nas).drop("ivan", tell=tell)
    assert told[-1] == "dead"
    assert [result.outcome for result in results] == ["unreachable", *["dropped"] * 39]


def test_sixteen_at_a_time_and_one_connection_each(
    forty: list[RouterOSServer], routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    """Forty that say nothing: sixteen are called, and no other before one of them has ended."""
    let_go = threading.Event()
    lock = threading.Lock()
    at_once = most = 0

    def count(_connection: object, _over: threading.Event) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
            if at_once == 16:
                let_go.set()
        let_go.wait()
        with lock:
            at_once -= 1

    with ExitStack() as stack:
        peers = [stack.enter_context(OddPeer(count)) for _ in range(40)]
        nas = [
            through(peer, forty[0], routeros, f"nas{number}") for number, peer in enumerate(peers)
        ]
        fleet = make_fleet(*nas)
        results = fleet.drop("ivan")
        assert {result.outcome for result in results} == {"unreachable"}
        assert [peer.called for peer in peers] == [1] * 40
    assert most == 16


def test_the_silent_ones_are_asked_last_the_next_time(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    alone = dataclasses.replace(routeros, parallel=1, step_seconds=0.2)
    told: list[str] = []
    with OddPeer(odd_peer.silent) as peer:
        nas = [through(peer, server, routeros, "dead"), *trusted(server, routeros)]
        fleet = make_fleet(*nas, routeros=alone)
        for _ in range(2):
            results = fleet.drop("ivan", tell=lambda result: told.append(result.nas))
            assert results[0].nas == "dead"
    assert (told[0], told[-1]) == ("dead", "dead")


def test_a_kept_connection_that_goes_silent_is_made_anew(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    way = Through(server.host(1), server.port)
    with OddPeer(way) as peer:
        fleet = make_fleet(
            through(peer, server, routeros), routeros=dataclasses.replace(routeros, step_seconds=1)
        )
        assert fleet.drop("ivan")[0].outcome == "none"
        server.sessions(1, ["ivan"])
        way.freeze_all()
        assert fleet.drop("ivan") == [DropResult("odd", "dropped", 1)]
        assert peer.called == 2
    assert server.commands(1) == 1


@pytest.mark.parametrize("freezes", [False, True])
def test_broken_off_anywhere_nothing_is_told_that_is_not_so(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets, freezes: bool
) -> None:
    """The server's side of a whole drop, cut after 0, 1/8, ... of its bytes, or frozen there."""
    way = Through(server.host(1), server.port)
    with OddPeer(way) as peer:
        nas = through(peer, server, routeros)
        assert make_fleet(nas).drop("ivan")[0].outcome == "none"
        whole = way.passed
        seen = set()
        quick = dataclasses.replace(routeros, step_seconds=0.3, deadline_seconds=0.3)
        for part in range(8):
            server.sessions(1, ["ivan", "anna"])
            way.limit, way.freezes = max(whole * part // 8, 1), freezes
            (result,) = make_fleet(nas, routeros=quick).drop("ivan")
            seen.add(result.outcome)
            if result.outcome == "unreachable":
                assert server.left() == ["ivan", "anna"]
            elif result.outcome == "dropped":
                assert server.left() == ["anna"]
            assert "anna" in server.left()
        assert "unreachable" in seen
        assert seen <= {"unreachable", "error", "dropped"}
        way.limit = None
        assert make_fleet(nas).drop("ivan")[0].outcome in ("dropped", "none")
    assert server.left() == ["anna"]


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_every_outcome_has_words(outcome: Outcome) -> None:
    result = DropResult("nas1", outcome, 2, "why")
    assert result.words
    assert result.failed == (outcome not in ("dropped", "none"))
