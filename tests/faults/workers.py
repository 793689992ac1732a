"""What runs in other processes; they are started anew, so it must be found by its name."""

from __future__ import annotations

import os
import signal
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

from engine.clock import FixedClock
from engine.close.hooks import Hooks
from engine.close.run import PeriodClose
from engine.config import DatabaseConfig
from engine.database import open_database
from engine.errors import BilldeckError
from jobs.month_close import CloseOptions
from tests.close.books import NOW, OCTOBER, config, job


def close_without_lease(where: DatabaseConfig) -> str:
    """The close itself, which no lease keeps from running twice; its state at the end."""
    database = open_database(where)
    try:
        close = PeriodClose(database, config(where), FixedClock(NOW), "anna", OCTOBER, Hooks())
        return close.run(accept_failures=True).state
    finally:
        database.close()


def close_at_once(where: DatabaseConfig, barrier: Barrier, answers: Queue[Any]) -> None:
    """Waits for the others and closes October as they do."""
    barrier.wait(60)
    try:
        answers.put(close_without_lease(where))
    except BaseException as error:
        answers.put(repr(error))
        raise


def run_at_once(where: DatabaseConfig, barrier: Barrier, answers: Queue[Any]) -> None:
    """Waits for the others and runs the whole job as they do; 0 or the exit status."""
    database = open_database(where)
    barrier.wait(60)
    try:
        job(database, config(where)).run(CloseOptions(accept_failures=True))
        answers.put(0)
    except BilldeckError as error:
        answers.put(error.exit_status)
    except BaseException as error:
        answers.put(repr(error))
        raise
    finally:
        database.close()


def die_at_statement(where: DatabaseConfig, k: int, answers: Queue[Any]) -> None:
    """Runs the job and kills this process when SQLite begins its k-th statement (0: never);
    without a k it answers how many there are."""
    database = open_database(where)
    seen = 0

    def trace(statement: str) -> None:
        nonlocal seen
        seen += 1
        if seen == k:
            os.kill(os.getpid(), signal.SIGKILL)

    database.handle.connection().set_trace_callback(trace)
    job(database, config(where)).run(CloseOptions(accept_failures=True))
    answers.put(seen)


def die_in_the_second_chunk(where: DatabaseConfig) -> None:
    """Runs the job and kills this process, the holder of the lease, before a commit."""
    database = open_database(where)
    chunks = 0

    def compare(result: object) -> None:
        nonlocal chunks
        chunks += 1
        if chunks == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    job(database, config(where), Hooks(compare=compare)).run(CloseOptions())
