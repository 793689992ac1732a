"""One request and its answer over HTTP, by a deadline, and whether it may have arrived.

What an action's repetition depends on is one question: did any of the request leave us? It is
answered by what happened on the connection, not by the kind of the error. Importing this loads
httpx, which takes long.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
from types import TracebackType
from typing import Any, Self

from engine.integrations.wire import Answer, NotSent, Request, Unclear, require_safe

# httpx brings a command of its own, whose libraries take longer to load than all else of it. It
# goes without where that cannot be imported, and we have a use for neither.
_COMMAND: dict[str, Any] = {"httpx._main": None}
sys.modules.update(_COMMAND)

import httpx  # noqa: E402 - after the line above

# They write whole URLs, and headers at level DEBUG.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

MOST_BYTES = 65_536

# A server may close a connection that nobody uses at any moment. If it does so while our next
# request is on its way, we cannot know whether it has read it. So a connection is not used again
# after a time that is shorter than the shortest usual limit of servers (5 seconds), and httpx looks
# before each use whether it was closed already. What is left of the race is told as Unclear: to
# send the request once more on a new connection is for those to decide who know whether it may
# have a second effect.
_KEEP_SECONDS = 4.0

_FIRST_BYTES = "http11.send_request_headers.started"


class HttpClient:
    """Connections to one provider, at most `parallel`; for use in one asyncio loop:

        async with HttpClient(parallel=4) as client:
            answer = await client.send(request, deadline=15)

    Certificates are verified with those of the system, or as `tls` says. Proxies and `.netrc` of
    the environment do not count, redirects are not followed.
    """

    def __init__(self, parallel: int, tls: ssl.SSLContext | None = None) -> None:
        self._checked: set[str] = set()
        self._tls = tls or ssl.create_default_context()
        self._turns = asyncio.Semaphore(parallel)
        # Each connection has a client of httpx of its own, thrown away with whatever it holds when
        # a request fails or is given up. A common one keeps some of them for ever, neither used nor
        # free, when a request is given up at the wrong moment; in the end it has none left.
        self._idle: list[httpx.AsyncClient] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes all connections; no request may be under way."""
        while self._idle:
            await self._idle.pop().aclose()

    async def send(self, request: Request, deadline: float, most_bytes: int = MOST_BYTES) -> Answer:
        """Sends a request and reads its answer, all within `deadline` seconds, waiting for a free
        connection and the look-up of the name included. Raises NotSent, Unclear (also for a body of
        more than `most_bytes`), and ConfigError for a URL that must not be used."""
        if request.url not in self._checked:
            self._checked.add(require_safe(request.url))
        sending = _Sending()
        try:
            async with asyncio.timeout(deadline), self._turns:
                return await self._exchange(request, sending, most_bytes)
        except TimeoutError:
            raise sending.failure(f"nothing within {deadline:g} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise sending.failure(_in_words(error)) from None

    async def _exchange(self, request: Request, sending: _Sending, most_bytes: int) -> Answer:
        # The one used last: it is the least likely to be closed by the server.
        connection = self._idle.pop() if self._idle else self._connection()
        try:
            answer = await _ask(connection, request, sending, most_bytes)
        except BaseException:
            await connection.aclose()
            raise
        self._idle.append(connection)
        return answer

    def _connection(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self._tls,
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113 -- each request has its deadline, see send
            limits=httpx.Limits(
                max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEEP_SECONDS
            ),
            # A compressed body could unpack to any size.
            headers={"User-Agent": "billdeck", "Accept-Encoding": "identity"},
        )


async def _ask(
    connection: httpx.AsyncClient, request: Request, sending: _Sending, most_bytes: int
) -> Answer:
    message = connection.build_request(
        request.method,
        request.url,
        headers=list(request.headers),
        content=request.body or None,
        extensions={"trace": sending.note},
    )
    answer = await connection.send(message, stream=True)
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > most_bytes:
            raise Unclear(f"the answer is longer than {most_bytes} bytes")
    await answer.aclose()
    return Answer(
        answer.status_code,
        bytes(body),
        answer.headers.get("content-type", ""),
        answer.headers.get("retry-after", ""),
        answer.headers.get("date", ""),
    )


class _Sending:
    """Watches whether the first bytes of a request were handed to its connection."""

    def __init__(self) -> None:
        self._begun = False

    async def note(self, event: str, _info: dict[str, Any]) -> None:
        """Called by httpx at each step."""
        if event == _FIRST_BYTES:
            self._begun = True

    def failure(self, why: str) -> NotSent | Unclear:
        """The error for a request that failed at this point."""
        return Unclear(why) if self._begun else NotSent(why)


def _in_words(error: Exception) -> str:
    """Why there is no answer. The library's own text may quote what was sent or received."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {cause.reason or 'no reason given'}"
        cause = cause.__cause__ or cause.__context__
    match error:
        case httpx.ConnectError():
            return "no connection"
        case httpx.RemoteProtocolError():
            return "the connection ended before a whole answer, or it was not HTTP"
        case httpx.ReadError() | httpx.WriteError():
            return "the connection broke"
    return f"it failed ({type(error).__name__})"
