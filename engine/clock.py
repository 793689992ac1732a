"""The one place that reads the clock. Whoever needs the time is given a `Clock`."""

from __future__ import annotations

import time
from typing import Protocol


def now_ms() -> int:
    """The system's time as epoch milliseconds UTC."""
    return time.time_ns() // 1_000_000


class Clock(Protocol):
    """What tells the time: the system's clock, or a fixed one in tests and the demonstration."""

    def now_ms(self) -> int:
        """The present as epoch milliseconds UTC."""
        ...


class SystemClock:
    """The system's time."""

    def now_ms(self) -> int:
        return now_ms()


class FixedClock:
    """A time that stands still until `advance` moves it."""

    def __init__(self, ms: int) -> None:
        self._ms = ms

    def now_ms(self) -> int:
        return self._ms

    def advance(self, ms: int) -> None:
        """Moves the clock by `ms` milliseconds; a negative number moves it back."""
        self._ms += ms
