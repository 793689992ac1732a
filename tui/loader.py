"""The one thread that speaks to the database for the console, with one connection of its own.

What was asked last is answered first: it is what the person looks at now. The same question of the
same owner, still waiting, is replaced by its newer form; one under way that nobody waits for any
more is broken off, by a second thread. A lost connection is opened again, with growing pauses; the
questions wait meanwhile, a change never does.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.clock import Clock, SystemClock
from engine.errors import BilldeckError, DatabaseUnavailable
from engine.text import safe
from tui import crash
from tui.messages import LinkChanged, Loaded, LoadFailed, NoDatabase

if TYPE_CHECKING:
    from engine.database import Database

Work = Callable[["Database"], object]
Answer = Loaded | LoadFailed | LinkChanged | NoDatabase

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 10.0
_PING_AFTER = 5.0
# A statement that was on its way to the server when it was to be broken off needs that once more.
_BREAK_OFF_AGAIN = 0.1
_UNKNOWN = (
    "the connection was lost during the change: it is unknown whether it was made. Look at the"
    " object before you repeat it."
)


@dataclass(frozen=True, slots=True)
class _Job:
    owner_id: str
    key: Hashable
    work: Work
    changes: bool


class Loader:
    """`open_database` is called in the thread; `deliver` too, with each answer. `clock` tells the
    age of what was read. Whatever `open_database` raises the first time of all is delivered as
    `NoDatabase`, and the thread ends; later it is tried again."""

    def __init__(
        self,
        open_database: Callable[[], Database],
        deliver: Callable[[Answer], object],
        clock: Clock | None = None,
    ) -> None:
        self._open = open_database
        self._deliver = deliver
        self._clock = clock or SystemClock()
        self._waiting: OrderedDict[tuple[str, Hashable], _Job] = OrderedDict()
        self._wake = threading.Condition()
        self._stopping = self._has_ended = False
        self._hurry = False
        self._database: Database | None = None
        self._was_open = False
        self._told_down = ""
        self._current: _Job | None = None
        self._began_at = 0.0
        self._is_unwanted = False
        self._is_breaking_off = False
        self._thread = threading.Thread(target=self._run, name="loader", daemon=True)
        self._breaker = threading.Thread(target=self._break_off, name="breaker", daemon=True)

    def start(self) -> None:
        """Starts the thread, which connects at once."""
        self._thread.start()
        self._breaker.start()

    def submit(self, owner_id: str, key: Hashable, work: Work) -> None:
        """Asks for `work(database)`, which only reads and may be done twice or, when replaced or
        forgotten, not at all. The answer is `Loaded` or `LoadFailed`."""
        self._put(_Job(owner_id, key, work, changes=False))

    def change(self, owner_id: str, key: Hashable, work: Work) -> None:
        """Asks for `work(database)`, which writes. It is done once, is never replaced or forgotten,
        and fails at once while there is no connection. `key` must be new for each change."""
        self._put(_Job(owner_id, key, work, changes=True))

    def forget(self, owner_id: str) -> None:
        """Takes back what the owner asked for and what still waits; changes stay."""
        with self._wake:
            for name, job in list(self._waiting.items()):
                if job.owner_id == owner_id and not job.changes:
                    del self._waiting[name]

    def give_up(self, owner_id: str) -> None:
        """The owner waits for no answer any more: what it asked for is taken back, and broken off
        if it is under way; changes stay."""
        self.forget(owner_id)
        with self._wake:
            if self._current is not None and self._current.owner_id == owner_id:
                self._give_up_current()

    def hurry(self) -> None:
        """Cuts the pause before the next attempt to connect."""
        with self._wake:
            self._hurry = True
            self._wake.notify_all()

    @property
    def is_changing(self) -> bool:
        """Whether a change waits or is being made."""
        with self._wake:
            current = self._current is not None and self._current.changes
            return current or any(job.changes for job in self._waiting.values())

    @property
    def busy_seconds(self) -> float:
        """For how long the question under way has had no answer, 0 without one."""
        with self._wake:
            return 0.0 if self._current is None else time.monotonic() - self._began_at

    def stop(self, seconds: float = 0.3) -> bool:
        """Ends the thread and breaks off the question under way; returns after at most `seconds`,
        with False when it still hangs. It cannot hold up the end of the process."""
        with self._wake:
            self._stopping = True
            self._give_up_current()
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _put(self, job: _Job) -> None:
        with self._wake:
            self._waiting.pop((job.owner_id, job.key), None)
            self._waiting[job.owner_id, job.key] = job
            self._wake.notify_all()

    def _give_up_current(self) -> None:
        if self._current is not None and not self._current.changes:
            self._is_unwanted = True
            self._wake.notify_all()

    def _run(self) -> None:
        while (database := self._connected()) is not None:
            job = self._next()
            if job is not None:
                self._serve(job, database)
            elif not self._stopping:
                self._ping(database)
        self._close()
        with self._wake:
            self._has_ended = True
            self._wake.notify_all()

    def _next(self) -> _Job | None:
        """The newest job; None after a while without any, and when stopping."""
        with self._wake:
            self._wake.wait_for(lambda: self._waiting or self._stopping, _PING_AFTER)
            if self._stopping or not self._waiting:
                return None
            self._current = self._waiting.popitem(last=True)[1]
            self._began_at = time.monotonic()
            return self._current

    def _connected(self) -> Database | None:
        """Waits until there is a connection. None when stopping."""
        pause = _FIRST_PAUSE
        while not self._stopping:
            if self._database is not None:
                return self._database
            try:
                self._database = self._open()
                self._ping(self._database)
            except BilldeckError as error:
                if not self._was_open:
                    self._deliver(NoDatabase(error))
                    return None
                self._tell_down(error.message)
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever a driver raises
                self._tell_down(_words(error))
            if self._database is not None:
                self._was_open = True
                continue
            self._refuse_changes()
            with self._wake:
                self._wake.wait_for(lambda: self._stopping or self._hurry, pause)
                self._hurry = False
            pause = min(pause * 2, _LONGEST_PAUSE)
        return None

    def _serve(self, job: _Job, database: Database) -> None:
        as_of_ms = self._clock.now_ms()
        failure: Exception | None = None
        value: object = None
        try:
            value = job.work(database)
        except Exception as error:  # noqa: BLE001 - one view's fault must not end all views
            failure = error
        if self._has_ended_unwanted():
            # Whether the connection is as good as before, and free of what was meant to break off.
            self._ping(database)
        elif failure is None:
            self._deliver(Loaded(job.owner_id, job.key, value, as_of_ms))
        elif isinstance(failure, BilldeckError):
            self._fail(job, failure.message, isinstance(failure, DatabaseUnavailable))
        else:
            lost = _is_lost(failure)
            self._fail(job, _UNKNOWN if job.changes and lost else _words(failure), lost)
        if failure is not None:
            _let_go(failure)
            failure = None  # else this frame and the error hold each other

    def _has_ended_unwanted(self) -> bool:
        """The job under way has ended. Returns once nothing can break off what comes next."""
        with self._wake:
            unwanted = self._is_unwanted
            self._current, self._is_unwanted = None, False
            self._wake.wait_for(lambda: not self._is_breaking_off)
            if self._database is not None:
                self._database.go_on()
            return unwanted

    def _break_off(self) -> None:
        """The second thread: breaks off the question under way once nobody waits for it, and again
        until it has ended."""
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._is_unwanted or self._has_ended)
                if self._has_ended:
                    return
                database = self._database
                self._is_breaking_off = True
            try:
                if database is not None:
                    database.break_off()
            finally:
                with self._wake:
                    self._is_breaking_off = False
                    self._wake.notify_all()
                    self._wake.wait_for(lambda: not self._is_unwanted, _BREAK_OFF_AGAIN)

    def _fail(self, job: _Job, text: str, lost: bool) -> None:
        if not lost or job.changes:
            self._deliver(LoadFailed(job.owner_id, job.key, text))
        if not lost:
            return
        self._close()
        self._tell_down(text)
        if not job.changes:
            with self._wake:
                # A newer form of the same question may wait already; then that one counts.
                self._waiting.setdefault((job.owner_id, job.key), job)

    def _refuse_changes(self) -> None:
        with self._wake:
            refused = [job for job in self._waiting.values() if job.changes]
            for job in refused:
                del self._waiting[job.owner_id, job.key]
        for job in refused:
            text = "there is no connection to the database; nothing was changed."
            self._deliver(LoadFailed(job.owner_id, job.key, text))

    def _ping(self, database: Database) -> None:
        """Measures the connection and so finds out whether it still is one."""
        started = time.perf_counter()
        try:
            _answer(database)
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no connection
            self._close()
            self._tell_down(_words(error))
            return
        self._told_down = ""
        self._deliver(LinkChanged(True, (time.perf_counter() - started) * 1_000, ""))

    def _tell_down(self, text: str) -> None:
        if text != self._told_down:
            self._told_down = text
            self._deliver(LinkChanged(False, 0.0, text))

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


def _let_go(error: BaseException) -> None:
    """Frees what the frames of an error still hold, a cursor above all. Left to the collection of
    garbage it would be freed in the thread of the screens, and SQLite would let that thread wait
    for the end of the query under way."""
    one: BaseException | None = error
    while one is not None:
        traceback.clear_frames(one.__traceback__)
        one = one.__cause__ or one.__context__


def _answer(database: Database) -> None:
    import peewee

    from engine.dialect import is_cancelled

    try:
        database.value("SELECT 1")
    except peewee.PeeweeException as error:
        if not is_cancelled(error):
            raise
        # What was to break off the question before this one came late.
        database.value("SELECT 1")


def _is_lost(error: BaseException) -> bool:
    import peewee

    from engine.dialect import is_lost

    return isinstance(error, peewee.PeeweeException) and is_lost(error)


def _words(error: BaseException) -> str:
    """An error of the driver in its own words; any other is a fault of ours and goes to a file."""
    import peewee

    if isinstance(error, (peewee.PeeweeException, OSError)):
        return f"the database failed: {safe(error, 400)}"
    kept = crash.keep(error)
    return f"internal error: {type(error).__name__}; details for the developers: {kept}"
