"""The runs that this console has asked for: it puts them into the queue, starts a process where no
daemon is there to do it, and tells how they end.

A run belongs to the database: it goes on when the console ends, and it is watched there, whoever
does it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from engine import faults
from engine.errors import JobFailed
from engine.text import safe

if TYPE_CHECKING:
    from engine.database import Database
    from engine.queries.runs import JobRun
    from jobs.detached import Detached
    from jobs.job import Job, Values
    from jobs.queue import Asked
    from tui.app import Console

_LONGEST_WORDS = 600
_SECONDS_TO_READ = 20.0


class Answer(NamedTuple):
    """What the queue answered, and the run as it stands since."""

    asked: Asked
    run: JobRun


@dataclass
class Watched:
    """A run that was asked for here. `started` is the process that this console started for it,
    None where it was left to a daemon or had begun already."""

    number: int
    job: str
    started: Detached | None = None
    lost_daemon: bool = False


class Starting:
    """Belongs to one console and to the thread of its screens; `look` is called each second."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._watched: dict[int, Watched] = {}
        self._newest: dict[str, Watched] = {}
        self._is_looking = False

    def newest(self, job: str) -> Watched | None:
        """The run of this job that was asked for last from here."""
        return self._newest.get(job)

    def ask(self, job: Job, values: Values) -> None:
        """Asks for a run; the same request that waits or goes on is answered with its run."""
        from jobs.queue import ask

        self._put(lambda database, actor: ask(database, self._console.clock, job, values, actor))

    def ask_again(self, number: int) -> None:
        """Sends a run to the queue once more."""
        from jobs.queue import ask_again

        self._put(lambda database, actor: ask_again(database, self._console.clock, number, actor))

    def cancel(self, number: int) -> None:
        """Calls a run off."""
        from jobs.queue import cancel

        console = self._console

        def called_off(when: str) -> None:
            words = "is called off." if when == "now" else "will stop at its next safe point."
            console.tell(f"Run {number} {words}")
            self._refresh()

        console.desk.change(
            lambda database: cancel(database, console.clock, number, console.actor), called_off
        )

    def look(self) -> None:
        """Looks in the database how what was asked for fares."""
        if not self._watched or self._is_looking:
            return
        self._is_looking = True
        console = self._console
        console.desk.read(
            partial(_states, numbers=list(self._watched), now_ms=console.clock.now_ms()),
            self._seen,
            self._not_seen,
        )

    # The request

    def _put(self, put: Callable[[Database, str], Asked]) -> None:
        from engine.queries.runs import one_run

        console = self._console

        def work(database: Database) -> Answer:
            asked = put(database, console.actor)
            run = one_run(database, console.clock.now_ms(), asked.number)
            if run is None:
                raise JobFailed(f"run {asked.number} was removed as soon as it was asked for.")
            return Answer(asked, run)

        console.desk.change(work, self._answered)

    def _answered(self, answer: Answer) -> None:
        asked, run = answer
        watched = self._watched.setdefault(asked.number, Watched(asked.number, run.job))
        self._newest[run.job] = watched
        name = f"run {asked.number} of {run.job}"
        known = "" if asked.new else "The same was asked for already. "
        if run.state != "queued":
            self._console.tell(f"{known}It is {name}, which is {run.state}.")
        elif asked.daemon:
            self._console.tell(f"{known}{name.capitalize()} is left to the daemon.")
        elif watched.started is None or watched.started.has_ended:
            self._start(watched, known)
        else:
            self._console.tell(f"{known}It is {name}, process {watched.started.process.pid}.")
        self._refresh()

    def _start(self, watched: Watched, known: str) -> None:
        from jobs.detached import start_run

        name = f"run {watched.number} of {watched.job}"
        try:
            started = start_run(watched.number, self._console.config, faults.state_folder())
        except JobFailed as error:
            self._withdraw(watched, error.message)
            return
        watched.started = started
        self._console.tell(
            f"{known}No daemon is running: {name} is started here, process {started.process.pid},"
            " and goes on when this console ends."
        )

    def _withdraw(self, watched: Watched, why: str) -> None:
        """Nobody does it: it must not wait until somebody comes who knows nothing of it."""
        from jobs.queue import withdraw

        console = self._console
        words = safe(why or "its process ended without a word", _LONGEST_WORDS)
        name = f"Run {watched.number} of {watched.job}"
        self._watched.pop(watched.number, None)

        def have(withdrawn: bool) -> None:
            if withdrawn:
                console.tell(f"{name} did not go through: {words}", "error")
            self._refresh()

        console.desk.change(
            lambda database: withdraw(
                database, console.clock, watched.number, console.actor, words
            ),
            have,
        )

    # What becomes of it

    def _not_seen(self, reason: str) -> None:
        self._is_looking = False

    def _seen(self, found: tuple[list[JobRun], bool]) -> None:
        self._is_looking = False
        runs, daemon = found
        for number in set(self._watched) - {run.number for run in runs}:
            del self._watched[number]
        for run in runs:
            # What is asked for once more meanwhile is watched anew.
            watched = self._watched.get(run.number)
            if watched is None:
                continue
            if not run.is_open:
                del self._watched[run.number]
                self._tell_end(run)
            elif run.gone and not daemon:
                del self._watched[run.number]
                self._tell_gone(run)
            elif run.state == "queued" and not daemon:
                self._nobody_takes(watched)

    def _nobody_takes(self, watched: Watched) -> None:
        if watched.started is not None:
            if watched.started.has_ended:
                self._withdraw(watched, _last_line(watched.started.said()))
        elif not watched.lost_daemon:
            watched.lost_daemon = True
            number = watched.number
            self._console.tell(
                f"The daemon is gone: run {number} of {watched.job} waits for one. `:again"
                f" {number}` runs it without, `:cancel {number}` calls it off.",
                "warning",
                _SECONDS_TO_READ,
            )

    def _tell_end(self, run: JobRun) -> None:
        note = f": {run.note}" if run.note else ""
        name = f"Run {run.number} of {run.job}"
        if run.state == "done":
            self._console.tell(f"{name} is done{note}")
        elif run.state == "failed" and run.exit_reason == "failures":
            self._console.tell(f"{name} has ended, some could not be done{note}", "warning")
        elif run.state == "failed":
            self._console.tell(f"{name} did not go through{note}", "error")
        else:
            self._console.tell(f"{name} was {run.state}{note}", "warning")
        self._refresh()

    def _tell_gone(self, run: JobRun) -> None:
        self._console.tell(
            f"The process of run {run.number} of {run.job} is gone. What it committed stays; ask"
            " for it once more to go on.",
            "error",
        )
        self._refresh()

    def _refresh(self) -> None:
        screen = self._console.console_screen
        if screen is not None and screen.is_attached:
            screen.refresh_data()


def _states(
    database: Database, numbers: list[int], now_ms: int
) -> tuple[list[JobRun], bool]:  # fmt: skip
    """These runs, and whether a daemon is there. In the loader's thread."""
    from engine.queries.daemons import any_daemon
    from engine.queries.runs import one_run

    found = [one_run(database, now_ms, number) for number in numbers]
    return [run for run in found if run is not None], any_daemon(database)


def _last_line(text: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return safe(lines[-1], _LONGEST_WORDS) if lines else ""
