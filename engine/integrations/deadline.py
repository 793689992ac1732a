"""A time by which a whole conversation must be over, whatever the other side does.

Time-outs of single steps do not add up to one: a server that sends a byte a second never runs into
them. So at the end of the time the connection itself is cut, which ends every wait on it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Deadline:
    """So many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, most: float | None = None) -> float:
        """The seconds that are left, at most `most`, never less than a millisecond."""
        left = max(self._end - time.monotonic(), 0.001)
        return left if most is None else min(left, most)

    @property
    def over(self) -> bool:
        """Whether the time has come."""
        return time.monotonic() >= self._end

    @contextmanager
    def cuts(self, connection: socket.socket) -> Iterator[None]:
        """While the block runs, the end of the time cuts the connection."""

        def cut() -> None:
            # It may be closed already.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self.left(), cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
