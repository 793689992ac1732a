"""The month close here and now, on one connection and without a keeper: for the demonstration, the
benchmarks and the tests. `billdeck run month-close` runs it as any job."""

from __future__ import annotations

from engine.clock import Clock
from engine.close.hooks import Hooks
from engine.config import Config
from engine.database import Database
from jobs.all.month_close import JOB
from jobs.context import RunContext, RunHooks
from jobs.job import Outcome
from jobs.month_close import CloseOptions, CloseReport, MonthClose, outcome
from jobs.runner import Runner


class CloseHere(MonthClose):
    """The month close with its lease and record. `hooks` tell progress and stop it."""

    def __init__(
        self, database: Database, config: Config, clock: Clock, actor: str, hooks: Hooks
    ) -> None:
        super().__init__(database, config, clock, actor, hooks)
        self._actor = actor
        self._runner = Runner(
            database, config, clock, RunHooks(note=hooks.note, stop=hooks.stop)
        )  # fmt: skip

    def run(self, options: CloseOptions) -> CloseReport:
        """Closes what is due. Raises as `MonthClose.work` does."""
        reports: list[CloseReport] = []

        def work(context: RunContext) -> Outcome:
            reports.append(self.work(context, options))
            return outcome(reports[0])

        self.refuse_early(options)
        self._runner.here(JOB, {}, self._actor, work)
        return reports[0]
