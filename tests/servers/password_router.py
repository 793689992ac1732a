"""An SSH server on paramiko that takes a password, for what the tests' sshd cannot be set to do.

It is a way of `OddPeer`: `OddPeer(PasswordRouter(...))`.
"""

from __future__ import annotations

import socket
import threading

import paramiko

from engine.integrations.known_hosts import HostKey
from tests.servers.routeros_console import Console

USER = "billdeck"


class PasswordRouter:
    """One router with `sessions`. `answers`: False takes a command and says nothing to it, not even
    that it was taken."""

    def __init__(self, password: str, *, answers: bool = True) -> None:
        self._key = paramiko.ECDSAKey.generate()
        self.password = password
        self.answers = answers
        self.sessions: dict[str, str] = {}
        self.tried: list[str] = []

    @property
    def host_key(self) -> HostKey:
        """The key that it shows."""
        return HostKey(self._key.get_name(), self._key.asbytes())

    def __call__(self, connection: socket.socket, over: threading.Event) -> None:
        transport = paramiko.Transport(connection)
        transport.add_server_key(self._key)
        try:
            transport.start_server(server=_Server(self, over))
            while transport.is_active() and not over.wait(0.01):
                pass
        finally:
            transport.close()


class _Server(paramiko.ServerInterface):  # type: ignore[misc]
    def __init__(self, router: PasswordRouter, over: threading.Event) -> None:
        self._router = router
        self._over = over

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._router.tried.append("publickey")
        return int(paramiko.AUTH_FAILED)

    def check_auth_password(self, username: str, password: str) -> int:
        self._router.tried.append("password")
        right = (username, password) == (USER, self._router.password)
        return int(paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        if not self._router.answers:
            self._over.wait()
            return False
        printed = Console(self._router.sessions).run(command)

        def answer() -> None:
            channel.sendall(printed)
            channel.close()

        # After this has told that the command is taken.
        threading.Timer(0.01, answer).start()
        return True
