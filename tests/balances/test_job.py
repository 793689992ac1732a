"""The job as it is run from the command line, over a real mailbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.main import main
from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from jobs.lease import Lease
from tests.balances.office import NOON, open_office, say
from tests.servers.dovecot import PASSWORD, USER, DovecotServer


@pytest.fixture
def typed(
    server: DovecotServer,
    database_config: DatabaseConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A configuration file that leads to a database with numbers and to the mailbox."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    open_office(database_config).close()
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    where = database_config
    lines = ["[database]", f"engine = {where.engine}", f"path = {where.path}"]
    if where.socket is not None and where.password is not None:
        lines += [f"socket = {where.socket}", f"name = {where.name}", f"user = {where.user}"]
        lines.append(f"password = {where.password.reveal()}")
    lines += ["[balance-import]", "host = 127.0.0.1", f"port = {server.tls_port}"]
    lines += [f"tls_ca = {server.ca}", f"user = {USER}", f"password_file = {secret}"]
    file = tmp_path / "config.ini"
    file.write_text("\n".join(lines) + "\n")
    file.chmod(0o600)
    return file


def run(file: Path, *words: str) -> int:
    return main(["--config", str(file), "run", "balance-import", *words], FixedClock(NOON))


def rows(where: DatabaseConfig, sql: str) -> list[tuple[object, ...]]:
    database: Database = open_database(where)
    found = database.rows(sql)
    database.close()
    return found


def test_it_takes_what_is_there(
    typed: Path,
    server: DovecotServer,
    database_config: DatabaseConfig,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.deliver("INBOX", [say(place, "20.10.2026", "1.00") for place in range(4)])
    assert run(typed) == 0
    assert "Balance import: mails: 4 processed, 0 skipped\n" in capsys.readouterr().out
    assert rows(database_config, "SELECT state, note FROM job_run") == [
        ("done", "mails: 4 processed, 0 skipped")
    ]
    assert len(server.mails("processed")) == 4
    assert run(typed, "--retry-skipped") == 0


def test_a_second_one_is_refused_while_one_runs(
    typed: Path, server: DovecotServer, database_config: DatabaseConfig
) -> None:
    server.deliver("INBOX", [say(0, "20.10.2026", "1.00")])
    database = open_database(database_config)
    lease = Lease("balance-import")
    lease.holder = "elsewhere 1 1"
    lease.acquire(database)
    assert run(typed) == 3
    assert len(server.mails("INBOX")) == 1
    lease.release(database)
    database.close()
    assert run(typed) == 0


def test_a_mailbox_that_is_away_fails_the_run(
    typed: Path, database_config: DatabaseConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    typed.write_text(typed.read_text().replace("host = 127.0.0.1\nport", "host = 127.0.0.1\n;port"))
    assert run(typed) == 1
    said = capsys.readouterr().err
    assert "cannot reach the mailbox" in said
    assert PASSWORD not in said
    assert rows(database_config, "SELECT state FROM job_run") == [("failed",)]
