"""A real, private MariaDB server for tests: own folder, own socket, no network, no privileges.

    with MariaDBServer() as server:
        server.create_database("books")
        connection = server.connect("books")

As root it runs as the user `mysql`, or `nobody` where there is none; else as ourselves. A guard
process holds one end of a pipe: however we die, the pipe closes, and the guard kills the server
and removes its folder.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pymysql

USER = "billdeck"
PASSWORD = "a test's own"
"""The account that databases are made for. It has all rights on them and none elsewhere."""

_SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
_SOCKET_PATH_MAX = 107
_START_SECONDS = 60.0
_STOP_SECONDS = 60.0
_POLL_SECONDS = 0.02

# Waits for the pipe's end ($1: server, $2: folder). A `read` that we end by SIGKILL does nothing.
_GUARD = 'read -r _; kill -9 "$1" 2>/dev/null; rm -rf -- "$2"'

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


class ServerError(Exception):
    """The server could not be made, started or stopped; the message ends with its own words."""


def why_missing() -> str | None:
    """Why no server can be started here, or None if one can."""
    missing = [name for name in ("mariadbd", "mariadb-install-db") if not _program(name)]
    if not missing:
        return None
    return f"no {' and no '.join(missing)} on this machine (scripts/test-programs.sh mariadb installs them)"


class MariaDBServer:
    """One server and its data. `stop` and `kill` keep the data; `close` removes everything."""

    def __init__(self, *, log_bin: bool = False) -> None:
        """Prepares the data folder; `log_bin` turns binary logging on. Raises ServerError."""
        self._account = _service_account()
        self.folder = _new_folder(self._account)
        self.socket = self.folder / "sql"
        self._data = self.folder / "data"
        self._settings = self.folder / "my.cnf"
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)
        more = "log-bin = binlog" if log_bin else ""
        self._settings.write_text(
            _SETTINGS.format(data=self._data, socket=self.socket, folder=self.folder, more=more)
        )
        self._install()

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
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts the server and returns when it answers. Raises ServerError."""
        if self.running:
            return
        self._end(signal.SIGKILL)  # a server that died by itself has left its guard
        self._process = subprocess.Popen(
            [_require("mariadbd"), f"--defaults-file={self._settings}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            start_new_session=True,  # a Ctrl-C is for the tests; they stop the server in order
            **_identity(self._account),
        )
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", str(self._process.pid), str(self.folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._wait_until_it_answers()
        self._grant_account()

    def stop(self) -> None:
        """Shuts down in order, as a service manager does; the data stay."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kills (SIGKILL): what a power cut does to the process; the data stay."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Ends the server and removes its folder. Safe to repeat."""
        atexit.unregister(self.close)
        self._end(signal.SIGKILL)
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
        command = [
            _require("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={self._data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=self.folder,
            check=False,
            **_identity(self._account),
        )
        if done.returncode != 0:
            raise ServerError(f"mariadb-install-db failed:\n{done.stdout}{done.stderr}")

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        pause = threading.Event()
        while True:
            try:
                self.connect(root=True).close()
            except pymysql.err.OperationalError as error:
                if self.running and time.monotonic() < deadline:
                    pause.wait(_POLL_SECONDS)
                    continue
                self._end(signal.SIGKILL)
                raise ServerError(f"mariadbd did not start:\n{self._last_words()}") from error
            return

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

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._guard is not None:
            # Before its pipe closes, or it would take us for dead and remove the folder.
            self._guard.kill()
            self._guard.wait()
            if self._guard.stdin is not None:
                self._guard.stdin.close()
            self._guard = None

    def _last_words(self) -> str:
        try:
            return (self.folder / "error.log").read_text(errors="replace")[-4000:]
        except OSError as error:
            return f"(no error log: {error})"


def _program(name: str) -> str | None:
    return shutil.which(name, path=_SEARCH)


def _require(name: str) -> str:
    found = _program(name)
    if found is None:
        raise ServerError(f"no {name} on this machine")
    return found


def _service_account() -> pwd.struct_passwd | None:
    """The user to run as when we are root, for mariadbd refuses root; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("mysql")
    except KeyError:
        return pwd.getpwnam("nobody")


def _identity(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """What tells subprocess to run a program as this user, and as nothing more."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _new_folder(account: pwd.struct_passwd | None) -> Path:
    """A fresh folder of the server's user, on a path that a socket's name has room for."""
    for parent in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108
        long = len(os.fsencode(parent)) > _SOCKET_PATH_MAX - len("/billdeck-xxxxxxxx/sql")
        if long or not (account is None or _open_to_others(parent)):
            continue
        folder = Path(tempfile.mkdtemp(prefix="billdeck-", dir=parent))
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        return folder
    raise ServerError("no temporary folder with a short path that every user may enter")


def _open_to_others(folder: Path) -> bool:
    """Whether another user may pass through this folder and all above it."""
    resolved = folder.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (resolved, *resolved.parents))


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
