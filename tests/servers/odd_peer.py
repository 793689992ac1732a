"""A TCP server that keeps to no protocol, for clients that must not mind.

    with OddPeer(SILENT) as peer:
        connect(peer.port)

Each connection gets a thread of its own and a `Way`: what to do with it. `through(port)` is a way,
too: it passes all bytes on to another server until it is told, or counted, to stop.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

_PACE = 0.02

Way = Callable[[socket.socket, threading.Event], None]
"""Serves a connection until it returns, or the event is set: then the test is over."""


class OddPeer:
    """Listens on a free port of `host`; `called` counts the connections, `came` tells the first."""

    def __init__(self, way: Way, host: str = "127.0.0.1") -> None:
        self._way = way
        self._over = threading.Event()
        self._listener = socket.create_server((host, 0))
        self._open: list[socket.socket] = []
        self.host, self.port = self._listener.getsockname()[:2]
        self.called = 0
        self.came = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        # Closing alone does not wake a thread that accepts.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            self.called += 1
            self.came.set()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            self._way(connection, self._over)


def silent(_connection: socket.socket, over: threading.Event) -> None:
    """Takes the connection and says nothing."""
    over.wait()


def hangs_up(_connection: socket.socket, _over: threading.Event) -> None:
    """Takes the connection and ends it."""


def slow_banner(connection: socket.socket, over: threading.Event) -> None:
    """Begins a banner that never ends, a byte at a time."""
    connection.sendall(b"SSH-2.0-")
    while not over.wait(_PACE):
        connection.sendall(b"x")


def many_lines(connection: socket.socket, over: threading.Event) -> None:
    """Greets, line after line, before any banner."""
    while not over.wait(_PACE):
        connection.sendall(b"Welcome!\r\n" * 10)


def garbage(connection: socket.socket, _over: threading.Event) -> None:
    """Says what no protocol has."""
    connection.sendall(os.urandom(10_000))


def banner_alone(connection: socket.socket, over: threading.Event) -> None:
    """Says that it is an SSH server, and no more."""
    connection.sendall(b"SSH-2.0-ROSSSH\r\n")
    over.wait()


def banner_and_garbage(connection: socket.socket, over: threading.Event) -> None:
    """Says that it is an SSH server, and then what no SSH server would."""
    connection.sendall(b"SSH-2.0-ROSSSH\r\n" + os.urandom(10_000))
    over.wait()


def other_service(connection: socket.socket, _over: threading.Event) -> None:
    """Some other service on that port."""
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n\x1b[31m")


class Through:
    """Passes bytes on to a server. After `limit` bytes from the server (None: never), or while
    `frozen` is set, a connection passes nothing on any more: it is ended, or stays as it is when
    `freezes`."""

    def __init__(
        self, host: str, port: int, limit: int | None = None, *, freezes: bool = False
    ) -> None:
        self._to = (host, port)
        self.limit = limit
        self.freezes = freezes
        self.passed = 0
        """Bytes from the server on the last connection."""
        self.freeze: threading.Event = threading.Event()

    def __call__(self, near: socket.socket, over: threading.Event) -> None:
        self.passed = 0
        # Only connections that are there already freeze; the next ones get through.
        freeze = self.freeze
        with socket.create_connection(self._to) as far, selectors.DefaultSelector() as waiting:
            waiting.register(near, selectors.EVENT_READ, far)
            waiting.register(far, selectors.EVENT_READ, near)
            while not over.is_set():
                for key, _ in waiting.select(_PACE):
                    piece = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                    if freeze.is_set():
                        over.wait()
                        return
                    if not piece:
                        return
                    if key.fileobj is far:
                        piece = self._allowed(piece)
                    key.data.sendall(piece)
                    if self.limit is not None and self.passed >= self.limit:
                        if self.freezes:
                            over.wait()
                        return

    def _allowed(self, piece: bytes) -> bytes:
        if self.limit is not None:
            piece = piece[: self.limit - self.passed]
        self.passed += len(piece)
        return piece

    def freeze_all(self) -> None:
        """From now on the connections that there are pass nothing on; new ones do."""
        self.freeze.set()
        self.freeze = threading.Event()
