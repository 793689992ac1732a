"""The private MariaDB server: it answers, outlives kill -9 with its data, leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pymysql
import pytest

from tests.servers.mariadb import USER, MariaDBServer, why_missing

pytestmark = pytest.mark.mariadb


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDBServer]:
    """A server of this module's own, for it is killed and stopped."""
    reason = why_missing()
    if reason is not None:
        pytest.skip(f"MariaDB: {reason}")
    with MariaDBServer(log_bin=True) as server:
        server.create_database("books")
        yield server


def one(server: MariaDBServer, statement: str, *, root: bool = False) -> tuple[object, ...]:
    connection = server.connect("books", root=root)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            row: tuple[object, ...] = cursor.fetchone()
            return row
    finally:
        connection.close()


def make_table(server: MariaDBServer, name: str, *, committed: int, open_: int) -> object:
    """A table with one committed row; the connection that has left another one open."""
    connection = server.connect("books")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name} (n BIGINT PRIMARY KEY) ENGINE = InnoDB")
        cursor.execute(f"INSERT INTO {name} VALUES (%s)", (committed,))
        connection.commit()
        cursor.execute(f"INSERT INTO {name} VALUES (%s)", (open_,))
    return connection


def test_it_answers_with_the_settings_that_billing_needs(server: MariaDBServer) -> None:
    mode, flush, networking, binlog, who = one(
        server,
        "SELECT @@sql_mode, @@innodb_flush_log_at_trx_commit, @@skip_networking, @@log_bin,"
        " CURRENT_USER()",
    )
    assert "STRICT_ALL_TABLES" in str(mode)
    assert (flush, networking, binlog, who) == (1, 1, 1, f"{USER}@localhost")


def test_it_does_not_run_as_root(server: MariaDBServer) -> None:
    pid = int((server.folder / "pid").read_text())
    assert Path(f"/proc/{pid}").stat().st_uid != 0


def test_the_tests_user_has_no_rights_elsewhere(server: MariaDBServer) -> None:
    connection = server.connect("books")
    with (
        connection.cursor() as cursor,
        pytest.raises(pymysql.err.OperationalError, match="denied"),
    ):
        cursor.execute("CREATE DATABASE other")
    connection.close()


def test_killed_and_started_again_it_has_what_was_committed_and_no_more(
    server: MariaDBServer,
) -> None:
    abandoned = make_table(server, "killed", committed=1, open_=2)
    server.kill()
    assert not server.running
    with pytest.raises(pymysql.err.OperationalError):
        server.connect("books")
    server.start()
    assert one(server, "SELECT GROUP_CONCAT(n) FROM killed") == ("1",)
    del abandoned


def test_stopped_and_started_again_by_another_thread_it_stays(server: MariaDBServer) -> None:
    abandoned = make_table(server, "stopped", committed=3, open_=4)

    def restart() -> None:
        server.stop()
        server.start()

    thread = threading.Thread(target=restart)
    thread.start()
    thread.join()
    assert one(server, "SELECT GROUP_CONCAT(n) FROM stopped") == ("3",)
    del abandoned


def test_a_dropped_database_is_gone(server: MariaDBServer) -> None:
    server.create_database("short`lived")
    server.drop_database("short`lived")
    server.drop_database("short`lived")
    assert one(server, "SHOW DATABASES LIKE 'short%'", root=True) is None


def test_a_database_is_dropped_under_an_open_transaction(server: MariaDBServer) -> None:
    server.create_database("busy")
    connection = server.connect("busy")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (n BIGINT PRIMARY KEY) ENGINE = InnoDB")
        cursor.execute("INSERT INTO t VALUES (1)")
    server.drop_database("busy")
    assert one(server, "SHOW DATABASES LIKE 'busy'", root=True) is None
    with pytest.raises(pymysql.err.OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_nothing_is_left_when_its_owner_is_killed(server: MariaDBServer) -> None:
    script = (
        "import signal\n"
        "from tests.servers.mariadb import MariaDBServer\n"
        "server = MariaDBServer()\n"
        "server.start()\n"
        "print((server.folder / 'pid').read_text().strip(), server.folder, flush=True)\n"
        "signal.pause()\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert owner.stdout is not None
    pid, folder = owner.stdout.readline().split()
    assert Path(f"/proc/{pid}").exists()
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    assert ends_soon(lambda: not _lives(int(pid)) and not Path(folder).exists())


def _lives(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has waited for does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def ends_soon(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.02)
    return True
