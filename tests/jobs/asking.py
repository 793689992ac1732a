"""What the tests of the daemon ask of the database, and ask for."""

from __future__ import annotations

from engine.clock import SystemClock
from engine.database import Database
from engine.queries.runs import JobRun, one_run
from jobs.queue import ask
from jobs.registry import job_named
from tests.jobs.hosts import Host, until

CLOCK = SystemClock()


def request(database: Database, job: str, **parameters: object) -> int:
    """Asks for a run; its number."""
    return ask(database, CLOCK, job_named(job), parameters, "anna").number


def run_of(database: Database, number: int) -> JobRun:
    found = one_run(database, CLOCK.now_ms(), number)
    assert found is not None
    return found


def state_of(database: Database, number: int) -> str:
    return str(database.value("SELECT state FROM job_run WHERE id = ?", (number,)))


def wait_for_state(database: Database, number: int, *states: str, host: Host) -> JobRun:
    """Waits until the run has one of these states."""

    def tell() -> str:
        return f"{run_of(database, number)}\n{host.log()}"

    until(lambda: state_of(database, number) in states, tell)
    return run_of(database, number)


def wait_for_count(database: Database, least: int, host: Host) -> None:
    """Waits until the job that counts has come so far."""
    until(lambda: database.integer("SELECT MAX(number) FROM counted") >= least, host.log)


def counted_once(database: Database, last: int) -> None:
    rows = database.rows("SELECT number FROM counted ORDER BY number")
    assert [number for (number,) in rows] == list(range(1, last + 1))


def is_free(database: Database, job: str) -> bool:
    return database.value("SELECT holder FROM lease WHERE name = ?", (job,)) is None


def slots_of(database: Database) -> list[int]:
    return [slot for (slot,) in database.rows("SELECT slot FROM ticked ORDER BY slot")]
