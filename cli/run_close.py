"""What `billdeck run month-close` does beyond other jobs: its dry run, question and report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.close_view import preview_data, preview_lines, report_data, report_lines, subscribers
from cli.run_progress import RunProgress
from cli.session import Session
from cli.signals import stop_on_signals
from jobs.job import Outcome, Values

if TYPE_CHECKING:
    from jobs.month_close import MonthClose

NAME = "month-close"


def dry_run(values: Values, session: Session) -> int:
    """Prints what the close would do."""
    from engine.close.hooks import Hooks
    from jobs.month_close import CloseOptions, MonthClose

    with stop_on_signals() as stop, RunProgress(session.out, "Dry run") as progress:
        hooks = Hooks(
            progress=lambda tally, total: progress.step(tally.done, total),
            note=session.out.note,
            stop=stop,
        )
        close = MonthClose(session.database, session.config, session.clock, session.actor, hooks)
        preview = close.preview(CloseOptions.of(values))
    session.out.result(preview_data(preview), preview_lines(preview, session))
    return 0


def refuse_early(values: Values, session: Session) -> None:
    """Raises what is wrong with the request, before there is a record of a run."""
    from jobs.month_close import CloseOptions

    _close(session).refuse_early(CloseOptions.of(values))


def question(values: Values, session: Session) -> str | None:
    """What a person is asked before the close; None when there is nothing to ask."""
    from engine.queries.close import left_to_close, sum_of
    from jobs.month_close import CloseOptions

    if "confirm" in values:
        return None
    database = session.database
    period = _close(session).due(CloseOptions.of(values))
    if period is None:
        return None
    before = period.previous()
    return (
        f"Close {period}: {subscribers(left_to_close(database, period))} will be charged or noted."
        f" {before} came to {session.money(sum_of(database, before))}."
        " `--dry-run` shows exactly what it would do."
    )


def report(outcome: Outcome, session: Session) -> None:
    """Prints what the close has done."""
    from jobs.month_close import CloseReport

    if isinstance(outcome.report, CloseReport):
        session.out.result(report_data(outcome.report), report_lines(outcome.report, session))


def _close(session: Session) -> MonthClose:
    from engine.close.hooks import Hooks
    from jobs.month_close import MonthClose

    return MonthClose(session.database, session.config, session.clock, session.actor, Hooks())
