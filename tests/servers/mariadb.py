"""A real, private MariaDB server for tests: own folder, own socket, no network, no privileges.

    with MariaDBServer() as server:
        server.create_database("books")
        connection = server.connect("books")

As root it runs as the user `mysql`, or `nobody` where there is none; else as ourselves. However we
die, it ends and its folder goes (tests/servers/process.py).
"""

from __future__ import annotations

import atexit
import shutil
import signal
import threading
import time
from types import TracebackType
from typing import Any, Self

import pymysql

from tests.servers.process import (
    ServerError,
    ServerProcess,
    new_folder,
    program,
    require,
    service_account,
)

USER = "billdeck"
PASSWORD = "a test's own"
"""The account that databases are made for. It has all rights on them and none elsewhere."""

_START_SECONDS = 60.0
_POLL_SECONDS = 0.02

_SETTINGS = """\
[mariadbd]
datadir = {data}
socket = {socket}
pid-file = {folder}/pid
log-error = {folder}/error.log
tmpdir = {folder}
skip-networking
skip-name-resolve
skip-ssl
character-set-server = utf8mb4
sql-mode = STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO
innodb-buffer-pool-size = 256M
innodb-log-file-size = 128M
innodb-flush-log-at-trx-commit = 1
{more}
"""


def why_missing() -> str | None:
    """Why no server can be started here, or None if one can."""
    missing = [name for name in ("mariadbd", "mariadb-install-db") if not program(name)]
    if not missing:
        return None
    return f"no {' and no '.join(missing)} here (scripts/test-programs.sh mariadb installs them)"


class MariaDBServer:
    """One server and its data. `stop` and `kill` keep the data; `close` removes everything."""

    def __init__(self, *, log_bin: bool = False, in_memory: bool = False) -> None:
        """Prepares the data folder, `in_memory` where there is room; `log_bin` turns binary logging
        on. Raises ServerError."""
        self._prepare("log-bin = binlog" if log_bin else "", in_memory)
        self._install()

    def _prepare(self, more: str, in_memory: bool = False) -> None:
        """The folder and the settings, `more` among them."""
        account = service_account()
        self.folder = new_folder(account, in_memory=in_memory)
        self.socket = self.folder / "sql"
        self._data = self.folder / "data"
        self._process = ServerProcess(self.folder, account)
        atexit.register(self.close)
        self._settings = self.folder / "my.cnf"
        self._settings.write_text(
            _SETTINGS.format(data=self._data, socket=self.socket, folder=self.folder, more=more)
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def running(self) -> bool:
        """Whether the server's process lives."""
        return self._process.running

    def start(self) -> None:
        """Starts the server and returns when it answers. Raises ServerError."""
        if self.running:
            return
        self._process.start([require("mariadbd"), f"--defaults-file={self._settings}"])
        self._wait_until_it_answers()
        self._grant_account()

    def stop(self) -> None:
        """Shuts down in order, as a service manager does; the data stay."""
        self._process.end(signal.SIGTERM)

    def kill(self) -> None:
        """Kills (SIGKILL): what a power cut does to the process; the data stay."""
        self._process.end(signal.SIGKILL)

    def freeze(self) -> None:
        """Stops the process in its tracks (SIGSTOP): a machine that hangs."""
        self._process.send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets a frozen process go on (SIGCONT)."""
        self._process.send(signal.SIGCONT)

    def close(self) -> None:
        """Ends the server and removes its folder. Safe to repeat."""
        atexit.unregister(self.close)
        self._process.end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def create_database(self, name: str) -> None:
        """Makes an empty database, with all rights on it for USER."""
        quoted = _quoted(name)
        self._run(f"CREATE DATABASE {quoted} CHARACTER SET utf8mb4")
        self._run(f"GRANT ALL PRIVILEGES ON {quoted}.* TO '{USER}'@'localhost'")

    def drop_database(self, name: str) -> None:
        """Removes a database; none of that name is no error. Whoever still uses it is cut off,
        for a transaction left open would make us wait for a day."""
        users = "SELECT id FROM information_schema.processlist WHERE db = %s"
        for (connection_id,) in self._run(users, name):
            self._run("KILL HARD CONNECTION %s", connection_id)
        self._run(f"DROP DATABASE IF EXISTS {_quoted(name)}")

    def connect(self, database: str | None = None, *, root: bool = False) -> Any:
        """A new pymysql connection, autocommit off, as USER or as root."""
        who = {"user": "root"} if root else {"user": USER, "password": PASSWORD}
        return pymysql.connect(
            unix_socket=str(self.socket), database=database, charset="utf8mb4", **who
        )

    def _install(self) -> None:
        self._process.run(
            require("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={self._data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        )

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        pause = threading.Event()
        while not self._answers():
            if not self.running or time.monotonic() > deadline:
                self.kill()
                raise ServerError(f"mariadbd did not start:\n{self._last_words()}")
            pause.wait(_POLL_SECONDS)

    def _answers(self) -> bool:
        try:
            self.connect(root=True).close()
        except pymysql.err.OperationalError:
            return False
        return True

    def _grant_account(self) -> None:
        self._run(f"CREATE USER IF NOT EXISTS '{USER}'@'localhost' IDENTIFIED BY %s", PASSWORD)

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        connection = self.connect(root=True)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def _last_words(self) -> str:
        try:
            return (self.folder / "error.log").read_text(errors="replace")[-4000:]
        except OSError as error:
            return f"(no error log: {error})"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
