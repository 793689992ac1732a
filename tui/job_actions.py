"""The actions of the jobs: each one's run, as the registry of jobs has it; once more, and off."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import InputError
from jobs.job import Job, Values
from jobs.registry import all_jobs, checked, job_named
from tui import close_actions
from tui.actions import ActionCall, ActionRecord, Danger, Parameter, Question
from tui.closing import JOB as CLOSE

if TYPE_CHECKING:
    from engine.database import Database
    from engine.queries.runs import JobRun

_NUMBER = re.compile("[1-9][0-9]{0,17}")


def job_actions() -> list[ActionRecord]:
    """A run of each job, in the order of their names; then what is done with a run."""
    run = Parameter("run", "the number of the run", "number", required=True, check=_run_number)
    return [
        *(run_action(job) for job in all_jobs().values()),
        ActionRecord(
            "again",
            "Run once more",
            "runs once more what was missed, failed, called off or cut off, with its parameters",
            lambda call: call.app.starting.ask_again(_run_number(call.values["run"])),
            (run,),
            danger=1,
            role="admin",
            question=_ask_again,
            headless="jobs again RUN",
            on_row=True,
        ),
        ActionRecord(
            "cancel",
            "Call a run off",
            "one that waits at once, one that goes on at its next safe point",
            lambda call: call.app.starting.cancel(_run_number(call.values["run"])),
            (run,),
            danger=1,
            role="operator",
            question=_ask_cancel,
            headless="jobs cancel RUN",
            on_row=True,
        ),
    ]


def run_action(job: Job) -> ActionRecord:
    """The run of a job, with the parameters and the role that the command has."""
    parameters = [
        Parameter(one.name, one.help, "flag" if one.flag else "text", check=one.check)
        for one in job.parameters
    ]
    is_close = job.name == CLOSE
    if is_close:
        parameters.append(Parameter("dry-run", "only show what it would do", "flag"))
    return ActionRecord(
        f"run {job.name}",
        f"Run: {job.title}",
        job.help,
        close_actions.start_close if is_close else partial(_run, job),
        tuple(parameters),
        danger=_danger(job),
        role=job.role,
        question=partial(_ask_run, job) if job.danger else None,
        headless=f"run {job.name}",
        asks_line=bool(parameters),
        dry_run=close_actions.preview_action() if is_close else None,
    )


def _danger(job: Job) -> Danger:
    """A count or sum is known of the month close only; else the job's name is what is typed."""
    return job.danger if job.name == CLOSE or job.danger < 3 else 2


def values_of(job: Job, given: Mapping[str, str]) -> Values:
    """The parameters of a run from what was typed. Raises InputError."""
    flags = {one.name for one in job.parameters if one.flag}
    return checked(job, {name: True if name in flags else text for name, text in given.items()})


def _run(job: Job, call: ActionCall) -> None:
    call.app.starting.ask(job, values_of(job, call.values))


def _ask_run(job: Job, database: Database, call: ActionCall) -> Question:
    values = values_of(job, call.values)
    if job.name == CLOSE:
        return close_actions.ask_to_close(database, call.app, values)
    return _question(job, database, values)


def _question(job: Job, database: Database, values: Values) -> Question:
    facts = [
        ("job", job.name),
        ("with", parameter_words(values) or "no parameters"),
        ("run by", close_actions.who_runs(database)),
    ]
    danger = _danger(job)
    word = job.name if danger == 2 else ""
    return Question(f"{job.title}: {job.help}", tuple(facts), word, danger or 1)


def parameter_words(values: Values) -> str:
    """Parameters as they are typed: `--period 2026-10 --late`."""
    words = []
    for name, value in values.items():
        shown = (
            "" if value is True else f" {value if isinstance(value, str) else json.dumps(value)}"
        )
        words.append(f"--{name}{shown}")
    return " ".join(words)


def _run_number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise InputError("the number of a run is a whole number, as the Jobs view (8) shows it.")
    return int(text)


def _run_of(database: Database, call: ActionCall) -> JobRun:
    from engine.queries.runs import one_run

    number = _run_number(call.values["run"])
    run = one_run(database, call.app.clock.now_ms(), number)
    if run is None:
        raise InputError(f"there is no run {number}; 8 lists them.")
    return run


def _ask_again(database: Database, call: ActionCall) -> Question:
    from dataclasses import replace

    run = _run_of(database, call)
    job = job_named(run.job)
    if job.name == CLOSE:
        found = close_actions.ask_to_close(database, call.app, run.parameters, by_preview=False)
        found = replace(found, danger=_danger(job))
    else:
        found = _question(job, database, run.parameters)
    facts = (("run", f"{run.number}, {run.state} {run.note}".strip()), *found.facts)
    return replace(found, title=f"Once more: {found.title}", facts=facts)


def _ask_cancel(database: Database, call: ActionCall) -> Question:
    run = _run_of(database, call)
    if not run.is_open:
        raise InputError(f"run {run.number} has ended ({run.state}); there is nothing to cancel.")
    when = "at its next safe point; what it committed stays"
    facts = [
        ("job", f"{run.job} {run.subject}".strip()),
        ("asked for by", run.actor),
        ("progress", run.progress or "none yet"),
        ("it stops", when if run.state == "running" else "at once: it has not begun"),
    ]
    return Question(f"Call off run {run.number}", tuple(facts))
