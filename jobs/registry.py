"""The jobs that there are, found by their files in `jobs.all`, and their settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import jobs.all
from engine.config import Config, Section, Setting, load_config, render_example, values
from engine.errors import InputError
from engine.slots import Schedule
from engine.text import safe
from jobs.job import Job, Outcome, Parameter, Values

if TYPE_CHECKING:
    from jobs.context import RunContext

# What job_run has room for.
_MOST_PARAMETERS = 2_000


@cache
def all_jobs() -> dict[str, Job]:
    """All jobs by name, in the order of their names."""
    found = [import_module(f"jobs.all.{name}").JOB for name in _modules()]
    return {job.name: job for job in sorted(found, key=lambda job: job.name)}


def job_named(name: str) -> Job:
    """The job. Raises InputError for a name that is none."""
    job = all_jobs().get(name)
    if job is None:
        raise InputError(f"there is no job '{safe(name, 60)}': {', '.join(all_jobs())}")
    return job


def function_of(job: Job) -> Callable[[RunContext], Outcome]:
    """What does the job."""
    for name in _modules():
        module = import_module(f"jobs.all.{name}")
        if module.JOB is job:
            run: Callable[[RunContext], Outcome] = module.run
            return run
    raise InputError(f"the job {job.name} has no module")


def _modules() -> list[str]:
    return [module.name for module in iter_modules(jobs.all.__path__)]


def checked(job: Job, given: Mapping[str, object]) -> Values:
    """The parameters of a run, as they are kept: flags True, texts as given. Raises InputError."""
    known = {parameter.name: parameter for parameter in job.parameters}
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            allowed = ", ".join(known) or "none"
            raise InputError(f"{job.name} has no parameter '{safe(name, 40)}'; it has: {allowed}")
        kept = _checked_value(job, known[name], value)
        if kept is not None:
            found[name] = kept
    if len(json.dumps(found, ensure_ascii=False)) > _MOST_PARAMETERS:
        raise InputError(f"the parameters of {job.name} are too long.")
    return found


def _checked_value(job: Job, parameter: Parameter, value: object) -> object:
    if parameter.flag:
        return True if value else None
    if value is None:
        return None
    if not isinstance(value, str) or not value or values.has_control(value):
        raise InputError(f"{job.name}: what is given as {parameter.name} cannot be kept")
    if parameter.check:
        parameter.check(value)
    return value


def schedule_section() -> Section:
    """The section [schedule] of the configuration: a setting for each job."""
    return Section(
        "schedule",
        "schedule",
        dict,
        "When the daemon runs which job, in the billing time zone.",
        tuple(
            Setting(job.name, _parser(job), job.schedule, f"{job.title}: {job.help}")
            for job in all_jobs().values()
        ),
    )


def _parser(job: Job) -> Callable[[str], Schedule]:
    def parse(text: str) -> Schedule:
        schedule = values.schedule(text)
        if schedule.kind == "demand" and job.is_wanted is None:
            raise values.BadValue("a time: this job cannot be run on demand")
        return schedule

    return parse


def schedules(config: Config) -> dict[str, Schedule]:
    """When each job is due: as the configuration says, but never while it is not set up."""
    return {
        name: schedule if all_jobs()[name].is_set_up(config) else Schedule()
        for name, schedule in config.schedule.items()
    }


def read_config(config_file: Path | None = None, **layers: Any) -> Config:
    """The configuration in force, with the schedule of the jobs; `layers` are those of
    `engine.config.load_config`. Raises ConfigError."""
    return load_config(config_file, more=[schedule_section()], **layers)


def example() -> str:
    """The text of `config.example.ini`."""
    return render_example([schedule_section()])
