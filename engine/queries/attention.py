"""What a person on duty should look at now: periods to close, failures, actions, runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal

from engine.config import BalanceImportConfig
from engine.database import Database
from engine.period import Period
from engine.queries.daemons import daemons
from engine.queries.event_trouble import event_trouble
from engine.queries.job_list import job_state, jobs_that_ran, telling_runs
from engine.queries.numbers import too_many_skipped
from engine.queries.runs import JobRun

Kind = Literal[
    "no_period", "period_ended", "close_failures", "no_daemon", "run_ended_badly", "slots_missed",
    "run_in_progress", "mails_skipped", "numbers_terminated", "receipt_errors", "receipts_late",
    "actions_dead", "actions_unknown", "channel_paused",
]  # fmt: skip


_MAILBOX = BalanceImportConfig()
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing to look at. `subject` is a period, a job's or a channel's name, `text` a sentence
    for people (not made safe), `run` the run it is about."""

    kind: Kind
    subject: str
    text: str
    run: JobRun | None = None


def what_needs_attention(
    database: Database,
    now_ms: int,
    tz: tzinfo,
    mailbox: BalanceImportConfig = _MAILBOX,
) -> list[Attention]:
    """The rows in the order of their weight; an empty list when all is well. `mailbox` says how
    many skipped mails are too many."""
    return [
        *_periods(database, now_ms, tz),
        *_daemon(database),
        *(Attention(*trouble) for trouble in event_trouble(database, now_ms)),
        *_mails(database, now_ms, mailbox),
        *_terminated(database, now_ms),
        *_runs(database, now_ms),
    ]


def _mails(database: Database, now_ms: int, mailbox: BalanceImportConfig) -> Iterator[Attention]:
    text = too_many_skipped(database, now_ms, mailbox)
    if text is not None:
        yield Attention("mails_skipped", "balance-import", text)


def _terminated(database: Database, now_ms: int) -> Iterator[Attention]:
    """Numbers that are gone since a day, as their operator's reports tell."""
    gone = database.integer(
        "SELECT COUNT(*) FROM number WHERE status = 'terminated' AND status_since > ?",
        (now_ms - _DAY_MS,),
    )
    if gone:
        yield Attention(
            "numbers_terminated",
            "numbers",
            f"{gone} number{' was' if gone == 1 else 's were'} terminated in the last 24 hours:"
            " `billdeck export balances --filter status:terminated` names all that are.",
        )


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


def _daemon(database: Database) -> Iterator[Attention]:
    """A daemon that was there and is no more; where there never was one, none is missed."""
    known = daemons(database)
    if not known or any(one.fresh for one in known):
        return
    minutes = max(0, known[0].age_ms) // 60_000
    yield Attention(
        "no_daemon",
        "",
        f"No daemon runs the schedule: the last was heard of {minutes} min ago. Start it, such as"
        " by `systemctl start billdeck`.",
    )


def _runs(database: Database, now_ms: int) -> Iterator[Attention]:
    """What each job is at, if it goes on, ended badly, or was not there when it was due."""
    for name in jobs_that_ran(database):
        job = job_state(name, "", None, telling_runs(database, now_ms, name))
        if job.running:
            yield Attention("run_in_progress", name, _running_text(job.running), job.running)
        elif job.last and job.last.state in ("failed", "interrupted"):
            text = f"The last run of {name}: {job.last.state}."
            yield Attention("run_ended_badly", name, text, job.last)
        if job.missed:
            yield Attention(
                "slots_missed",
                name,
                f"{name} was due {job.missed} time{'' if job.missed == 1 else 's'} while no daemon"
                " was there: `billdeck jobs` lists them.",
            )


def _running_text(run: JobRun) -> str:
    if run.gone:
        return f"A run of {run.job} ended without a word: run it again."
    what = "goes on" if run.alive else "is silent: it may have been killed; run it again"
    return f"A run of {run.job} {what}."
