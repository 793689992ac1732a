"""A sender of actions over HTTP: requests run side by side in the loop of a thread of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import BilldeckError, ConfigError
from engine.events.kinds import Promise
from engine.events.outbox import Handed
from engine.events.outcome import Outcome
from engine.events.sender import Tell
from engine.integrations.http import HttpClient
from engine.integrations.loop import PrivateLoop
from engine.integrations.replies import unanswered
from engine.integrations.wire import Answer, NoAnswerError, NotSent, Request

Build = Callable[[Handed], Request]
Read = Callable[[Answer], Outcome]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A kind of request: how it is made of an action (it may raise BilldeckError), and what its
    answer means."""

    build: Build
    read: Read


class HttpSender:
    """The sender of one channel. `asking` asks what became of an action."""

    def __init__(
        self,
        loop: PrivateLoop,
        client: HttpClient,
        promise: Promise,
        sending: Exchange,
        asking: Exchange | None,
        parallel: int,
        per_second: float,
        deadline: float,
    ) -> None:
        self.promise: Promise = promise
        self.parallel = parallel
        self.per_second = per_second
        self._loop = loop
        self._client = client
        self._sending = sending
        self._asking = asking
        self._deadline = deadline

    def send(self, action: Handed, tell: Tell) -> None:
        """Sends the action."""
        self._loop.submit(self._exchange(self._sending, action, tell, time.monotonic()))

    def ask(self, action: Handed, tell: Tell) -> None:
        """Asks what became of it. Nothing is ever sent by this."""
        if self._asking is None:
            tell(Outcome("ambiguous", "this provider cannot be asked"))
            return
        self._loop.submit(self._exchange(self._asking, action, tell, time.monotonic()))

    async def _exchange(
        self, exchange: Exchange, action: Handed, tell: Tell, given_at: float
    ) -> None:
        tell(await self._outcome(exchange, action, given_at))

    async def _outcome(self, exchange: Exchange, action: Handed, given_at: float) -> Outcome:
        try:
            request = exchange.build(action)
        except ConfigError as error:
            return Outcome("denied", error.message)
        except BilldeckError as error:
            return Outcome("refused", error.message)
        except Exception as error:  # noqa: BLE001 - an action without an answer would never end
            return Outcome("refused", f"internal error {type(error).__name__}")
        if time.monotonic() - given_at > self._deadline:
            # We have slept since we were given it. Another delivery may have seen to it meanwhile,
            # and may have been told that it never came: it must not come now.
            return unanswered(NotSent("it waited too long in this process"))
        try:
            return exchange.read(await self._client.send(request, self._deadline))
        except NoAnswerError as error:
            return unanswered(error)
        except ConfigError as error:
            return Outcome("denied", error.message)
        except Exception as error:  # noqa: BLE001 - nor would one whose answer is odd
            return Outcome("ambiguous", f"internal error {type(error).__name__}")
