"""Dropping sessions on real SSH servers that play routers."""

from __future__ import annotations

import dataclasses
import logging
import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from engine.errors import ConfigError, InputError
from engine.nas import trust as trusting
from engine.nas.outcome import DropResult
from engine.nas.settings import RouterosConfig
from tests.nas.conftest import Fleets, config_of, host_key, key_of, trust, trusted
from tests.nas.names import HOSTILE, NAMES
from tests.servers.sshd import RouterOSServer


def test_all_sessions_of_a_login_go_on_all_nas(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    server.sessions(1, ["ivan", "anna", "ivan"])
    server.sessions(2, ["anna"])
    server.sessions(3, ["ivan"])
    told: list[DropResult] = []
    results = make_fleet(*trusted(server, routeros)).drop("ivan", tell=told.append)
    assert results == [
        DropResult("nas1", "dropped", 2),
        DropResult("nas2", "none"),
        DropResult("nas3", "dropped", 1),
        DropResult("nas4", "none"),
    ]
    assert sorted(told) == results
    assert [server.left(nas) for nas in server.nas] == [["anna"], ["anna"], [], []]


def test_one_nas_alone(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    for nas in (1, 2):
        server.sessions(nas, ["ivan"])
    fleet = make_fleet(*trusted(server, routeros))
    assert fleet.drop("ivan", ["nas2"]) == [DropResult("nas2", "dropped", 1)]
    assert (server.left(1), server.commands(1)) == (["ivan"], 0)
    with pytest.raises(InputError, match="there is no NAS nas9; nothing was sent"):
        fleet.drop("ivan", ["nas1", "nas9"])
    assert server.left(1) == ["ivan"]


def test_hostile_names_end_their_own_session_and_nothing_else(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    fleet = make_fleet(*trusted(server, routeros))
    server.sessions(1, [*HOSTILE, "bystander"])
    for done, name in enumerate(HOSTILE, start=1):
        assert fleet.drop(name, ["nas1"]) == [DropResult("nas1", "dropped", 1)], name
        assert server.left() == [*HOSTILE[done:], "bystander"]
    expected = [f"remove *{number:X}" for number in range(1, len(HOSTILE) + 1)]
    assert [what for what in server.executed() if what != "find"] == expected


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(NAMES)
def test_made_up_names(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets, name: str
) -> None:
    fleet = make_fleet(*trusted(server, routeros))
    server.sessions(1, [name, "bystander" + name])
    assert fleet.drop(name, ["nas1"]) == [DropResult("nas1", "dropped", 1)]
    assert server.left() == ["bystander" + name]
    assert server.executed() == ["find", "remove *1"]
    fleet.close()


@pytest.mark.parametrize("name", ["", "x" * 129])
def test_a_name_that_is_none_reaches_nobody(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets, name: str
) -> None:
    with pytest.raises(InputError):
        make_fleet(*trusted(server, routeros)).drop(name)
    assert server.commands() == 0


def test_one_connection_serves_all_drops(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    fleet = make_fleet(*trusted(server, routeros))
    before = server.logins()
    for _ in range(3):
        fleet.drop("ivan", ["nas1", "nas2"])
    assert server.logins() - before == 2


def test_a_connection_that_died_meanwhile_is_made_anew(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    fleet = make_fleet(*trusted(server, routeros))
    fleet.drop("ivan")
    server.hang_up()
    server.sessions(1, ["ivan"])
    results = fleet.drop("ivan")
    assert [result.outcome for result in results] == ["dropped", "none", "none", "none"]
    assert server.commands(1) == 1


def test_an_unused_connection_is_closed(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    fleet = make_fleet(
        *trusted(server, routeros), routeros=dataclasses.replace(routeros, idle_seconds=0.01)
    )
    before = server.logins()
    fleet.drop("ivan", ["nas1"])
    (link,) = (one for one in fleet._links.values() if one.nas.name == "nas1")
    pause = threading.Event()
    while link.is_open:
        pause.wait(0.005)
    assert fleet.drop("ivan", ["nas1"])[0].outcome == "none"
    assert server.logins() - before == 2


def test_several_threads_share_the_connections(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    names = [f"ivan{number}" for number in range(12)]
    for nas in server.nas:
        server.sessions(nas, names)
    fleet = make_fleet(*trusted(server, routeros))
    before = server.logins()
    results: list[DropResult] = []
    threads = [
        threading.Thread(target=lambda name=name: results.extend(fleet.drop(name)))
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {result.outcome for result in results} == {"dropped"}
    assert len(results) == len(names) * server.count
    assert server.logins() - before == server.count


def test_a_nas_that_is_not_trusted_is_not_called(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    calls = server.log().count("Connection from")
    (result,) = make_fleet(config_of(server, 1)).drop("ivan")
    assert result == DropResult("nas1", "not_trusted", detail="no host key is pinned for it")
    assert calls
    assert server.log().count("Connection from") == calls


def test_trust_is_for_one_address(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    trust(routeros, config_of(server, 1), host_key(server))
    results = make_fleet(config_of(server, 1), config_of(server, 2)).drop("ivan")
    assert [result.outcome for result in results] == ["none", "not_trusted"]


def test_a_changed_host_key_is_refused(
    routeros: RouterosConfig, server: RouterOSServer, make_fleet: Fleets
) -> None:
    nas = config_of(server, 1)
    with RouterOSServer() as other:
        trust(routeros, nas, host_key(other))
    server.sessions(1, ["ivan"])
    logins = server.logins()
    (result,) = make_fleet(nas).drop("ivan")
    assert (result.outcome, result.failed, result.passing) == ("key_changed", True, False)
    assert host_key(server).fingerprint in result.detail
    assert (server.left(), server.logins()) == (["ivan"], logins)


def test_a_key_that_is_pinned_anew_counts_at_once(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    nas = config_of(server, 1)
    fleet = make_fleet(nas)
    assert fleet.drop("ivan")[0].outcome == "not_trusted"
    trust(routeros, nas, host_key(server))
    assert fleet.drop("ivan")[0].outcome == "none"
    with RouterOSServer() as other:
        trust(routeros, nas, host_key(other))
    assert fleet.drop("ivan")[0].outcome == "key_changed"


def test_a_server_with_two_keys_is_asked_for_the_pinned_one(
    routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    with RouterOSServer(with_rsa=True) as two_keys:
        nas = config_of(two_keys, 1)
        assert trusting.look(nas, routeros).key == host_key(two_keys)
        assert two_keys.rsa_key is not None
        rsa = key_of(two_keys.rsa_key)
        trust(routeros, nas, rsa)
        offer = trusting.look(nas, routeros)
        assert (offer.key, offer.key.kind, offer.state) == (rsa, "ssh-rsa", "same")
        assert make_fleet(nas).drop("ivan") == [DropResult("nas1", "none")]


def test_a_key_that_the_nas_does_not_know_is_refused(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    (nas, *_) = trusted(server, routeros)
    with RouterOSServer() as other:
        (result,) = make_fleet(dataclasses.replace(nas, key_file=other.own_key)).drop("ivan")
    assert result == DropResult("nas1", "login_refused", detail=f"it does not let {server.user} in")


@pytest.mark.parametrize("trouble", ["missing", "open to others", "no key", "passphrase"])
def test_a_key_file_that_cannot_be_used(
    server: RouterOSServer,
    routeros: RouterosConfig,
    make_fleet: Fleets,
    tmp_path: Path,
    trouble: str,
) -> None:
    (nas, *_) = trusted(server, routeros)
    file = tmp_path / "key"
    if trouble == "passphrase":
        os.system(f"ssh-keygen -q -t ed25519 -N secret -f {file}")  # noqa: S605 - a path of ours
    elif trouble != "missing":
        file.write_text("no key")
        file.chmod(0o644 if trouble == "open to others" else 0o600)
    (result,) = make_fleet(dataclasses.replace(nas, key_file=file)).drop("ivan")
    assert result.outcome == "login_refused"
    assert str(file) in result.detail


def test_neither_an_agent_nor_a_home_folder_helps(
    server: RouterOSServer,
    routeros: RouterosConfig,
    make_fleet: Fleets,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (nas, *_) = trusted(server, routeros)
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_ed25519").write_bytes(server.own_key.read_bytes())
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    password = tmp_path / "password"
    password.write_text("wrong")
    password.chmod(0o600)
    nas = dataclasses.replace(nas, key_file=None, password_file=password)
    assert make_fleet(nas).drop("ivan")[0].outcome == "login_refused"


def test_host_keys_that_others_may_change_stop_everything(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    fleet = make_fleet(*trusted(server, routeros))
    routeros.known_hosts.chmod(0o666)
    with pytest.raises(ConfigError, match="others could put keys of their own there"):
        fleet.drop("ivan")
    assert server.commands() == 0


@pytest.mark.parametrize("mood", ["text", "nothing", "garbage", "endless", "cut"])
def test_answers_that_are_none(
    server: RouterOSServer,
    routeros: RouterosConfig,
    make_fleet: Fleets,
    capfd: pytest.CaptureFixture[str],
    mood: str,
) -> None:
    fleet = make_fleet(*trusted(server, routeros))
    server.mood(mood)
    (result,) = fleet.drop("ivan", ["nas1"])
    assert (result.outcome, result.failed, result.passing) == ("error", True, True)
    assert result.detail.isprintable()
    assert len(result.detail) < 200
    server.mood("")
    assert fleet.drop("ivan", ["nas1"]) == [DropResult("nas1", "none")]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("mood", ["hang", "slow"])
def test_answers_that_do_not_end(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets, mood: str
) -> None:
    hasty = dataclasses.replace(routeros, deadline_seconds=1)
    fleet = make_fleet(*trusted(server, routeros), routeros=hasty)
    fleet.drop("ivan", ["nas1"])
    server.mood(mood)
    assert fleet.drop("ivan", ["nas1"]) == [
        DropResult("nas1", "error", detail="it took longer than it may")
    ]


def test_paramiko_prints_nothing_of_its_own(
    server: RouterOSServer, routeros: RouterosConfig, make_fleet: Fleets
) -> None:
    make_fleet(*trusted(server, routeros)).drop("ivan", ["nas1"])
    paramiko = logging.getLogger("paramiko")
    assert (bool(paramiko.handlers), paramiko.propagate) == (True, False)
