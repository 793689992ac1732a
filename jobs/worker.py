"""A process that does one run from the queue and ends: what the daemon starts, and what the console
starts where there is no daemon.

Usage: [--config FILE] RUN [--of-daemon]. It ends with the statuses of `engine.errors`.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from pathlib import Path

import peewee

from engine import faults
from engine.clock import SystemClock
from engine.config import Config
from engine.database import Database, open_database
from engine.errors import BilldeckError, InputError
from engine.retry import open_patiently
from engine.text import safe
from jobs.context import RunHooks
from jobs.registry import function_of, job_named, read_config
from jobs.runner import Runner

_OF_DAEMON = "--of-daemon"
_HUNG = 70
# What is imported stays: it need not be looked through for garbage again and again.
_SELDOM = 50_000
_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


def main(arguments: list[str] | None = None) -> int:
    """Does the run; what no record could be made of goes to standard error, in one line."""
    gc.set_threshold(_SELDOM)
    words = sys.argv[1:] if arguments is None else arguments
    stop = _stop_on_signals()
    if _OF_DAEMON in words:
        _stop_with_parent(stop)
    try:
        config_file = Path(words[words.index("--config") + 1]) if "--config" in words else None
        number = int(next(word for word in words if word.isdecimal()))
        return _do(read_config(config_file), number, stop, _OF_DAEMON in words)
    except BilldeckError as error:
        return _complain(error.message, error.exit_status)
    except peewee.PeeweeException as error:
        return _complain(f"the database failed: {safe(error)}", 1)
    except Exception as error:  # noqa: BLE001 - the end of all errors of this process
        where = faults.place(error)
        kept = faults.keep(error, "error-")
        return _complain(f"internal error: {type(error).__name__} at {where}; {kept}", 1)


def _do(config: Config, number: int, stop: threading.Event, hand_back: bool) -> int:
    database = open_patiently(config.database, stop)
    try:
        job = job_named(_job_of(database, number))
        runner = Runner(
            database,
            config,
            SystemClock(),
            RunHooks(stop=stop),
            lambda: open_database(config.database),
            _end_hung,
        )
        outcome = runner.queued(job, number, function_of(job), hand_back)
        return 0 if outcome.complete else 1
    finally:
        database.close()


def _job_of(database: Database, number: int) -> str:
    name = database.value("SELECT job FROM job_run WHERE id = ?", (number,))
    if name is None:
        raise InputError(f"there is no run {number}.")
    return str(name)


def _complain(message: str, status: int) -> int:
    print(safe(message, 2_000), file=sys.stderr, flush=True)
    return status


def _end_hung() -> None:
    """The job shows no sign of life and cannot be asked: only the end of the process helps. Its
    lease runs out, and the run is settled by who sees that."""
    os._exit(_HUNG)


def _stop_on_signals() -> threading.Event:
    """An event that SIGTERM, SIGINT and SIGHUP set. A thread waits for them: a handler could come
    in the middle of a wait for that very event, and wait for ever."""
    stop = threading.Event()
    signal.pthread_sigmask(signal.SIG_SETMASK, _SIGNALS)

    def wait() -> None:
        while True:
            signal.sigwait(_SIGNALS)
            stop.set()

    threading.Thread(target=wait, name="signals", daemon=True).start()
    return stop


def _stop_with_parent(stop: threading.Event) -> None:
    """Nobody writes to our standard input; that it ends means that the daemon is gone."""

    def wait() -> None:
        while os.read(0, 1):
            pass
        stop.set()

    threading.Thread(target=wait, name="parent", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
