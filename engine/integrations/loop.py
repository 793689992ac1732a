"""An asyncio loop in a thread of its own, for callers that are not asynchronous."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class PrivateLoop:
    """A loop that runs while the block does:

        with PrivateLoop("delivery") as loop:
            answer = loop.run(client.send(request, 15))

    At the end what still runs is cancelled and waited for. What belongs to a loop, such as
    connections, is opened and closed by its coroutines.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Starts a coroutine, from any thread; its result, or error, comes by the future."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Starts a coroutine and waits for its result. Raises what it raises."""
        return self.submit(work).result()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._end()

    def _end(self) -> None:
        running = asyncio.all_tasks(self._loop)
        for task in running:
            task.cancel()
        if running:
            self._loop.run_until_complete(asyncio.wait(running))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        # The look-up of a name that hangs in a thread of the executor is not waited for.
        self._loop.close()
