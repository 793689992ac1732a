"""The daemon's heartbeat: a few things to do every so many seconds, on the library `schedule`.

The library alone would let one failing thing starve the others, and stop altogether when the clock
is set back, be it for the end of summer time. Here a failure is told and the next beat comes all
the same, and after a step of the clock the beats are set up anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import schedule

_STEP_SECONDS = 5.0


class Heart:
    """Beats in the thread that calls `beat`. `failed` is told which beat raised what."""

    def __init__(self, failed: Callable[[str, Exception], None]) -> None:
        self._failed = failed
        self._beats: list[tuple[str, int, Callable[[], None]]] = []
        self._each_beat: list[Callable[[], None]] = []
        self._scheduler = schedule.Scheduler()
        self._offset = _offset()

    def every(self, seconds: int, name: str, action: Callable[[], None]) -> None:
        """Calls `action` every so many seconds, from the next beat on."""
        self._beats.append((name, seconds, action))
        self._add(name, seconds, action)

    def always(self, name: str, action: Callable[[], None]) -> None:
        """Calls `action` at each beat."""
        self._each_beat.append(self._guarded(name, action))

    def _add(self, name: str, seconds: int, action: Callable[[], None]) -> None:
        self._scheduler.every(seconds).seconds.do(self._guarded(name, action))

    def _guarded(self, name: str, action: Callable[[], None]) -> Callable[[], None]:
        def guarded() -> None:
            try:
                action()
            except Exception as error:  # noqa: BLE001 - one beat must not stop the others
                self._failed(name, error)

        return guarded

    def beat(self) -> None:
        """Does what is due now."""
        offset = _offset()
        if abs(offset - self._offset) > _STEP_SECONDS:
            self._offset = offset
            self._scheduler.clear()
            for each in self._beats:
                self._add(*each)
        self._scheduler.run_pending()
        for action in self._each_beat:
            action()


def _offset() -> float:
    """By how much the clock on the wall, in the zone of this process as the library reads it, is
    ahead of the one that nobody sets."""
    now = time.time()
    return now + time.localtime(now).tm_gmtoff - time.monotonic()
