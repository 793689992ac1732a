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

from engine.config import DatabaseConfig
from engine.database import READ_TIMEOUT, Database, cannot_open, connected, where
from engine.dialect import is_absent, is_conflict, is_duplicate, is_lost
from engine.errors import BilldeckError, DatabaseUnavailable, Interrupted, JobFailed
from engine.text import safe

T = TypeVar("T")

_CONFLICT_TRIES = 40
_DUPLICATE_TRIES = 5
# As often as this however long it takes.
_FEW = 2
# A conflict after this many seconds was a wait for a lock that the person should know of.
_LONG_SECONDS = 5.0
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

    A conflict with another transaction is tried again at once, with small random pauses, a number
    of times or until `wait_seconds` are over (SQLite waits long for its one writer). A lost
    connection is waited out with growing pauses for up to `wait_seconds`, `on_wait` being told;
    `stop` cuts the waiting short. Raises DatabaseUnavailable when the database stays away,
    Interrupted when stopped meanwhile, and JobFailed when conflicts do not end; any other error of
    the unit as it is.
    """
    patience = _Patience("database lost", wait_seconds, stop, on_wait)
    conflicts = 0
    ends_at = time.monotonic() + wait_seconds
    while True:
        began = time.monotonic()
        try:
            database.connect()
            return unit()
        except peewee.PeeweeException as error:
            if is_lost(error):
                database.close()
                if not patience.wait():
                    raise _stayed_away(error, patience) from None
            elif is_conflict(error) and _try_again(conflicts, ends_at):
                if time.monotonic() - began > _LONG_SECONDS and on_wait:
                    on_wait("others are writing into the database, waiting for them")
                conflicts += 1
                patience.stop.wait(random.uniform(0.002, 0.01) * min(conflicts, 20))
            elif is_conflict(error):
                raise JobFailed(
                    f"the database refused the same work {conflicts + 1} times because others were"
                    f" writing: {safe(error)}. What was committed stays; run it again."
                ) from None
            else:
                raise


def _try_again(conflicts: int, ends_at: float) -> bool:
    return conflicts < _FEW or (conflicts < _CONFLICT_TRIES and time.monotonic() < ends_at)


def _stayed_away(error: Exception, patience: _Patience) -> BilldeckError:
    if patience.stop.is_set():
        return Interrupted(
            f"stopped while the database was away: {safe(error)}. What was committed stays; run"
            " the same command again to go on."
        )
    return DatabaseUnavailable(
        f"the database was lost and did not come back within {patience.seconds:.0f} s:"
        f" {safe(error)}. What was committed stays; run the same command again to go on."
    )


def again_if_taken(attempt: Callable[[], T], what: str) -> T:
    """Repeats an attempt when a unique key refused it: somebody else was first, so the next attempt
    finds what they wrote. Raises JobFailed naming `what` when it never does."""
    for _ in range(_DUPLICATE_TRIES):
        try:
            return attempt()
        except peewee.IntegrityError as error:
            if not is_duplicate(error):
                raise
            last = error
    raise JobFailed(
        f"the database refused {what} {_DUPLICATE_TRIES} times as one that exists, yet there is"
        f" none: {safe(last)}. Nothing was changed. Run `billdeck check database`."
    )


def open_patiently(
    config: DatabaseConfig,
    stop: threading.Event | None = None,
    on_wait: Callable[[str], None] | None = None,
    silence: int = READ_TIMEOUT,
) -> Database:
    """Opens the database as `open_database` does, but waits for a MariaDB server that is not there
    for up to `config.wait_seconds`, with growing pauses, `on_wait` being told.

    Raises DatabaseUnavailable when it does not come, or at once when it refuses us; Interrupted
    when stopped meanwhile.
    """
    patience = _Patience("the database is not there", config.wait_seconds, stop, on_wait)
    while True:
        try:
            database = connected(config, silence=silence)
        except (peewee.PeeweeException, OSError) as error:
            if not is_absent(error) or not (patience.wait() or patience.stop.is_set()):
                raise cannot_open(config, error) from None
            database = None
        if patience.stop.is_set():
            if database:
                database.close()
            raise Interrupted(
                f"stopped while waiting for the database {where(config)}. Nothing was changed; run"
                " the same command again."
            )
        if database:
            return database


class _Patience:
    """Waiting for a database in growing pauses, `seconds` in all since the first of them. `stop`
    ends a pause; `on_wait` is told `what` and how long the pause is."""

    def __init__(
        self,
        what: str,
        seconds: float,
        stop: threading.Event | None,
        on_wait: Callable[[str], None] | None,
    ) -> None:
        self.seconds = seconds
        self.stop = stop or threading.Event()
        self._what = what
        self._on_wait = on_wait
        self._pause = _FIRST_PAUSE
        self._began: float | None = None

    def wait(self) -> bool:
        """Waits a while; False at once when that would be too long, or after `stop`."""
        now = time.monotonic()
        if self._began is None:
            self._began = now
        if self.stop.is_set() or now - self._began + self._pause > self.seconds:
            return False
        if self._on_wait:
            self._on_wait(f"{self._what}, trying again in {self._pause:.1f} s")
        self.stop.wait(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        return True
