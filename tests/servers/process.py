"""What real servers for tests have in common: a folder and a user of their own, and an end.

A guard process holds one end of a pipe: however we die, the pipe closes, and the guard kills the
server and removes its folder.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
"""Where programs are looked for: a server's are often not on a person's path."""

_SOCKET_PATH_MAX = 107
_STOP_SECONDS = 60.0
# What a killed process leaves needs no disk to be proved, and tables are made quicker without.
_MEMORY = Path("/dev/shm")  # noqa: S108
_MEMORY_BYTES = 4 * 1024**3

# Waits for the pipe's end ($1: server, $2: folder). A `read` that we end by SIGKILL does nothing. A
# server that died by itself may have left its number to another process: only one in the folder is
# the server, or one whose command names it, for sshd goes to /.
_GUARD = (
    'read -r _; case "$(readlink "/proc/$1/cwd")/ $(tr "\\0" " " <"/proc/$1/cmdline")" in'
    ' *"$2"/*) kill -9 "$1" 2>/dev/null ;; esac; rm -rf -- "$2"'
)


class ServerError(Exception):
    """The server could not be made, started or stopped; the message ends with its own words."""


class ServerProcess:
    """One program at a time, in `folder`, as `account`."""

    def __init__(self, folder: Path, account: pwd.struct_passwd | None) -> None:
        self._folder = folder
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        """Starts the program and its guard; one that died by itself has left its guard."""
        self.end(signal.SIGKILL)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            env=None if environ is None else dict(environ),
            start_new_session=True,  # a Ctrl-C is for the tests; they stop the server in order
            **identity(self._account),
        )
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", str(self._process.pid), str(self._folder.resolve())],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def number(self) -> int | None:
        """The process's number, None when there is none."""
        return self._process.pid if self._process is not None else None

    def send(self, what: signal.Signals) -> None:
        """Sends the program a signal and does not wait. Raises ServerError when there is none."""
        if self._process is None:
            raise ServerError("the server does not run")
        self._process.send_signal(what)

    def end(self, how: signal.Signals) -> None:
        """Ends the program by a signal, if there is one, and waits; the folder stays."""
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

    def run(self, *command: str) -> None:
        """Runs another program in the folder to its end. Raises ServerError."""
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=self._folder,
            check=False,
            **identity(self._account),
        )
        if done.returncode != 0:
            raise ServerError(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")


def program(name: str) -> str | None:
    """The path of a program, None when it is not on this machine."""
    return shutil.which(name, path=SEARCH)


def require(name: str) -> str:
    """The path of a program. Raises ServerError."""
    found = program(name)
    if found is None:
        raise ServerError(f"no {name} on this machine")
    return found


def service_account() -> pwd.struct_passwd | None:
    """The user to run as when we are root, for mariadbd refuses root; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("mysql")
    except KeyError:
        return pwd.getpwnam("nobody")


def identity(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """What tells subprocess to run a program as this user, and as nothing more."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def new_folder(account: pwd.struct_passwd | None, *, in_memory: bool = False) -> Path:
    """A fresh folder of the server's user, on a path that a socket's name has room for;
    `in_memory`: in a file system in memory, if there is one with room."""
    disks = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108
    for parent in [*_memory(), *disks] if in_memory else disks:
        long = len(os.fsencode(parent)) > _SOCKET_PATH_MAX - len("/billdeck-xxxxxxxx/sql")
        if long or not (account is None or _open_to_others(parent)):
            continue
        folder = Path(tempfile.mkdtemp(prefix="billdeck-", dir=parent))
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        return folder
    raise ServerError("no temporary folder with a short path that every user may enter")


def _memory() -> list[Path]:
    try:
        room = shutil.disk_usage(_MEMORY).free >= _MEMORY_BYTES and os.access(_MEMORY, os.W_OK)
    except OSError:
        return []
    return [_MEMORY] if room else []


def _open_to_others(folder: Path) -> bool:
    """Whether another user may pass through this folder and all above it."""
    resolved = folder.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (resolved, *resolved.parents))
