"""Commands over SSH: one connection to one address, kept for the next command.

The server must show the key that is pinned for its address; there is no trust on first use. Neither
an agent nor the keys of a home folder are offered. Importing this loads paramiko, which takes long.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko

from engine.integrations.address import known_as
from engine.integrations.deadline import Deadline
from engine.integrations.dial import NoAnswer, dial
from engine.integrations.known_hosts import HostKey
from engine.text import safe

# It logs tracebacks of its threads; without a handler they would go to the terminal. What went
# wrong is in our errors.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").propagate = False

_PIECE = 8_192
# paramiko raises again in our thread whatever happened in its own, over what a server has sent.
_FAILURES = (Exception,)


class SshError(Exception):
    """The command was not carried out, or not known to be. The text says why."""


class Unreachable(SshError):
    """No connection; nothing was sent."""


class KeyChanged(SshError):
    """The server showed another key than the pinned one; nothing was sent."""

    def __init__(self, offered: HostKey) -> None:
        super().__init__(
            f"its host key is not the pinned one: it showed {offered.kind} {offered.fingerprint}"
        )
        self.offered = offered


class NotTrusted(SshError):
    """No key is pinned for the address; it was not even called."""


class LoginRefused(SshError):
    """The server does not let us in; nothing was sent."""


class Broken(SshError):
    """The command was sent, and no whole answer came: it may have been carried out."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to log in, as whom, and which keys the server may show. The key file comes before the
    password."""

    host: str
    port: int
    user: str
    keys: Sequence[HostKey]
    key_file: Path | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Place({self.host}:{self.port})"


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: `step` for each of connect, banner, opening of a channel; `whole` for everything
    from the first packet to the end of the answer. `answer_bytes` is the longest answer."""

    step: float
    whole: float
    answer_bytes: int = 65_536


