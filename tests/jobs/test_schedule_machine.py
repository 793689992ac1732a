"""Several hosts with clocks of their own plan, begin, end, die and sleep in any order: no slot is
run twice, none is lost, and of a job there is never more than one run that may write."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.clock import FixedClock
from engine.errors import LeaseHeld
from engine.period import parse_when
from engine.slots import parse_schedule
from jobs.planner import Planner
from jobs.queue import is_reserved, reserve, settle_over
from jobs.record import MOST_ATTEMPTS, STOPPED, RunRecord, open_runs
from jobs.registry import job_named
from tests.close.books import MOSCOW, new_books
from tests.close.copies import at
from tests.faults.killing import quick

START = parse_when("2025-11-10T12:00:30", MOSCOW)
MINUTE = 60_000
SCHEDULE = parse_schedule("every minute catch_up=all most=1000 overlap=queue")
# One that is taken over, and one that is not.
JOBS = ("counts", "ticks")
HOSTS = 2
some_host = st.integers(0, HOSTS - 1)
some_job = st.sampled_from(JOBS)


class Host:
    """A daemon and its workers; `at_work` has the runs that they believe to have, by job."""

    def __init__(self, number: int) -> None:
        self.name = f"host{number} 1 1 world"
        self.clock = FixedClock(START)
        self.at_work: dict[str, RunRecord] = {}
        self.begin_anew()

    def begin_anew(self) -> None:
        """The daemon is started: what it knew is forgotten."""
        self.planner = Planner(self.clock, dict.fromkeys(JOBS, SCHEDULE), MOSCOW, lambda text: None)


class ScheduleMachine(RuleBasedStateMachine):
    """All hosts share one database, whose own clock is ahead of all of theirs."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        where = at(Path(self._folder.name) / "books.db")
        new_books(where).close()
        self.database = quick(where)
        self.hosts = [Host(number) for number in range(HOSTS)]
        self.done: Counter[tuple[str, int]] = Counter()
        self.latest = START

    def teardown(self) -> None:
        try:
            self._catch_up()
        finally:
            self.database.close()
            self._folder.cleanup()

    @initialize(number=some_host)
    def first_plan(self, number: int) -> None:
        self.plan(number)

    # The clocks

    @rule(number=some_host, minutes=st.integers(1, 6))
    def time_passes(self, number: int, minutes: int) -> None:
        """For one host more than for the others."""
        self.hosts[number].clock.advance(minutes * MINUTE)

    @rule(number=some_host, minutes=st.integers(1, 12))
    def a_clock_is_set_back(self, number: int, minutes: int) -> None:
        self.hosts[number].clock.advance(-minutes * MINUTE)

    # The daemons

    @rule(number=some_host)
    def plan(self, number: int) -> None:
        host = self.hosts[number]
        host.planner.plan(self.database)
        self.latest = max(self.latest, host.clock.now_ms())

    @rule(number=some_host)
    def a_slot_comes_and_is_begun(self, number: int) -> None:
        """The usual way of things."""
        self.time_passes(number, 1)
        self.plan(number)
        self.start(number)

    @rule(number=some_host)
    def restart(self, number: int) -> None:
        self.hosts[number].begin_anew()

    @rule(number=some_host)
    def start(self, number: int) -> None:
        """As the daemon does: of each job the oldest that waits."""
        host = self.hosts[number]
        runs = open_runs(self.database)
        busy = {run.job for run in runs if run.state == "running"}
        for run in runs:
            if run.job in busy or run.job in host.at_work:
                continue
            busy.add(run.job)
            if is_reserved(run, host.clock.now_ms()):
                continue
            if reserve(self.database, host.clock, run, host.name):
                self._begin(host, run.job, run.number)

    def _begin(self, host: Host, job: str, number: int) -> None:
        record = RunRecord(self.database, host.clock, job_named(job))
        record.lease.holder = host.name
        try:
            record.begin_queued(number)
        except LeaseHeld:
            return
        host.at_work[job] = record

    @rule(number=some_host)
    def settle(self, number: int) -> None:
        for run in open_runs(self.database):
            if run.is_over:
                settle_over(self.database, run)

    # Their workers

    @rule(job=some_job, pick=some_host, end=st.sampled_from(["done", "queued"]))
    def a_run_ends(self, job: str, pick: int, end: str) -> None:
        """It is done, or was asked to stop; one that has lost its lease changes nothing."""
        workers = [host for host in self.hosts if job in host.at_work]
        if not workers:
            return
        record = workers[pick % len(workers)].at_work.pop(job)
        mine = self._may_write(record)
        slot = self.database.integer("SELECT slot FROM job_run WHERE id = ?", (record.number,))
        record.finish(end, "complete" if end == "done" else STOPPED, "")
        state = self.database.row("SELECT state, token FROM job_run WHERE id = ?", (record.number,))
        if mine:
            assert state == (end, record.lease.token)
            self.done[job, slot] += end == "done"

    def _may_write(self, record: RunRecord) -> bool:
        try:
            with self.database.transaction(keep=False):
                record.lease.prove(self.database)
        except LeaseHeld:
            return False
        return True

    @rule(number=some_host, job=some_job)
    def a_worker_dies(self, number: int, job: str) -> None:
        self.hosts[number].at_work.pop(job, None)

    @rule(job=some_job)
    def a_lease_runs_out(self, job: str) -> None:
        """Its holder is dead or sleeps; one that sleeps still believes that it has its run."""
        self.database.execute("UPDATE lease SET expires_at = 1 WHERE name = ?", (job,))

    # What always holds

    @invariant()
    def no_slot_is_done_twice(self) -> None:
        assert all(times == 1 for times in self.done.values() if times)

    @invariant()
    def one_run_of_a_job_may_write(self) -> None:
        for job in JOBS:
            writers = [
                host.name
                for host in self.hosts
                if job in host.at_work and self._may_write(host.at_work[job])
            ]
            assert len(writers) <= 1
            running = "SELECT COUNT(*) FROM job_run WHERE job = ? AND state = 'running'"
            assert self.database.integer(running, (job,)) <= 1

    def _catch_up(self) -> None:
        """Everybody dies, one host comes back with the right time: then no slot is left."""
        for host in self.hosts:
            host.at_work.clear()
        for job in JOBS:
            self.a_lease_runs_out(job)
        self.settle(0)
        host = self.hosts[0]
        host.clock.advance(self.latest - host.clock.now_ms() + 2 * MINUTE)
        host.begin_anew()
        self.plan(0)
        planned = host.clock.now_ms()
        while open_runs(self.database):
            host.clock.advance(MINUTE // 4)
            self.start(0)
            for job in JOBS:
                self.a_run_ends(job, 0, "done")
        self._nothing_is_lost(planned)

    def _nothing_is_lost(self, now: int) -> None:
        for job in JOBS:
            rows = self.database.rows(
                "SELECT slot, state, attempt FROM job_run WHERE job = ? AND slot > ?", (job, START)
            )
            slots = {slot for slot, _, _ in rows}
            assert slots >= set(range(START // MINUTE * MINUTE + MINUTE, now, MINUTE))
            for slot, state, attempt in rows:
                assert (state == "done") == (self.done[job, slot] == 1)
                assert state in ("done", "interrupted" if job == "ticks" else "failed")
                assert state != "failed" or attempt == MOST_ATTEMPTS


@pytest.mark.usefixtures("extra_jobs")
class TestSchedule(ScheduleMachine.TestCase):  # type: ignore[misc]
    """Hypothesis chooses what happens."""

    settings = settings(max_examples=40, stateful_step_count=50, deadline=None)
