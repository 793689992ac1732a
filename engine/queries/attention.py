"""What a person on duty should look at now: periods to close, failures, runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal

from engine.database import Database
from engine.period import Period
from engine.queries.runs import JobRun, recent_runs

Kind = Literal["no_period", "period_ended", "close_failures", "run_ended_badly", "run_in_progress"]


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing to look at. `subject` is a period or a job's name, `text` a sentence for people
    (not made safe), `run` the run it is about."""

    kind: Kind
    subject: str
    text: str
    run: JobRun | None = None


def what_needs_attention(database: Database, now_ms: int, tz: tzinfo) -> list[Attention]:
    """The rows in the order of their weight; an empty list when all is well."""
    return [*_periods(database, now_ms, tz), *_runs(database, now_ms)]


def _periods(database: Database, now_ms: int, tz: tzinfo) -> Iterator[Attention]:
    row = database.row(
        "SELECT period, state FROM billing_period WHERE state <> 'closed' ORDER BY period LIMIT 1"
    )
    if row is None:
        yield Attention(
            "no_period",
            "",
            "There is no open billing period: load data with `billdeck import DIR` or add the"
            " first subscriber.",
        )
        return
    name, state = str(row[0]), str(row[1])
    period = Period.parse(name)
    if now_ms >= period.end_ms(tz):
        yield Attention("period_ended", name, _ended_text(period, now_ms, tz))
    failed = database.integer(
        "SELECT COUNT(*) FROM close_record WHERE status = 'failed' AND period = ?", (name,)
    )
    if state == "closing" and failed:
        yield Attention(
            "close_failures",
            name,
            f"{failed} subscriber{'' if failed == 1 else 's'} could not be charged for {name}:"
            f" `billdeck export charges --period {name}` names them; the next run tries them"
            " again.",
        )


def _ended_text(period: Period, now_ms: int, tz: tzinfo) -> str:
    last = Period.of_ms(now_ms, tz).previous()
    command = "`billdeck run month-close --late`"
    if last <= period:
        return f"The period {period} has ended and is not closed: {command}."
    return (
        f"The periods {period} to {last} have ended and are not closed: {command} closes them,"
        " oldest first."
    )


def _runs(database: Database, now_ms: int) -> Iterator[Attention]:
    """The last run of each job, if it goes on or ended badly."""
    seen: set[str] = set()
    for run in recent_runs(database, now_ms, limit=100):
        if run.job in seen:
            continue
        seen.add(run.job)
        if run.state == "running":
            yield Attention("run_in_progress", run.job, _running_text(run), run)
        elif run.state != "done":
            text = f"The last run of {run.job}: {run.state}."
            yield Attention("run_ended_badly", run.job, text, run)


def _running_text(run: JobRun) -> str:
    if run.gone:
        return f"A run of {run.job} ended without a word: run it again."
    what = "goes on" if run.alive else "is silent: it may have been killed; run it again"
    return f"A run of {run.job} {what}."
