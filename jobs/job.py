"""What a job is: the record from which schedule, command line, console and docs read, and what its
run answers. No database, no import that costs anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from engine.config import Config
    from engine.database import Database

Danger = Literal[0, 1, 2, 3]
Role = Literal["viewer", "operator", "admin"]
Values = Mapping[str, Any]
"""Parameters by name: texts, and True for a flag. What was not given is not there."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that a run may be given. `name` is that of the option, without its dashes; a `flag`
    has no value; `check` raises InputError for a wrong text."""

    name: str
    help: str
    metavar: str = "TEXT"
    flag: bool = False
    check: Callable[[str], object] | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job. `name` is its word everywhere, `title` for people, `help` one line.

    `danger`: 0 changes nothing that matters, 1 is asked about, 2 wants its name typed, 3 a count or
    sum. `resumable`: a run that was cut off goes on when it is started again, so the next process
    does that. `long`: it may take longer than a minute and must not keep the short ones waiting.
    `schedule` is the default. After `silence_seconds` without a sign of life a run is taken to hang
    and loses its lease; after `limit_seconds` it is asked to stop. `dry_run`: it can show what it
    would do. `is_set_up` says whether a configuration has what the job works on; while it has not,
    the schedule does not start it. `for_slot` gives the parameters of a run that the schedule
    started, from the slot in epoch milliseconds and the billing time zone. `is_wanted` is for a job
    that can be run on demand: whether it has something to do at a moment in epoch milliseconds.
    """

    name: str
    title: str
    help: str
    parameters: tuple[Parameter, ...] = ()
    danger: Danger = 1
    role: Role = "admin"
    resumable: bool = False
    long: bool = False
    dry_run: bool = False
    schedule: str = "off"
    silence_seconds: int = 900
    limit_seconds: int | None = None
    for_slot: Callable[[int, Any], Values] | None = None
    is_set_up: Callable[[Config], bool] = lambda config: True
    is_wanted: Callable[[Database, Config, int], bool] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: `note` in words, `data` for machines, `complete` False when failures
    remain. `report` is for the process that ran it, and not kept."""

    note: str
    complete: bool = True
    data: Mapping[str, Any] = field(default_factory=dict)
    report: object = None
