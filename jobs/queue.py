"""The queue of runs: asking for one, calling one off, and finding those whose process is gone.

A run waits as a row of job_run. What a person asks for has a key of its own content, so the same
request waits once however often it is made.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal, NamedTuple

import peewee

from engine.clock import Clock
from engine.database import Database
from engine.dialect import is_duplicate
from engine.errors import InputError
from engine.holder import is_gone
from engine.models.operations import JobRun
from engine.queries.daemons import any_daemon
from jobs.job import Job, Values
from jobs.lease import Lease
from jobs.record import OpenRun, open_runs, settle
from jobs.registry import all_jobs, checked

# States that a person may send to the queue again.
_AGAIN = ("missed", "interrupted", "failed", "cancelled")
# A daemon that reserved a run and did not begin it within this time is not waited for.
RESERVED_MS = 15_000


class Asked(NamedTuple):
    """A request: the number of its run, whether it is a new one, whether a daemon is there that
    will take it, and whether it waits still."""

    number: int
    new: bool
    daemon: bool
    waits: bool = True


def ask(database: Database, clock: Clock, job: Job, parameters: Values, actor: str) -> Asked:
    """Asks for a run, in a transaction of its own. The same request that waits or goes on already
    is not made twice. Raises InputError for parameters that the job does not have."""
    values = checked(job, parameters)
    text = json.dumps(values, ensure_ascii=False, sort_keys=True)
    key = f"{job.name}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    asked = JobRun.insert(
        job=job.name, open_key=key, parameters=text, state="queued", actor=actor,
        asked_at=clock.now_ms(),
    )  # fmt: skip
    _settle_dead(database)
    with database.transaction():
        daemon = any_daemon(database)
        try:
            return Asked(database.write(asked), True, daemon)
        except peewee.IntegrityError as error:
            if not is_duplicate(error):
                raise
    row = database.row("SELECT id, state FROM job_run WHERE open_key = ?", (key,))
    if row is None:
        # It ended in between.
        return ask(database, clock, job, parameters, actor)
    return Asked(int(row[0]), False, daemon, row[1] == "queued")


def ask_again(database: Database, clock: Clock, number: int, actor: str) -> Asked:
    """Sends a run that was missed, failed, cancelled or interrupted to the queue once more. Raises
    InputError for any other."""
    _settle_dead(database)
    with database.transaction():
        daemon = any_daemon(database)
        again = JobRun.update(
            state="queued", exit_reason="", note="", holder="", attempt=0, cancelled_by=None,
            asked_at=clock.now_ms(), started_at=None, heartbeat_at=None, finished_at=None,
            actor=actor, done=0, total=0, already=0,
        ).where(JobRun.id == number, JobRun.state.in_(_AGAIN))  # fmt: skip
        if database.write(again) == 1:
            return Asked(number, True, daemon)
        state = database.value("SELECT state FROM job_run WHERE id = ?", (number,))
        if state == "queued":
            return Asked(number, False, daemon)
    if state is None:
        raise InputError(f"there is no run {number}; `billdeck jobs` lists them.")
    raise InputError(
        f"run {number} is {state}: only one that was missed, failed, cancelled or interrupted can"
        " be run again. Nothing was changed."
    )


def cancel(database: Database, clock: Clock, number: int, actor: str) -> Literal["now", "soon"]:
    """Calls a run off: one that waits at once, one that goes on at its next safe point. Raises
    InputError for one that has ended."""
    now = clock.now_ms()
    with database.transaction():
        off = JobRun.update(
            state="cancelled", exit_reason="cancelled", note=f"called off by {actor}",
            cancelled_by=actor, finished_at=now, open_key=None,
        ).where(JobRun.id == number, JobRun.state == "queued")  # fmt: skip
        if database.write(off):
            return "now"
        asked = JobRun.update(cancelled_by=actor).where(
            JobRun.id == number, JobRun.state == "running"
        )
        if database.write(asked):
            return "soon"
        state = database.value("SELECT state FROM job_run WHERE id = ?", (number,))
    if state is None:
        raise InputError(f"there is no run {number}; `billdeck jobs` lists them.")
    raise InputError(f"run {number} has ended ({state}); there is nothing to cancel.")


def withdraw(database: Database, clock: Clock, number: int, actor: str, why: str) -> bool:
    """Takes a run that waits, and that nobody could begin, out of the queue; False when it waits no
    longer."""
    with database.transaction():
        off = JobRun.update(
            state="cancelled", exit_reason="not_begun", note=why[:300], cancelled_by=actor,
            finished_at=clock.now_ms(), open_key=None,
        ).where(JobRun.id == number, JobRun.state == "queued")  # fmt: skip
        return bool(database.write(off))


def is_reserved(run: OpenRun, now_ms: int) -> bool:
    """Whether a daemon has this run for itself and may still begin it."""
    if not run.holder or is_gone(run.holder):
        return False
    # One from a future is of a clock that was set back since.
    return run.heartbeat_at is not None and abs(now_ms - run.heartbeat_at) <= RESERVED_MS


def reserve(database: Database, clock: Clock, run: OpenRun, holder: str) -> bool:
    """Reserves a run that waits, so that only one daemon starts a process for it; False when
    another was quicker. It is that process that begins the run."""
    with database.transaction():
        taken = JobRun.update(holder=holder, heartbeat_at=clock.now_ms()).where(
            JobRun.id == run.number, JobRun.state == "queued", JobRun.holder == run.holder
        )
        return bool(database.write(taken))


def insert_slot(
    database: Database, job: Job, parameters: Values, slot: int, now: int, missed: str = ""
) -> None:
    """Adds the row of a slot, in the caller's transaction: to be run, or `missed` with the reason.
    A slot that has its row already keeps it."""
    ended = {"state": "missed", "exit_reason": missed, "finished_at": now}
    try:
        database.write(JobRun.insert(
            job=job.name, slot=slot, parameters=json.dumps(parameters), actor="schedule",
            asked_at=slot, **(ended if missed else {"state": "queued"}),
        ))  # fmt: skip
    except peewee.IntegrityError as error:
        if not is_duplicate(error):
            raise


def _settle_dead(database: Database) -> None:
    """Where no daemon sees to it, whoever asks finds the runs whose process is gone: else the
    request would be answered with a run that nobody does."""
    for run in open_runs(database):
        if run.is_over:
            settle_over(database, run)


def settle_over(database: Database, run: OpenRun) -> str | None:
    """Ends a run that is over, in a transaction of its own, and its lease with it, so that a holder
    who only slept writes nothing more. Returns its new state, '' when another was quicker, None
    when it goes on after all."""
    with database.transaction():
        if not Lease.end(database, run.job, run.holder, run.token):
            return None
        return settle(database, all_jobs().get(run.job), run)
