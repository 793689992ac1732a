"""An HTTP/1.1 server on the loopback that does what it is told, also what no server should do.

    with HttpStandIn(lambda heard: Reply(b"{}")) as server:
        server.next(TOO_MANY, RESETS_AFTER)     # the next two requests go wrong
        ask(server.url)

One thread serves all connections, which are kept alive; it is quick enough to stand beside a
benchmark. `next` and `chaos` (see `faults`) decide which requests go wrong, the rest is served.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from tests.servers.faults import Chaos, Fault

_REASONS = {200: "OK", 401: "Unauthorized", 422: "Unprocessable Entity", 429: "Too Many Requests"}
_HTML = b"<!doctype html><html><head><title>nginx</title></head><body>Welcome!</body></html>"
_PACE = 0.01
_PIECE = b"x" * 8_192


@dataclass(frozen=True, slots=True)
class Heard:
    """A request. `headers` have names in small letters."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return dict(parse_qsl(self.body.decode("ascii"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    def as_bytes(self) -> bytes:
        """As it goes over the wire."""
        lines = [
            f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Whatever')}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + self.body


def json_reply(value: Any, status: int = 200) -> Reply:
    """An answer in JSON."""
    return Reply(json.dumps(value, ensure_ascii=False).encode(), status)


Handler = Callable[[Heard], Reply]


class HttpStandIn:
    """Serves while the block runs. `handle` makes the answers, one at a time. `heard` are all
    requests in the order they came, `connections` how many connections were made. With `tls` the
    server speaks https. An error in `handle` is raised at the end of the block."""

    def __init__(
        self,
        handle: Handler,
        chaos: Chaos | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.handle = handle
        self.chaos = chaos
        self.heard: list[Heard] = []
        self.connections = 0
        self.came = threading.Event()
        self._next: deque[Fault | None] = deque()
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._open: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._failure: Exception | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def alive(self) -> int:
        """How many connections there are at the moment."""
        return len(self._open)

    def next(self, *faults: Fault | None) -> None:
        """The requests to come go wrong in these ways, one by one; None serves one."""
        self._next.extend(faults)

    def count(self, path: str) -> int:
        """How many requests came to a path."""
        return sum(heard.path == path for heard in list(self.heard))

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if error is None and self._failure is not None:
            raise self._failure

    def hang_up(self) -> None:
        """Closes all connections; returns when it is done."""

        async def close() -> None:
            for connection in list(self._open):
                connection.close()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result()

    async def _begin(self) -> None:
        self._server = await self._loop.create_server(
            lambda: _Connection(self), "127.0.0.1", 0, ssl=self._tls, backlog=1_024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._open):
            connection.abort()

    def opened(self, connection: _Connection) -> None:
        """Called by each connection when it begins."""
        self.connections += 1
        self._open.add(connection)

    def closed(self, connection: _Connection) -> None:
        """Called by each connection when it is over."""
        self._open.discard(connection)

    def take(self, heard: Heard) -> tuple[Fault | None, bytes]:
        """What to do with a request, and the true answer to it, if it was carried out."""
        self.heard.append(heard)
        if self._next:
            fault = self._next.popleft()
        else:
            fault = self.chaos.draw(heard.body + heard.target.encode()) if self.chaos else None
        try:
            if fault is not None and not fault.taken:
                return fault, b""
            try:
                return fault, self.handle(heard).as_bytes()
            except Exception as failure:  # noqa: BLE001 -- a test's mistake, raised at its end
                self._failure = failure
                return fault, Reply(b"", 500).as_bytes()
        finally:
            self.came.set()


class _Connection(asyncio.Protocol):
    """One connection: takes requests from its bytes and serves them one by one."""

    def __init__(self, server: HttpStandIn) -> None:
        self._server = server
        self._bytes = b""
        self._dripping: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.opened(self)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._dripping is not None:
            self._dripping.cancel()
        self._server.closed(self)

    def close(self) -> None:
        """Closes it when all was sent."""
        self._transport.close()

    def abort(self) -> None:
        """Ends it at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._bytes += data
        while not self._transport.is_closing():
            heard = self._request()
            if heard is None:
                return
            fault, answer = self._server.take(heard)
            if fault is None:
                self._transport.write(answer)
            else:
                self._go_wrong(fault, answer)

    def _request(self) -> Heard | None:
        """The first request of the bytes, None while it is not complete."""
        head, end, rest = self._bytes.partition(b"\r\n\r\n")
        if not end:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return None
        self._bytes = rest[length:]
        method, target, _ = first.split(" ")
        return Heard(method, target, headers, rest[:length])

    def _go_wrong(self, fault: Fault, answer: bytes) -> None:
        write = self._transport.write
        match fault.way:
            case "status":
                wait = (("Retry-After", fault.retry_after),) if fault.retry_after else ()
                write(Reply(b"", fault.status, "text/plain", wait).as_bytes())
            case "html":
                write(Reply(_HTML, content_type="text/html").as_bytes())
            case "empty":
                write(Reply().as_bytes())
            case "garbage":
                write(b"220 mail.example.com ESMTP\r\n")
                self.close()
            case "cut":
                write((answer or Reply(_HTML).as_bytes())[:-1])
                self.close()
            case "silence":
                pass
            case "slow" | "endless":
                write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
                self._drip(b"x" if fault.way == "slow" else _PIECE)
            case "slow_head" | "endless_head":
                write(b"HTTP/1.1 200 OK\r\nX-Name: ")
                self._drip(b"x" if fault.way == "slow_head" else _PIECE)
            case "reset":
                self._reset()
            case "close":
                write(answer)
                self.close()

    def _drip(self, piece: bytes) -> None:
        if self._transport.get_write_buffer_size() < 1_000_000:
            self._transport.write(piece)
        loop = asyncio.get_running_loop()
        self._dripping = loop.call_later(_PACE, self._drip, piece)

    def _reset(self) -> None:
        """An RST in place of an orderly end: what a server's death looks like."""

        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
