"""What the tests of HTTP share: one request to a server, and what came of it."""

from __future__ import annotations

import asyncio
import ssl

from engine.integrations.http import HttpClient
from engine.integrations.wire import Answer, NoAnswerError, Request

LONG = 30.0
"""Seconds that no test should need; where a deadline is what is tested, it is SHORT."""
SHORT = 0.2


def send(request: Request, deadline: float = LONG, tls: ssl.SSLContext | None = None) -> Answer:
    """The answer to one request on a connection of its own."""
    return send_all([request], deadline, tls)[0]


def send_all(
    requests: list[Request], deadline: float = LONG, tls: ssl.SSLContext | None = None
) -> list[Answer]:
    """The answers to requests sent one after another by one client."""

    async def ask() -> list[Answer]:
        async with HttpClient(parallel=2, tls=tls) as client:
            return [await client.send(request, deadline) for request in requests]

    return asyncio.run(ask())


def failure(request: Request, deadline: float = LONG) -> NoAnswerError:
    """The error that a request ends with."""
    try:
        answer = send(request, deadline)
    except NoAnswerError as error:
        return error
    raise AssertionError(f"there is an answer: {answer!r}")
