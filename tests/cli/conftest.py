"""A billing server of its own for each test of the command line, and a way to type commands."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cli.main import main
from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.period import parse_when
from engine.schema import create

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = parse_when("2026-11-12T12:00:00", MOSCOW)


@dataclass
class Answer:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout as the one JSON object that it must be."""
        return json.loads(self.out)


class Shell:
    """Types commands against one configuration file, at a fixed time."""

    def __init__(self, config_file: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.config_file = config_file
        self.clock = FixedClock(NOW)
        self._capture = capture

    def __call__(self, *words: str) -> Answer:
        self._capture.readouterr()
        status = main(["--config", str(self.config_file), *words], self.clock)
        captured = self._capture.readouterr()
        return Answer(status, captured.out, captured.err)

    def configure(self, more: str) -> None:
        """Adds lines to the configuration file."""
        text = self.config_file.read_text(encoding="utf-8")
        self.config_file.write_text(f"{text}\n{more}\n", encoding="utf-8")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own configuration or home is seen or touched."""
    for name in ("BILLDECK_CONFIG", "SUDO_UID", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for kind in ("DATA", "CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))


@pytest.fixture
def as_nobody() -> Callable[[], AbstractContextManager[None]]:
    """A part of a test without the rights of root, whom no folder keeps out."""

    @contextmanager
    def switch() -> Iterator[None]:
        before = os.geteuid()
        if before == 0:
            os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(before)

    return switch


@pytest.fixture
def config_file(tmp_path: Path) -> Callable[[DatabaseConfig], Path]:
    """Writes the configuration file that leads to a database."""

    def write(config: DatabaseConfig) -> Path:
        lines = ["[database]", f"engine = {config.engine}"]
        if config.engine == "sqlite":
            lines.append(f"path = {config.path}")
        else:
            password = tmp_path / "password"
            password.touch(mode=0o600)
            assert config.password is not None
            password.write_text(config.password.reveal(), encoding="utf-8")
            lines += [
                f"socket = {config.socket}",
                f"name = {config.name}",
                f"user = {config.user}",
                f"password_file = {password}",
            ]
        file = tmp_path / "config.ini"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file

    return write


@pytest.fixture
def empty(
    database_config: DatabaseConfig,
    config_file: Callable[[DatabaseConfig], Path],
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    """A shell on a database without tables, on each engine."""
    return Shell(config_file(database_config), capsys)


@pytest.fixture
def books(database_config: DatabaseConfig) -> Any:
    """The open database of `shell`, to look behind the commands and to prepare what they need:
    two plans, an add-on plan, two services, two groups, no subscriber."""
    database = open_database(database_config, create=True)
    create(database)
    with database.transaction():
        fill_catalogue(database)
    yield database
    database.close()


@pytest.fixture
def shell(books: Database, empty: Shell) -> Shell:
    """A shell on a database with tables and something to sell."""
    return empty


def fill_catalogue(database: Database) -> None:
    """What there is to sell, with a hostile name among it."""
    for code, name, fee in (("home", "Home 100", 350), ("fast", "x\x1b]0;t\x07", 900)):
        plan = database.insert(
            "INSERT INTO plan (code, name, monthly_fee) VALUES (?, ?, ?)",
            (code, name, fee * 1_000_000),
        )
        for direction in (1, 2, 3, 4):
            database.execute(
                "INSERT INTO plan_direction (plan_id, direction, overage_price, counts)"
                " VALUES (?, ?, 0, 'in')",
                (plan, direction),
            )
    database.execute("INSERT INTO addon (code, name, monthly_fee) VALUES ('tv', 'TV', 100000000)")
    for code, kind in (("ip", "service"), ("box", "rent")):
        database.execute(
            "INSERT INTO service (code, name, kind, monthly_fee) VALUES (?, ?, ?, 50000000)",
            (code, code, kind),
        )
    for code, charge in (("people", 1), ("staff", 0)):
        database.execute(
            "INSERT INTO subscriber_group (code, name, charge) VALUES (?, ?, ?)",
            (code, code, charge),
        )


@pytest.fixture
def ivan(shell: Shell) -> Shell:
    """A shell where the subscriber ivan exists; the open period is 2026-11."""
    answer = shell("subscriber", "add", "ivan", "--group", "people", "--plan", "home")
    assert answer.status == 0, answer.err
    return shell
