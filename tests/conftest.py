"""What all tests share: a fresh database on either engine, hypothesis profiles, strict skips."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.servers import sshd
from tests.servers.mariadb import PASSWORD, USER, MariaDBServer, why_missing

if TYPE_CHECKING:
    from engine.config import DatabaseConfig

IN_CI = os.environ.get("CI", "").lower() in {"true", "1"}

# A failing example is printed as a line to paste over the test. No deadline: machines differ.
hypothesis.settings.register_profile("default", deadline=None, print_blob=True)
hypothesis.settings.register_profile("ci", deadline=None, print_blob=True, derandomize=False)
hypothesis.settings.load_profile("ci" if IN_CI else "default")

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDBServer]:
    """The server that the tests share, started by the first that asks."""
    reason = why_missing()
    if reason is not None:
        pytest.skip(f"MariaDB: {reason}")
    with MariaDBServer(in_memory=True) as server:
        yield server


@pytest.fixture(scope="session")
def _routeros_server() -> Iterator[sshd.RouterOSServer]:
    reason = sshd.why_missing()
    if reason is not None:
        pytest.skip(f"sshd: {reason}")
    with sshd.RouterOSServer(nas=4) as server:
        yield server


@pytest.fixture
def routeros_server(_routeros_server: sshd.RouterOSServer) -> sshd.RouterOSServer:
    """The four routers that the tests share, started by the first that asks; without sessions and
    in a good mood."""
    _routeros_server.reset()
    return _routeros_server


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Each database engine in turn."""
    return str(request.param)


@pytest.fixture
def new_database(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], DatabaseConfig]]:
    """Makes a fresh, empty database (no schema yet) of the engine asked for, at each call; for
    tests that need several. They are removed afterwards."""
    from engine.config import DatabaseConfig, Secret

    made: list[tuple[MariaDBServer, str]] = []

    def make(engine: str) -> DatabaseConfig:
        number = next(_numbers)
        path = tmp_path / f"billing{number}.db"
        if engine == "sqlite":
            return DatabaseConfig(engine="sqlite", path=path)
        server: MariaDBServer = request.getfixturevalue("mariadb_server")
        name = f"test_{number}"
        server.create_database(name)
        made.append((server, name))
        return DatabaseConfig(
            engine="mariadb",
            path=path,
            socket=server.socket,
            name=name,
            user=USER,
            password=Secret(PASSWORD),
        )

    yield make
    for server, name in made:
        server.drop_database(name)


@pytest.fixture
def database_config(
    engine_name: str, new_database: Callable[[str], DatabaseConfig]
) -> DatabaseConfig:
    """How to reach a fresh, empty database of `engine_name` (no schema yet)."""
    return new_database(engine_name)


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """In CI a skip is a failure: it would hide that something is no longer tested."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report
