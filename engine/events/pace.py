"""How many actions a channel is given in a second."""

from __future__ import annotations

import time


class Pace:
    """How many actions a channel may be given now: a bucket that fills evenly."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._most = max(per_second, 1.0)
        self._there = self._most
        self._at = time.monotonic()

    def room(self) -> int:
        """How many it may be given now."""
        now = time.monotonic()
        self._there = min(self._most, self._there + (now - self._at) * self._per_second)
        self._at = now
        return int(self._there)

    def take(self) -> None:
        """It is given one."""
        self._there -= 1
