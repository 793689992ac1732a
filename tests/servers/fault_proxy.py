"""A proxy before a MariaDB server that cuts the connection at the K-th statement.

`before`: the statement never reaches the server. `after`: the server carries it out, and the
client never hears of it; for a COMMIT that is the ambiguous case that billing has to survive.

    with FaultProxy(server.socket, cut_at=7, mode="after") as proxy:
        ... connect to 127.0.0.1, port proxy.port ...

Statements are the client's COM_QUERY packets, counted from 1 over all connections; the driver's
own (SET NAMES, SET AUTOCOMMIT) count too. Only the K-th is cut: whoever connects again goes on.
With `cut_at=0` nothing is cut, and `statements` tells how many there are to try. The plain
protocol only: the upstream must not offer TLS.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, NamedTuple, Self

Mode = Literal["before", "after"]

_COM_QUERY = 3
_HEADER_BYTES = 4
_FULL_PAYLOAD = 0xFFFFFF  # a payload of this length goes on in the next packet
_ANSWER_SECONDS = 60.0
_BUFFER_BYTES = 65536


class Command(NamedTuple):
    """One command of a client: its packets as they came, and what they say."""

    raw: bytes
    sequence: int
    payload: bytes

    @property
    def is_statement(self) -> bool:
        """Whether it is SQL text. Packets of the login have a sequence above 0."""
        return self.sequence == 0 and self.payload[:1] == bytes([_COM_QUERY])


class FaultProxy:
    """Listens on a free port of 127.0.0.1 until it is closed."""

    def __init__(self, upstream: Path, *, cut_at: int = 0, mode: Mode = "before") -> None:
        """`upstream`: the server's socket; `cut_at`: which statement, from 1; 0 cuts none."""
        self._upstream = upstream
        self._cut_at = cut_at
        self._mode = mode
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.statements = 0
        self.cut_statement: str | None = None
        self.unanswered = False

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if error is None and self.unanswered:
            raise AssertionError(
                f"the server did not answer in {_ANSWER_SECONDS:.0f} s, so whether it carried out "
                f"{self.cut_statement!r} is unknown: this cut proves nothing"
            )

    def close(self) -> None:
        """Stops listening and cuts whoever is connected."""
        with self._lock:
            self._closed = True
            left = [self._listener, *self._open]
        _cut(*left)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            self._spawn(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        if not self._admit(client, server):
            return
        try:
            server.connect(str(self._upstream))
            link = _Link(client, server)
            self._spawn(link.pump_answers)
            self._pump_commands(link)
        except OSError:  # either side went away, which cuts the other
            return
        finally:
            self._dismiss(client, server)

    def _pump_commands(self, link: _Link) -> None:
        with link.client.makefile("rb") as stream:
            while (command := _read_command(stream)) is not None:
                if command.is_statement and self._is_the_one(command):
                    if self._mode == "after" and not link.send_unheard(command.raw):
                        self.unanswered = True
                    return
                link.server.sendall(command.raw)

    def _is_the_one(self, command: Command) -> bool:
        with self._lock:
            self.statements += 1
            if self.statements != self._cut_at:
                return False
            self.cut_statement = command.payload[1:].decode(errors="replace")
            return True

    def _admit(self, *sockets: socket.socket) -> bool:
        with self._lock:
            if not self._closed:
                self._open.update(sockets)
                return True
        _cut(*sockets)
        return False

    def _dismiss(self, *sockets: socket.socket) -> None:
        with self._lock:
            self._open.difference_update(sockets)
        _cut(*sockets)

    @staticmethod
    def _spawn(work: Callable[..., None], *arguments: socket.socket) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()


class _Link:
    """A client's connection and the one made for it to the server."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self._mute = threading.Event()
        self._answered = threading.Event()

    def pump_answers(self) -> None:
        """Carries the server's answers to the client, until it must not hear them."""
        try:
            while answer := self.server.recv(_BUFFER_BYTES):
                if self._mute.is_set():
                    self._answered.set()
                    return
                self.client.sendall(answer)
        except OSError:  # either side went away
            return
        finally:
            if not self._mute.is_set():
                _cut(self.client, self.server)

    def send_unheard(self, raw: bytes) -> bool:
        """Has the server carry out a command and keeps the answer; whether there was one."""
        self._mute.set()
        self.server.sendall(raw)
        return self._answered.wait(_ANSWER_SECONDS)


def _read_command(stream: BinaryIO) -> Command | None:
    """The client's next command, put together from all its packets; None at the end."""
    raw, payload, sequence = b"", b"", None
    while True:
        header = stream.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            return None
        length = int.from_bytes(header[:3], "little")
        body = stream.read(length)
        if len(body) < length:
            return None
        raw, payload = raw + header + body, payload + body
        sequence = header[3] if sequence is None else sequence
        if length < _FULL_PAYLOAD:
            return Command(raw, sequence, payload)


def _cut(*sockets: socket.socket) -> None:
    """Ends connections at once; shutting down wakes the threads that wait on them."""
    for one in sockets:
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # was not connected any more
        finally:
            one.close()
