"""NAS that are logged in to with a password."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from engine.nas.fleet import Fleet
from engine.nas.outcome import DropResult
from engine.nas.settings import NasConfig, RouterosConfig
from tests.nas.conftest import Fleets, trust
from tests.servers.odd_peer import OddPeer
from tests.servers.password_router import PasswordRouter

PASSWORD = "пароль $x"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.touch(mode=0o640)
    path.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return path


def config_of(
    peer: OddPeer, router: PasswordRouter, routeros: RouterosConfig, file: Path | None
) -> NasConfig:
    """The router's configuration, pinned."""
    nas = NasConfig("gw1", peer.host, peer.port, password_file=file)
    trust(routeros, nas, router.host_key)
    return nas


def test_a_password_of_a_file(routeros: RouterosConfig, make_fleet: Fleets, file: Path) -> None:
    router = PasswordRouter(PASSWORD)
    router.sessions = {"*1": "ivan", "*2": "anna"}
    with OddPeer(router) as peer:
        fleet = make_fleet(config_of(peer, router, routeros, file))
        assert fleet.drop("ivan") == [DropResult("gw1", "dropped", 1)]
        assert fleet.drop("ivan") == [DropResult("gw1", "none")]
    assert (router.sessions, router.tried) == ({"*2": "anna"}, ["password"])


def test_a_credential_comes_before_the_file(
    routeros: RouterosConfig, file: Path, tmp_path: Path
) -> None:
    file.write_text("wrong\n")
    (tmp_path / "nas-gw1-password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    router = PasswordRouter(PASSWORD)
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    with (
        OddPeer(router) as peer,
        Fleet([config_of(peer, router, routeros, file)], routeros, environ) as fleet,
    ):
        assert fleet.drop("ivan") == [DropResult("gw1", "none")]


def test_a_password_that_is_changed_counts_at_once(
    routeros: RouterosConfig, make_fleet: Fleets, file: Path
) -> None:
    router = PasswordRouter("other")
    with OddPeer(router) as peer:
        fleet = make_fleet(config_of(peer, router, routeros, file))
        (result,) = fleet.drop("ivan")
        assert (result.outcome, PASSWORD in result.detail) == ("login_refused", False)
        file.write_text("other\n")
        assert fleet.drop("ivan")[0].outcome == "none"


@pytest.mark.parametrize("trouble", ["open to others", "missing", "none"])
def test_a_password_that_cannot_be_read(
    routeros: RouterosConfig, make_fleet: Fleets, file: Path, trouble: str
) -> None:
    file.chmod(0o644 if trouble == "open to others" else 0o600)
    if trouble == "missing":
        file.unlink()
    router = PasswordRouter(PASSWORD)
    with OddPeer(router) as peer:
        nas = config_of(peer, router, routeros, None if trouble == "none" else file)
        (result,) = make_fleet(nas).drop("ivan")
        assert result.outcome == "login_refused"
        assert peer.called == 0


def test_a_command_that_is_not_even_taken(
    routeros: RouterosConfig, make_fleet: Fleets, file: Path
) -> None:
    hasty = dataclasses.replace(routeros, deadline_seconds=1)
    router = PasswordRouter(PASSWORD, answers=False)
    with OddPeer(router) as peer:
        nas = config_of(peer, router, hasty, file)
        (result,) = make_fleet(nas, routeros=hasty).drop("ivan")
    assert result.outcome in ("error", "unreachable")
    assert result.detail
