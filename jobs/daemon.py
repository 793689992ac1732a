"""The daemon: runs the schedule. Every second it adds the slots that are due, starts what waits,
settles what died, and says that it is there; twice as often it looks for what is wanted on demand.
All that it knows is in the database, so that several daemons on several hosts share the work, and
one that is killed is missed by nobody.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import peewee

from engine import __version__, faults
from engine.clock import Clock
from engine.config import Config
from engine.database import Database, open_database
from engine.errors import BilldeckError, ConfigError, Interrupted
from engine.holder import holder_name
from engine.retry import open_patiently
from engine.schema import require_schema
from engine.text import safe
from jobs.demand import ask_for_wanted
from jobs.heart import Heart
from jobs.job import Job
from jobs.notify import Notifier
from jobs.planner import Planner
from jobs.presence import Presence
from jobs.queue import is_reserved, reserve, settle_over
from jobs.record import OpenRun, open_runs
from jobs.registry import all_jobs, schedules
from jobs.standby import HostLock, lock_file
from jobs.workers import Workers

_BEAT_SECONDS = 5
# How often it is looked whether a job on demand is wanted: a payment waits for that.
_LOOK_SECONDS = 0.5
# A server that says nothing for so long is taken for lost; the daemon itself must stay awake.
_SILENCE_SECONDS = 20
_LONGEST_PAUSE = 15.0
_ENDS = {signal.SIGTERM, signal.SIGINT}
_SIGNALS = {*_ENDS, signal.SIGHUP, signal.SIGCHLD}


class Daemon:
    """One daemon. `read_config` reads the configuration anew on SIGHUP. Signals are waited for, not
    handled: nothing is ever broken off in the middle."""

    def __init__(
        self,
        config: Config,
        read_config: Callable[[], Config],
        clock: Clock,
        log: logging.Logger,
        environ: Mapping[str, str],
    ) -> None:
        self._config = config
        self._read_config = read_config
        self._clock = clock
        self._log = log
        self._notifier = Notifier(environ)
        self._workers = Workers(config)
        self._planner = self._new_planner(config)
        self._presence = Presence(holder_name(), __version__)
        self._lock = HostLock(lock_file(config.database))
        self._database: Database | None = None
        self._is_down = False
        self._pause, self._try_at = 0.0, 0.0
        self._stopping = False
        self._stop_by = 0.0
        self._heart = Heart(self._beat_failed)
        self._heart.every(1, "schedule", self._plan)
        self._heart.every(1, "runs", self._look_after_runs)
        self._heart.every(_BEAT_SECONDS, "presence", self._say_presence)
        self._heart.always("demand", self._ask_for_wanted)

    def run(self) -> int:
        """Runs until it is told to stop; returns the exit status. Raises BilldeckError when it
        cannot begin."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self._database = open_patiently(
                self._config.database, _StopSignal(), self._log.warning, _SILENCE_SECONDS
            )
        except Interrupted:
            self._log.info("stopped")
            return 0
        require_schema(self._database)
        self._presence.begin(self._database, "active" if self._lock.take() else "standby")
        self._log.info("billdeck %s, %s", __version__, self._presence.state)
        self._notifier.ready()
        while not self._is_done():
            self._heart.beat()
            self._notifier.alive()
            self._notifier.status(self._words())
            self._hear(signal.sigtimedwait(_SIGNALS, _LOOK_SECONDS))
        self._leave()
        return 0

    # Signals

    def _hear(self, heard: signal.struct_siginfo | None) -> None:
        number = heard.si_signo if heard else 0
        if number == signal.SIGHUP and not self._stopping:
            self._reload()
        elif number in _ENDS:
            if self._stopping:
                self._log.warning("told to stop once more: runs are broken off")
                self._workers.kill()
            else:
                self._stop()

    def _stop(self) -> None:
        self._stopping = True
        self._stop_by = time.monotonic() + self._config.daemon.stop_seconds
        self._notifier.stopping()
        self._log.info("stopping: %d runs are asked to end at a safe point", len(self._workers))
        self._presence.state = "stopping"
        self._workers.ask_to_stop()

    def _is_done(self) -> bool:
        if not self._stopping:
            return False
        if len(self._workers) and time.monotonic() > self._stop_by:
            self._log.warning("runs did not stop within the limit and are broken off")
            self._workers.kill()
        self._reap()
        return not len(self._workers)

    def _reload(self) -> None:
        """A configuration that is right takes the place of the present one, any other is told."""
        try:
            config = self._read_config()
        except ConfigError as error:
            self._log.error("the configuration was not taken over: %s", error.message)
            return
        if config.database != self._config.database:
            self._log.warning("[database] has changed: that needs a restart")
            config = replace(config, database=self._config.database)
        self._config = self._workers.config = config
        self._planner = self._new_planner(config)
        self._log.info("the configuration was taken over")
        self._notifier.ready()

    def _new_planner(self, config: Config) -> Planner:
        return Planner(self._clock, schedules(config), config.billing.timezone, self._log.info)

    # Every second

    def _plan(self) -> None:
        """A beat of its own: a schedule that cannot be planned must not keep runs from going on."""
        database = self._for_work()
        if database is not None:
            self._planner.plan(database)

    def _ask_for_wanted(self) -> None:
        database = self._for_work()
        if database is not None and ask_for_wanted(
            database, self._clock, self._config, self._planner.schedules
        ):
            self._start(database, open_runs(database))

    def _look_after_runs(self) -> None:
        self._reap()
        database = self._for_work()
        if database is not None:
            runs = open_runs(database)
            self._settle(database, runs)
            self._start(database, runs)

    def _for_work(self) -> Database | None:
        """The database, for a daemon that is at work; None while it is not."""
        database = self._connected()
        if database is None or self._stopping:
            return None
        if self._presence.state == "standby":
            if not self._lock.take():
                return None
            self._log.info("the other daemon of this host is gone: this one takes over")
            self._presence.become(database, "active")
        return database

    def _settle(self, database: Database, runs: list[OpenRun]) -> None:
        over = set()
        for run in runs:
            state = settle_over(database, run) if run.is_over else None
            if state is not None:
                over.add(run.number)
            if state:
                self._log.warning(
                    "run %d of %s ended without a word: now %s", run.number, run.job, state
                )
        self._workers.end_overdue(over)

    def _start(self, database: Database, runs: list[OpenRun]) -> None:
        busy = {run.job for run in runs if run.state == "running"}
        now = self._clock.now_ms()
        for run in runs:
            job = all_jobs().get(run.job)
            if run.state != "queued" or job is None or run.job in busy:
                continue
            # Of one job the older run comes first, also while another daemon is starting it.
            busy.add(run.job)
            if is_reserved(run, now) or not self._workers.room_for(job):
                continue
            if reserve(database, self._clock, run, self._presence.holder):
                self._begin(run, job)

    def _begin(self, run: OpenRun, job: Job) -> None:
        """Where no process can be started, the run is tried again when its reservation is over."""
        try:
            self._workers.start(run.number, job)
        except OSError as error:
            words = safe(error.strerror)
            self._log.error("run %d of %s cannot be started: %s", run.number, run.job, words)
            return
        self._log.info("run %d of %s is started", run.number, run.job)

    def _reap(self) -> None:
        for ended in self._workers.reap():
            level = logging.INFO if ended.status in (0, 3, 130) else logging.WARNING
            words = f": {ended.words}" if ended.words else ""
            how = f"status {ended.status}" if ended.status >= 0 else f"signal {-ended.status}"
            self._log.log(level, "run %d of %s ended, %s%s", ended.number, ended.job, how, words)

    # The database

    def _connected(self) -> Database | None:
        """The database, opened again if it was lost and the pause is over; None without one."""
        if self._database is None and time.monotonic() >= self._try_at:
            self._database = open_database(self._config.database, silence=_SILENCE_SECONDS)
            self._pause = 0.0
            if self._is_down:
                self._is_down = False
                self._log.info("the database is back")
        return self._database

    def _beat_failed(self, name: str, error: Exception) -> None:
        """A beat that the database failed is tried again with growing pauses; any other failure is
        ours, told with the place where it happened."""
        if isinstance(error, peewee.PeeweeException | BilldeckError | OSError):
            if not self._is_down:
                self._is_down = True
                self._log.warning("waiting for the database: %s", safe(error, 400))
            self._pause = min(max(1.0, self._pause * 2), _LONGEST_PAUSE)
            self._try_at = time.monotonic() + self._pause
        else:
            where, kept = faults.place(error), faults.keep(error, "error-")
            self._log.error("%s: %s at %s; %s", name, type(error).__name__, where, kept)
        if self._database is not None:
            self._database.close()
            self._database = None

    def _say_presence(self) -> None:
        database = self._connected()
        if database is not None:
            self._presence.say(database, self._words())

    def _words(self) -> str:
        if self._is_down:
            return "waiting for the database"
        if self._presence.state == "standby":
            return "standby: another daemon of this host is at work"
        jobs = self._workers.jobs()
        return f"running {', '.join(jobs)}" if jobs else "idle"

    def _leave(self) -> None:
        """What is left of killed runs is settled, and the daemon is heard of no more."""
        try:
            database = self._connected()
            if database is not None:
                self._settle(database, open_runs(database))
                self._presence.end(database)
                database.close()
        except (peewee.PeeweeException, BilldeckError, OSError) as error:
            self._log.warning("on the way out: %s", safe(error, 400))
        self._log.info("stopped")


class _StopSignal(threading.Event):
    """The wish to stop, while the signals are blocked: heard by whoever waits for it."""

    def wait(self, timeout: float | None = None) -> bool:
        if not self.is_set() and signal.sigtimedwait(_ENDS, timeout or 0.0):
            self.set()
        return self.is_set()
