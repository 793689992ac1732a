"""A real, private OpenSSH server for tests, behind which a model of a RouterOS console answers.

    with RouterOSServer(nas=3) as server:
        server.sessions(1, ["ivan", "ivan"])

It listens on loopback only, once for each NAS, 127.0.0.1 and up, and takes one key, for one forced
command. It never runs as root: sshd then lets in only the user that it runs as, who needs a shell;
where we are root that is `billdeck-test`. However we die, it ends and its folder goes
(tests/servers/process.py).
"""

from __future__ import annotations

import atexit
import json
import os
import pwd
import shutil
import signal
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.servers.process import (
    ServerError,
    ServerProcess,
    new_folder,
    program,
    require,
)

ACCOUNT = "billdeck-test"
_START_SECONDS = 60.0
_POLL_SECONDS = 0.02

_SETTINGS = """\
Port {port}
{addresses}
HostKey {folder}/host_key
{more}
PidFile none
AuthorizedKeysFile {folder}/own_key.pub
AllowUsers {user}
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
MaxStartups 200
AllowTcpForwarding no
X11Forwarding no
PermitTTY no
PrintMotd no
PrintLastLog no
ForceCommand exec {python} -I -S {folder}/console.py {folder}/state
LogLevel VERBOSE
"""


def why_missing() -> str | None:
    """Why no server can be started here, or None if one can."""
    missing = [name for name in ("sshd", "ssh-keygen") if not program(name)]
    if missing:
        return f"no {' and no '.join(missing)} here (scripts/test-programs.sh sshd installs them)"
    if _account() is None:
        return f"no user {ACCOUNT} here (scripts/test-programs.sh sshd makes it)"
    return None


def _account() -> pwd.struct_passwd | None:
    """The user to run as, None where we are root and there is no such user."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        return None


class RouterOSServer:
    """One sshd that plays `nas` routers, at most 16 (it listens no oftener); they are counted from
    1."""

    def __init__(self, nas: int = 1, *, with_rsa: bool = False) -> None:
        """`with_rsa` gives it a second host key, `rsa_key`, beside its Ed25519 one."""
        account = _account()
        if account is None:
            raise ServerError(f"no user {ACCOUNT}")
        self.user = account.pw_name
        self.count = nas
        self._account = account if os.geteuid() == 0 else None
        self.folder = new_folder(self._account)
        atexit.register(self.close)
        self._process = ServerProcess(self.folder, self._account)
        self.port = _free_port()
        self.own_key = self._new_key("own_key")
        self.host_key = self._new_key("host_key")
        self.rsa_key = self._new_key("rsa_key", "rsa") if with_rsa else None
        self._settings = self.folder / "sshd_config"
        self._settings.write_text(
            _SETTINGS.format(
                port=self.port,
                addresses="\n".join(f"ListenAddress {self.host(one)}" for one in self.nas),
                more=f"HostKey {self.rsa_key}" if self.rsa_key else "",
                folder=self.folder,
                user=self.user,
                python=shutil.which("python3", path="/usr/bin:/usr/local/bin"),
            )
        )
        shutil.copy(Path(__file__).with_name("routeros_console.py"), self.folder / "console.py")
        self._state = self.folder / "state"
        self._state.mkdir()
        self.reset()
        self._give(self.folder, *self.folder.rglob("*"))

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
    def nas(self) -> range:
        """The numbers of the routers."""
        return range(1, self.count + 1)

    @staticmethod
    def host(nas: int) -> str:
        """The address of a router."""
        return f"127.0.0.{nas}"

    def start(self) -> None:
        """Starts the server and returns when it answers. Raises ServerError."""
        log = str(self.folder / "log")
        self._process.start([require("sshd"), "-D", "-f", str(self._settings), "-E", log])
        deadline = time.monotonic() + _START_SECONDS
        pause = threading.Event()
        while not self._answers():
            if not self._process.running or time.monotonic() > deadline:
                raise ServerError(f"sshd did not start:\n{self.log()}")
            pause.wait(_POLL_SECONDS)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.host(self.count), self.port), timeout=1) as probe:
                return probe.recv(4) == b"SSH-"
        except OSError:
            return False

    def close(self) -> None:
        """Ends the server and removes its folder. Safe to repeat."""
        atexit.unregister(self.close)
        self.hang_up()
        self._process.end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def hang_up(self) -> None:
        """Kills the processes that serve connections, as when a router is switched off and on;
        returns when they are gone."""
        pause = threading.Event()
        while serving := self._serving():
            for process in serving:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            pause.wait(_POLL_SECONDS)

    def _serving(self) -> set[int]:
        """The living processes that the server has started, and those that they have."""
        server = self._process.number
        if server is None:
            return set()
        parents: dict[int, int] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                state, parent = stat.read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    parents[int(stat.parent.name)] = int(parent)
        found = {server}
        while more := {one for one, parent in parents.items() if parent in found} - found:
            found |= more
        return found - {server}

    def reset(self) -> None:
        """No sessions, a clean record, answers as they should be."""
        self.mood("")
        for nas in self.nas:
            self.sessions(nas, [])

    def sessions(self, nas: int, names: Sequence[str]) -> None:
        """The sessions that there are from now on, with a clean record."""
        sessions = {f"*{number:X}": name for number, name in enumerate(names, start=1)}
        self._file(nas).write_text(
            json.dumps({"sessions": sessions, "commands": 0, "executed": []})
        )
        self._give(self._file(nas))

    def left(self, nas: int = 1) -> list[str]:
        """The names of the sessions that there still are."""
        return list(self._read(nas)["sessions"].values())

    def executed(self, nas: int = 1) -> list[str]:
        """What the console has carried out."""
        return list(self._read(nas)["executed"])

    def commands(self, nas: int = 1) -> int:
        """How many commands came in."""
        return int(self._read(nas)["commands"])

    def mood(self, mood: str) -> None:
        """How the console answers: as it should (empty), or by a word of `_misbehave`."""
        (self._state / "mood").write_text(mood)

    def logins(self) -> int:
        """How many connections have logged in."""
        return self.log().count("Accepted publickey")

    def log(self) -> str:
        """What the server wrote down."""
        try:
            return (self.folder / "log").read_text(errors="replace")
        except OSError as error:
            return f"(no log: {error})"

    def _file(self, nas: int) -> Path:
        return self._state / f"{self.host(nas)}.json"

    def _read(self, nas: int) -> Any:
        return json.loads(self._file(nas).read_text())

    def _new_key(self, name: str, kind: str = "ed25519") -> Path:
        path = self.folder / name
        self._process.run(require("ssh-keygen"), "-q", "-t", kind, "-N", "", "-f", str(path))
        return path

    def _give(self, *paths: Path) -> None:
        if self._account is not None:
            for path in paths:
                os.chown(path, self._account.pw_uid, self._account.pw_gid)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