class Connection:
    """One connection, made when it is first needed. For one thread at a time."""

    def __init__(self, place: Place, patience: Patience) -> None:
        self._place = place
        self._patience = patience
        self._client: paramiko.SSHClient | None = None
        self._socket: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection; the other side may have left it meanwhile."""
        return self._client is not None

    def run(self, command: str) -> bytes:
        """What the command printed. Raises SshError; after that there is no connection any more,
        and the next command makes a new one."""
        deadline = Deadline(self._patience.whole)
        try:
            with self._channel(deadline) as channel:
                return self._converse(channel, command, deadline)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._client is not None:
            self._client.close()
        if self._socket is not None:
            self._socket.close()
        self._client = self._socket = None

    @contextmanager
    def _channel(self, deadline: Deadline) -> Iterator[paramiko.Channel]:
        """A channel to send one command on; the deadline cuts the connection under it. A kept
        connection that turns out to be dead is made anew, once: nothing was sent on it."""
        channel = None
        if self._client is not None:
            try:
                channel = self._open(deadline)
            except Unreachable:
                self.close()
        if channel is None:
            self._connect(deadline)
            channel = self._open(deadline)
        with self._cut_by(deadline):
            try:
                yield channel
            finally:
                # A connection that is gone needs no farewell.
                with suppress(*_FAILURES):
                    channel.close()

    def _open(self, deadline: Deadline) -> paramiko.Channel:
        transport = self._client.get_transport() if self._client else None
        try:
            if transport is None:
                raise EOFError
            with self._cut_by(deadline):
                return transport.open_session(timeout=deadline.left(self._patience.step))
        except _FAILURES as error:
            raise Unreachable(_reason("it opens no session", error)) from None

    @contextmanager
    def _cut_by(self, deadline: Deadline) -> Iterator[None]:
        if self._socket is None:
            raise EOFError
        with deadline.cuts(self._socket):
            yield

    def _connect(self, deadline: Deadline) -> None:
        """Raises NotTrusted, Unreachable, KeyChanged, LoginRefused."""
        place, step = self._place, self._patience.step
        if not place.keys:
            raise NotTrusted("no host key is pinned for it")
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        # Before it is called: a key file that cannot be read is no reason to call.
        own_key = None if place.key_file is None else _own_key(place.key_file)
        self._socket = _dial(place.host, place.port, deadline, step)
        for key in place.keys:
            client.get_host_keys().add(known_as(place.host, place.port), key.kind, _public(key))
        try:
            with self._cut_by(deadline):
                client.connect(
                    place.host,
                    place.port,
                    username=place.user,
                    pkey=own_key,
                    password=place.password if own_key is None else None,
                    sock=self._socket,
                    timeout=deadline.left(),
                    banner_timeout=deadline.left(step),
                    auth_timeout=deadline.left(),
                    channel_timeout=deadline.left(step),
                    allow_agent=False,
                    look_for_keys=False,
                )
        except paramiko.BadHostKeyException as error:
            client.close()
            raise KeyChanged(_host_key(error.key)) from None
        except paramiko.AuthenticationException as error:
            refused = _is_refusal(client, error)
            client.close()
            if refused:
                raise LoginRefused(f"it does not let {safe(place.user)} in") from None
            raise Unreachable(_reason("it broke off the login", error)) from None
        except _FAILURES as error:
            client.close()
            raise Unreachable(_silence(deadline) or _reason("no SSH there", error)) from None
        self._client = client

    def _converse(self, channel: paramiko.Channel, command: str, deadline: Deadline) -> bytes:
        answer = bytearray()
        try:
            channel.set_combine_stderr(True)
            channel.settimeout(deadline.left())
            channel.exec_command(command)
            while piece := channel.recv(_PIECE):
                answer += piece
                if len(answer) > self._patience.answer_bytes:
                    raise Broken(f"it answered more than {self._patience.answer_bytes} bytes")
                channel.settimeout(deadline.left())
        except Broken:
            raise
        except _FAILURES as error:
            raise Broken(_silence(deadline) or _reason("the answer broke off", error)) from None
        # A connection that was cut ends like an answer does.
        late = _silence(deadline)
        if late:
            raise Broken(late)
        return bytes(answer)


def offered_key(host: str, port: int, patience: Patience, prefer: str | None = None) -> HostKey:
    """The host key that a server shows, of the type `prefer` if it has one of that type. Nobody is
    logged in. Raises Unreachable."""
    deadline = Deadline(patience.whole)
    connection = _dial(host, port, deadline, patience.step)
    try:
        with deadline.cuts(connection):
            transport = paramiko.Transport(connection)
            transport.banner_timeout = deadline.left(patience.step)
            options = transport.get_security_options()
            wanted = [kind for kind in options.key_types if _is_of(kind, prefer)]
            rest = [kind for kind in options.key_types if kind not in wanted]
            options.key_types = [*wanted, *rest]
            try:
                transport.start_client(timeout=deadline.left())
                return _host_key(transport.get_remote_server_key())
            finally:
                transport.close()
    except _FAILURES as error:
        raise Unreachable(_silence(deadline) or _reason("no SSH there", error)) from None
    finally:
        connection.close()


def _is_of(algorithm: str, kind: str | None) -> bool:
    """Whether a key of this type signs by this algorithm: an RSA key has several."""
    return algorithm == kind or (kind == "ssh-rsa" and algorithm.startswith("rsa-sha2-"))


def _dial(host: str, port: int, deadline: Deadline, step: float) -> socket.socket:
    try:
        return dial(host, port, deadline, step)
    except NoAnswer as error:
        raise Unreachable(str(error)) from None


def _public(key: HostKey) -> Any:
    try:
        return paramiko.PKey.from_type_string(key.kind, key.blob)
    except _FAILURES:
        raise NotTrusted(f"its pinned key is no {safe(key.kind, 40)} key") from None


def _host_key(key: paramiko.PKey) -> HostKey:
    return HostKey(key.get_name(), key.asbytes())


def _own_key(file: Path) -> paramiko.PKey:
    """Raises LoginRefused: nothing else can be done about it than about a wrong key."""
    try:
        return paramiko.PKey.from_path(file)
    except _FAILURES as error:
        cause = error.strerror if isinstance(error, OSError) else "it is no key without passphrase"
        raise LoginRefused(f"the key in {safe(file)} cannot be used: {cause}") from None


def _is_refusal(client: paramiko.SSHClient, error: Exception) -> bool:
    """Whether the server said no, rather than nothing."""
    transport = client.get_transport()
    alive = transport is not None and transport.is_active()
    return isinstance(error, paramiko.BadAuthenticationType) or (
        alive and "timeout" not in str(error)
    )


def _silence(deadline: Deadline) -> str | None:
    """That the time is up, where it is: the errors of a connection that was cut say less."""
    return "it took longer than it may" if deadline.over else None


def _reason(what: str, error: Exception) -> str:
    said = safe(error, 160)
    return f"{what}: {said}" if said else what
