"""A TCP proxy that cuts the connection after so many bytes, counted in both directions.

    with ByteProxy(server.port, cut_after=1_000) as proxy:
        ... connect to 127.0.0.1, port proxy.port ...

Only one connection is cut; with `cut_after=0` none is, and `passed` tells how many bytes went by.
"""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self


class ByteProxy:
    """Listens on a free port of 127.0.0.1 until it is closed."""

    def __init__(self, upstream: int, cut_after: int = 0) -> None:
        self._upstream = upstream
        self._cut_after = cut_after
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.passed = 0
        self.has_cut = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            _cut(self._listener, *self._open)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._upstream))
            except OSError:  # closed
                return
            with self._lock:
                self._open |= {client, server}
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                target.sendall(data[: self._allowed(len(data))])
                if self.has_cut:
                    break
        except OSError:  # either side went away
            return
        finally:
            _cut(source, target)

    def _allowed(self, length: int) -> int:
        """How many of so many bytes may pass."""
        with self._lock:
            left = self._cut_after - self.passed
            self.passed += length
            if self._cut_after and left < length and not self.has_cut:
                self.has_cut = True
                return max(left, 0)
            return length


def _cut(*sockets: socket.socket) -> None:
    for one in sockets:
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # was not connected any more
        finally:
            one.close()
