"""A real, private Dovecot for tests: own folder, loopback, free ports, own CA, no privileges.

    with DovecotServer() as server:
        server.deliver("INBOX", [b"...", b"..."])

As root it runs as the user `nobody`; else as ourselves. A guard process holds one end of a pipe:
however we die, the pipe closes, and the guard ends the server and removes its folder.
"""

from __future__ import annotations

import atexit
import imaplib
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

USER = "import"
PASSWORD = "пароль of a test"

_SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
_SECONDS = 30.0
_POLL_SECONDS = 0.02

# Waits for the pipe's end ($1: the server's group of processes, $2: folder).
_GUARD = 'read -r _; kill -9 "-$1" 2>/dev/null; sleep 1; rm -rf -- "$2"'

# The file must not lie in base_dir: Dovecot puts a link of its own there.
_SETTINGS = """\
base_dir = {folder}/run
state_dir = {folder}/state
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
log_path = {folder}/log
mail_location = maildir:{folder}/mail
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
maildir_stat_dirs = no
mail_fsync = never
disable_plaintext_auth = no
auth_mechanisms = plain login
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
mail_max_userip_connections = 50
{more}
passdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


class DovecotError(Exception):
    """The server could not be started; the message ends with its own words."""


def why_missing() -> str | None:
    """Why no server can be started here, or None if one can."""
    missing = [name for name in ("dovecot", "doveadm", "openssl") if not _program(name)]
    if not missing:
        return None
    names = " and no ".join(missing)
    return f"no {names} on this machine (scripts/test-programs.sh dovecot installs them)"


class DovecotServer:
    """One server with one mailbox. `capability` replaces what it says it can; `separator` stands
    between the levels of folders."""

    def __init__(self, capability: str = "", separator: str = "/") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="billdeck-imap-", dir="/tmp"))
        atexit.register(self.close)
        root = os.geteuid() == 0
        self._account = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
        self.port, self.tls_port = _free_ports(2)
        self.ca = make_certificates(self.folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        for name in ("run", "state", "mail", "home"):
            (self.folder / name).mkdir()
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}::::::\n")
        import grp

        group = grp.getgrgid(self._account.pw_gid).gr_name
        self._settings = self.folder / "dovecot.conf"
        self._settings.write_text(
            _SETTINGS.format(
                folder=self.folder,
                user=self._account.pw_name,
                group=group,
                uid=self._account.pw_uid,
                gid=self._account.pw_gid,
                port=self.port,
                tls_port=self.tls_port,
                separator=separator,
                more=f"imap_capability = {capability}" if capability else "",
            )
        )
        if root:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, self._account.pw_uid, self._account.pw_gid)

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

    def start(self) -> None:
        """Starts the server and returns when it answers. Raises DovecotError."""
        identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            identity = {
                "user": self._account.pw_uid,
                "group": self._account.pw_gid,
                "extra_groups": [],
            }
        self._process = subprocess.Popen(
            [_program("dovecot") or "dovecot", "-F", "-c", str(self._settings)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            start_new_session=True,
            **identity,
        )
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", str(self._process.pid), str(self.folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        deadline = time.monotonic() + _SECONDS
        pause = threading.Event()
        while True:
            try:
                self.client().logout()
            except (OSError, imaplib.IMAP4.error) as error:
                if self._process.poll() is None and time.monotonic() < deadline:
                    pause.wait(_POLL_SECONDS)
                    continue
                raise DovecotError(f"dovecot did not start:\n{self.log()}") from error
            return

    def stop(self) -> None:
        """Ends the server, and with it all connections; the mails stay."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            # Those who serve a client outlive the master.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process = None
        if self._guard is not None:
            self._guard.kill()
            self._guard.wait()
            if self._guard.stdin is not None:
                self._guard.stdin.close()
            self._guard = None

    def close(self) -> None:
        """Ends the server and removes its folder. Safe to repeat."""
        atexit.unregister(self.close)
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kick(self) -> None:
        """Throws out whoever is connected, as an administrator does; returns when they are gone."""
        self._doveadm("kick", USER)
        deadline = time.monotonic() + _SECONDS
        pause = threading.Event()
        while USER in self._doveadm("who"):
            if time.monotonic() > deadline:
                raise DovecotError(f"they do not go:\n{self.log()}")
            pause.wait(_POLL_SECONDS)

    def _doveadm(self, *words: str) -> str:
        command = [_program("doveadm") or "doveadm", "-c", str(self._settings), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def client(self) -> imaplib.IMAP4:
        """A connection of another client, logged in."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=_SECONDS)
        client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
        return client

    def deliver(self, folder: str, mails: Iterable[bytes]) -> None:
        """Puts mails into a folder."""
        client = self.client()
        for raw in mails:
            kind, answer = client.append(folder, "", "", raw)
            if kind != "OK":
                raise DovecotError(str(answer))
        client.logout()

    def drop(self, mails: Iterable[bytes]) -> int:
        """Puts many mails into the inbox at once, as a delivery agent does; returns how many."""
        place = self.folder / "mail" / "new"
        for name in ("new", "cur", "tmp"):
            (self.folder / "mail" / name).mkdir(exist_ok=True)
        count = 0
        for count, raw in enumerate(mails, start=1):
            path = place / f"{1_700_000_000 + count}.M{count}.test"
            path.write_bytes(raw)
        if os.geteuid() == 0:
            for path in (self.folder / "mail", *(self.folder / "mail").rglob("*")):
                os.chown(path, self._account.pw_uid, self._account.pw_gid)
        return count

    def empty(self) -> None:
        """Removes all mails and all folders but the inbox."""
        client = self.client()
        for line in client.list()[1]:
            name = line.decode().rpartition(" ")[2].strip('"') if isinstance(line, bytes) else ""
            if name not in ("", "INBOX"):
                client.delete(f'"{name}"')
        _, (count,) = client.select("INBOX")
        if count and int(count):
            client.store("1:*", "+FLAGS", r"(\Deleted)")
            client.expunge()
        client.logout()

    def mails(self, folder: str) -> list[bytes]:
        """The mails of a folder as they are stored; none for a folder that is not there."""
        client = self.client()
        try:
            kind, _ = client.select(f'"{folder}"', readonly=True)
            if kind != "OK":
                return []
            _, answer = client.fetch("1:*", "(BODY.PEEK[])")
            return [piece[1] for piece in answer if isinstance(piece, tuple)]
        except imaplib.IMAP4.error:
            return []
        finally:
            client.logout()

    def log(self) -> str:
        """The end of what the server wrote down."""
        try:
            return (self.folder / "log").read_text(errors="replace")[-4000:]
        except OSError as error:
            return f"(no log: {error})"


def make_certificates(folder: Path) -> Path:
    """Makes a CA and a certificate for 127.0.0.1 in a folder; returns the CA's file."""
    (folder / "ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for arguments in (
        ["req", "-x509", *curve, "-days", "30", "-subj", "/CN=test CA", "-keyout", "ca.key",
         "-out", "ca.pem"],
        ["req", *curve, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"],
        ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
         "-CAcreateserial", "-days", "30", "-extfile", "ext", "-out", "server.pem"],
    ):  # fmt: skip
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    ssl.create_default_context(cafile=folder / "ca.pem")
    return folder / "ca.pem"


def _free_ports(count: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in listeners]
    for one in listeners:
        one.close()
    return ports


def _program(name: str) -> str | None:
    return shutil.which(name, path=_SEARCH)
