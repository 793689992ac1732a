"""`billdeck run` while MariaDB is down from the start: it is waited for, unless it refuses us."""

from __future__ import annotations

import io
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.main import main
from engine.config import DatabaseConfig, Secret
from engine.database import open_database
from engine.errors import DatabaseUnavailable
from engine.retry import open_patiently
from engine.schema import create
from tests.servers.mariadb import PASSWORD, USER, MariaDBServer, why_missing

pytestmark = pytest.mark.mariadb

RUN = ("run", "month-close", "--late")


class Listener(io.StringIO):
    """stderr that does something when the first note about the missing database is written."""

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__()
        self._then: Callable[[], object] | None = then

    def write(self, text: str) -> int:
        if self._then and "database is not there" in text:
            then, self._then = self._then, None
            then()
        return super().write(text)


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDBServer]:
    """A server of this module's own, with billdeck's tables in the database `books`."""
    reason = why_missing()
    if reason is not None:
        pytest.skip(f"MariaDB: {reason}")
    with MariaDBServer() as server:
        server.create_database("books")
        database = open_database(where(server))
        create(database)
        database.close()
        yield server


def where(server: MariaDBServer, name: str = "books", password: str = PASSWORD) -> DatabaseConfig:
    return DatabaseConfig(
        engine="mariadb",
        path=Path("unused"),
        socket=server.socket,
        name=name,
        user=USER,
        password=Secret(password),
        wait_seconds=600,
    )


@pytest.fixture
def stopped(server: MariaDBServer) -> Iterator[MariaDBServer]:
    server.stop()
    yield server
    server.start()


@pytest.fixture
def config_file(server: MariaDBServer, tmp_path: Path) -> Path:
    (tmp_path / "password").touch(mode=0o600)
    (tmp_path / "password").write_text(PASSWORD)
    file = tmp_path / "config.ini"
    file.write_text(
        f"[database]\nengine = mariadb\nsocket = {server.socket}\nname = books\nuser = {USER}\n"
        f"password_file = {tmp_path / 'password'}\nwait_seconds = 600\n"
    )
    return file


def test_it_waits_for_the_server(
    stopped: MariaDBServer,
    config_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    starting = threading.Thread(target=stopped.start)
    heard = Listener(starting.start)
    monkeypatch.setattr("sys.stderr", heard)
    status = main(["--config", str(config_file), *RUN])
    starting.join()
    assert status == 0, heard.getvalue()
    assert "nothing" in capsys.readouterr().out.lower()


def test_ctrl_c_ends_the_wait(
    stopped: MariaDBServer, config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Listener(lambda: os.kill(os.getpid(), signal.SIGINT))
    monkeypatch.setattr("sys.stderr", heard)
    assert main(["--config", str(config_file), *RUN]) == 130
    assert "stopped while waiting for the database" in heard.getvalue()
    assert heard.getvalue().count("trying again") == 1


def test_other_commands_do_not_wait(
    stopped: MariaDBServer, config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(config_file), "jobs"]) == 1
    assert "cannot open the database" in capsys.readouterr().err


def test_the_wait_ends_when_its_time_is_up(
    stopped: MariaDBServer, config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config_file.write_text(config_file.read_text().replace("= 600", "= 0"))
    assert main(["--config", str(config_file), *RUN]) == 1
    assert "cannot open the database books on" in capsys.readouterr().err


def test_the_pauses_grow(stopped: MariaDBServer) -> None:
    notes: list[str] = []
    stop = threading.Event()

    def listen(note: str) -> None:
        notes.append(note)
        if len(notes) == 4:
            stopped.start()

    open_patiently(where(stopped), stop, listen).close()
    pauses = [float(note.split()[-2]) for note in notes[:4]]
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]


@pytest.mark.parametrize(
    "wrong", [{"password": "another"}, {"name": "nowhere"}], ids=["password", "database"]
)
def test_a_refusal_is_told_at_once(server: MariaDBServer, wrong: dict[str, str]) -> None:
    notes: list[str] = []
    with pytest.raises(DatabaseUnavailable, match="denied"):
        open_patiently(where(server, **wrong), None, notes.append)
    assert notes == []


def test_a_missing_sqlite_file_is_told_at_once(tmp_path: Path) -> None:
    config = DatabaseConfig(engine="sqlite", path=tmp_path / "none.db", wait_seconds=600)
    with pytest.raises(DatabaseUnavailable, match="there is no database"):
        open_patiently(config)
