"""From schedules to rows: each slot that is due gets its row in job_run, once over all hosts.

A slot is due when both this host's clock and the database's say so: a host whose clock runs ahead
closes no month early. Up to where the slots have their rows is remembered per job, so a restart
loses none; a clock that was set back does not stop the jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

import peewee

from engine.clock import Clock
from engine.database import Database
from engine.errors import BilldeckError
from engine.models.operations import JobSchedule
from engine.slots import Decision, Schedule, decide, next_slot, slots
from jobs.job import Job, Values
from jobs.queue import insert_slot
from jobs.registry import all_jobs

# A clock set back by less than this is a correction, not a step.
STEP_MS = 60_000
# So many missed slots of one job get rows of their own; of more, the newest.
_MOST_MISSED = 50
# Even with nothing due the tables are looked at this often.
_LOOK_AGAIN_MS = 60_000


@dataclass
class Planner:
    """The schedules of all jobs, in the billing time zone. `note` is told what was missed."""

    clock: Clock
    schedules: Mapping[str, Schedule]
    zone: tzinfo
    note: Callable[[str], None]
    _next_look: int = field(default=0, init=False)
    _last_now: int = field(default=0, init=False)

    def plan(self, database: Database) -> None:
        """Adds rows for all slots that are due. Costs nothing while none is. What one job raises is
        raised when the others have had their turn; that job is looked at again in a minute."""
        now = self.clock.now_ms()
        if self._last_now <= now < self._next_look:
            self._last_now = now
            return
        now = min(now, database.integer(f"SELECT {database.dialect.now_ms}"))
        seen = {row[0]: row[1:] for row in
                database.rows("SELECT job, schedule, seen_until FROM job_schedule")}  # fmt: skip
        soonest = now + _LOOK_AGAIN_MS
        failed: Exception | None = None
        for name, schedule in self.schedules.items():
            try:
                self._plan_job(database, all_jobs()[name], schedule, now, seen.get(name))
            except (peewee.PeeweeException, BilldeckError):
                raise
            except Exception as error:  # noqa: BLE001 - one job must not keep the others waiting
                failed = error
            following = next_slot(schedule, self.zone, now)
            soonest = min(soonest, following) if following is not None else soonest
        self._next_look, self._last_now = soonest, self.clock.now_ms()
        if failed is not None:
            raise failed

    def _plan_job(
        self,
        database: Database,
        job: Job,
        schedule: Schedule,
        now: int,
        seen: tuple[str, int] | None,
    ) -> None:
        text = f"{schedule} {self.zone}"
        if seen is None or seen[0] != text:
            self._begin_anew(database, job.name, text, now)
            if seen is not None:
                self.note(f"{job.name}: its schedule has changed and goes on from now")
            return
        until = int(seen[1])
        if until > now + STEP_MS:
            self._step_back(database, job.name, now)
            return
        due = slots(schedule, self.zone, until, now)
        if due:
            self._add(database, job, schedule, due, now)

    def _begin_anew(self, database: Database, name: str, text: str, now: int) -> None:
        """A job or a schedule that was not there before: what lies behind is not due."""
        with database.transaction():
            changed = JobSchedule.update(schedule=text, seen_until=now)
            if database.write(changed.where(JobSchedule.job == name)) == 0:
                database.write(JobSchedule.insert(job=name, schedule=text, seen_until=now))

    def _step_back(self, database: Database, name: str, now: int) -> None:
        """The clock was set back: slots of a future that has not come are not missed. What has run
        keeps its row and is not run again when its time comes once more."""
        with database.transaction():
            database.execute(
                "DELETE FROM job_run WHERE job = ? AND slot > ? AND state = 'missed'", (name, now)
            )
            changed = JobSchedule.update(seen_until=now)
            database.write(changed.where(JobSchedule.job == name))
        self.note(f"{name}: the clock was set back; its schedule goes on from now")

    def _add(
        self, database: Database, job: Job, schedule: Schedule, due: list[int], now: int
    ) -> None:
        """Rows for the slots that are due, and the mark up to where they have them, as one."""
        with database.transaction():
            open_run = database.value(
                "SELECT id FROM job_run WHERE state IN ('queued', 'running') AND job = ? LIMIT 1",
                (job.name,),
            )
            skip = open_run is not None and schedule.overlap == "skip"
            decisions = decide(due, schedule, now)
            missed = [one.slot for one in decisions if not one.run]
            for decision in _with_rows(decisions):
                reason = "skipped" if decision.run and skip else "" if decision.run else "down"
                values = self._parameters(job, decision.slot)
                insert_slot(database, job, values, decision.slot, now, reason)
            changed = JobSchedule.update(seen_until=due[-1])
            database.write(changed.where(JobSchedule.job == job.name))
        if missed:
            self.note(f"{job.name}: {len(missed)} slots were missed")
        if skip:
            self.note(f"{job.name}: skipped, run {open_run} is still open")

    def _parameters(self, job: Job, slot: int) -> Values:
        return job.for_slot(slot, self.zone) if job.for_slot else {}


def _with_rows(decisions: list[Decision]) -> list[Decision]:
    """The slots that get rows: all that are run, and the newest of those that are not."""
    missed = [one.slot for one in decisions if not one.run]
    shown = set(missed[-_MOST_MISSED:])
    return [one for one in decisions if one.run or one.slot in shown]
