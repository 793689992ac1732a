"""Doing a unit of work again when the database was in the way.

A unit is one whole transaction that is safe to repeat: its keys tell a repeat from new work. So a
commit whose outcome is unknown needs no question of its own: the unit runs again and finds what it
did.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import peewee

from engine.database import Database
from engine.dialect import is_conflict, is_lost
from engine.errors import DatabaseUnavailable, JobFailed
from engine.text import safe

T = TypeVar("T")

_CONFLICT_TRIES = 40
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0


def run_unit(
    database: Database,
    unit: Callable[[], T],
    wait_seconds: float,
    stop: threading.Event | None = None,
    on_wait: Callable[[str], None] | None = None,
) -> T:
    """Runs `unit` until it succeeds.

    A conflict with another transaction is tried again at once, with small random pauses. A lost
    connection is waited out with growing pauses for up to `wait_seconds`, `on_wait` being told;
    `stop` cuts the waiting short. Raises DatabaseUnavailable when the database stays away and
    JobFailed when conflicts do not end; any other error of the unit as it is.
    """
    waiting = stop or threading.Event()
    conflicts = 0
    pause = _FIRST_PAUSE
    lost_at: float | None = None
    while True:
        try:
            database.connect()
            return unit()
        except peewee.PeeweeException as error:
            if is_lost(error):
                database.close()
                lost_at = lost_at or time.monotonic()
                _wait_for_database(error, lost_at, pause, wait_seconds, waiting, on_wait)
                pause = min(pause * 2, _LONGEST_PAUSE)
            elif is_conflict(error) and conflicts < _CONFLICT_TRIES:
                conflicts += 1
                waiting.wait(random.uniform(0.002, 0.01) * min(conflicts, 20))
            elif is_conflict(error):
                raise JobFailed(
                    f"the database refused the same work {conflicts} times because others were"
                    f" writing: {safe(error)}. What was committed stays; run it again."
                ) from None
            else:
                raise


def _wait_for_database(
    error: Exception,
    lost_at: float,
    pause: float,
    wait_seconds: float,
    waiting: threading.Event,
    on_wait: Callable[[str], None] | None,
) -> None:
    gone = time.monotonic() - lost_at
    if gone + pause > wait_seconds or waiting.is_set():
        raise DatabaseUnavailable(
            f"the database was lost and did not come back within {wait_seconds:.0f} s:"
            f" {safe(error)}. What was committed stays; run the same command again to go on."
        ) from None
    if on_wait:
        on_wait(f"database lost, trying again in {pause:.1f} s")
    waiting.wait(pause)
