"""How often what is costly is read again: so that reading takes only a small part of the time."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """At most `share` of the time is spent on a reading, and `rest` seconds lie between two."""

    def __init__(
        self, share: float, rest: float = 0.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._share = share
        self._rest = rest
        self._now = now
        self._next = now()
        self._waits = False

    @property
    def is_due(self) -> bool:
        """Whether it may be read again."""
        return self._now() >= self._next

    def begun(self) -> None:
        """It has been asked for; until `took` it is not asked for again, unless that takes long."""
        self._next = self._now() + max(self._rest, 30.0)
        self._waits = True

    def took(self, seconds: float) -> None:
        """It has been read, in so many seconds."""
        self._next = self._now() + max(self._rest, seconds / self._share)
        self._waits = False

    def given_up(self) -> None:
        """What was asked for and has not come will not come."""
        if self._waits:
            self.hurry()

    def hurry(self) -> None:
        """It may be read at once."""
        self._next = self._now()
