"""The job month-close: ended periods in order, oldest first, each closed exactly once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from engine.clock import Clock
from engine.close.due import may_close, read_periods
from engine.close.hooks import Hooks, Tally
from engine.close.preview import Preview, PreviewReport
from engine.close.run import PeriodClose, PeriodSummary
from engine.close.sweep import sweep_late_usage
from engine.config import Config
from engine.database import Database
from engine.errors import InputError, NeedsConfirmation
from engine.period import Period
from engine.retry import run_unit
from jobs.context import RunContext
from jobs.job import Outcome, Values

T = TypeVar("T")


@dataclass(frozen=True)
class CloseOptions:
    """What was asked for. `period`: only this one; `late`: on any day of the month;
    `accept_failures`: end the period although some could not be rated; `digest`: only if the run
    would do exactly what the dry run with this digest said."""

    period: Period | None = None
    late: bool = False
    accept_failures: bool = False
    digest: str | None = None

    @classmethod
    def of(cls, values: Values) -> CloseOptions:
        """From the parameters of a run. Raises InputError."""
        period = values.get("period")
        digest = values.get("confirm")
        return cls(
            Period.parse(period) if period is not None else None,
            bool(values.get("late")),
            bool(values.get("accept-failures")),
            digest.lower() if digest is not None else None,
        )


@dataclass
class CloseReport:
    """What the job did: a summary per period, and how many rows of late usage were moved."""

    periods: list[PeriodSummary] = field(default_factory=list)
    late_usage: int = 0

    @property
    def complete(self) -> bool:
        """Whether no failures remain."""
        return all(summary.state == "complete" for summary in self.periods)


class MonthClose:
    """The job over one connection. `hooks` tell progress and stop it."""

    def __init__(
        self, database: Database, config: Config, clock: Clock, actor: str, hooks: Hooks
    ) -> None:
        self._database = database
        self._config = config
        self._clock = clock
        self._actor = actor
        self._hooks = hooks

    def due(self, options: CloseOptions) -> Period | None:
        """The period to be closed next, None when nothing is left to do. Raises InputError."""
        config = self._config
        return may_close(
            self._unit(lambda: read_periods(self._database)),
            options.period,
            self._clock.now_ms(),
            options.late,
            config.billing,
            config.month_close.settle_minutes,
        )

    def begins_after(self, period: Period) -> bool:
        """Whether the books begin only after this period, or have not begun at all."""
        periods = self._unit(lambda: read_periods(self._database))
        return periods is None or period < periods.first

    def preview(self, options: CloseOptions) -> PreviewReport | None:
        """The dry run of the next period; None when nothing is left to do. Leaves no trace and
        may run on any day."""
        period = self.due(replace(options, late=True))
        return self._preview().make(period) if period else None

    def refuse_early(self, options: CloseOptions) -> None:
        """Raises what `work` would raise about the request itself, before there is a record."""
        if options.digest is not None:
            self._confirmed(options)
        else:
            self.due(options)

    def work(self, context: RunContext, options: CloseOptions) -> CloseReport:
        """Closes what is due, within a run that has begun. Raises InputError, NeedsConfirmation
        (the digest moved), LeaseHeld, Interrupted, DatabaseUnavailable; all but the first two leave
        work that the next run goes on with."""
        compare = self._hooks.compare
        if options.digest is not None:
            options, compare = self._confirmed(options)
        period = self.due(options)
        if period:
            context.about(str(period))
        hooks = replace(self._hooks, compare=compare, fence=_fence(context))
        report = CloseReport()
        self._close_periods(report, hooks, options)
        report.late_usage = sweep_late_usage(self._database, self._config, self._clock, hooks)
        return report

    def _confirmed(self, options: CloseOptions) -> tuple[CloseOptions, Callable[..., None]]:
        """Holds the digest against a dry run made now; the run is then that one period."""
        period = self.due(options)
        if period is None:
            raise InputError("there is nothing to close, so no digest to confirm.")
        preview = self._preview()
        report = preview.make(period)
        if report.digest != options.digest:
            raise NeedsConfirmation(
                f"the close of {period} would differ from the dry run that was confirmed: its"
                f" digest is {report.digest} now. Nothing was changed. Look at a new dry run."
            )
        return replace(options, period=period), preview.check

    def _close_periods(self, report: CloseReport, hooks: Hooks, options: CloseOptions) -> None:
        while (period := self.due(options)) is not None:
            close = PeriodClose(
                self._database, self._config, self._clock, self._actor, period, hooks
            )
            summary = close.run(options.accept_failures)
            report.periods.append(summary)
            if summary.state != "complete":
                return

    def _preview(self) -> Preview:
        return Preview(self._database, self._config, self._clock, self._actor, self._hooks)

    def _unit(self, work: Callable[[], T]) -> T:
        hooks = self._hooks
        wait = self._config.database.wait_seconds
        return run_unit(self._database, work, wait, hooks.stop, hooks.note)


def _fence(context: RunContext) -> Callable[[Tally, int], None]:
    """What each transaction of a close does at its end: prove the lease and note the progress."""

    def fence(tally: Tally, total: int) -> None:
        context.prove()
        if total:
            note = f"charged {tally.charged}, failed {tally.failed}"
            context.progress(tally.done, total, tally.already, note)

    return fence


def outcome(report: CloseReport) -> Outcome:
    """What a close came to, in words; the report itself for the process that ran it."""
    return Outcome(_in_words(report), report.complete, report=report)


def _in_words(report: CloseReport) -> str:
    if not report.periods:
        return "nothing left to do"
    return "; ".join(
        f"{one.period} {one.state}: {one.of('charged').subscribers} charged,"
        f" {one.of('failed').subscribers} failed"
        for one in report.periods
    )
