"""What this console has asked of the month close: its preview, and the close that it offers.

The preview is a process of its own, which ends with the console. A close is a run from the queue
like any other, see `tui.starting`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import BilldeckError
from engine.money import format_amount_human, parse_amount
from engine.text import safe
from tui.messages import ProcessEnded

if TYPE_CHECKING:
    from jobs.detached import Captured
    from jobs.job import Values
    from tui.app import Console

JOB = "month-close"
STATUSES = ("charged", "exempt", "not_started", "failed")

# A dry run tells plans and twenty subscribers, whatever the size of the books.
MOST_BYTES = 4_000_000
_PREVIEW = "preview"
_DONE = re.compile(r"^  ([0-9]+) of ([0-9]+)$", re.MULTILINE)
# How the command begins a line that says what is wrong.
_PROGRAM = "billdeck: "

PlanSum = tuple[str, str, int, int]
"""Plan, status, subscribers, minor units."""


@dataclass(frozen=True, slots=True)
class Notable:
    """A subscriber worth a look: the charge and that of the month before, in minor units."""

    login: str
    amount: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a close would do, as the dry run told it; amounts in minor units. `before` are the sums
    of the month before, None until they are read."""

    period: str
    digest: str
    amount: int
    blocked: int
    sums: tuple[PlanSum, ...]
    largest: tuple[Notable, ...]
    changes: tuple[Notable, ...]
    as_of_ms: int
    before: tuple[PlanSum, ...] | None = None

    def count(self, status: str) -> int:
        """How many subscribers would have this status."""
        return sum(one[2] for one in self.sums if one[1] == status)


def read_preview(output: bytes, as_of_ms: int) -> Preview | None:
    """The dry run's JSON; None when there is nothing left to close. Raises ValueError or KeyError
    for what is no answer of ours."""
    data = json.loads(output)
    if data["period"] is None:
        return None
    return Preview(
        str(data["period"]),
        str(data["digest"]),
        parse_amount(data["amount"]),
        int(data["blocked"]),
        tuple(
            (str(one["plan"]), str(one["status"]), int(one["subscribers"]),
             parse_amount(one["amount"]))
            for one in data["plans"]
        ),
        tuple(_notable(one) for one in data["largest"]),
        tuple(_notable(one) for one in data["changes"]),
        as_of_ms,
    )  # fmt: skip


def _notable(data: dict[str, Any]) -> Notable:
    before = data["before"]
    return Notable(
        str(data["login"]),
        parse_amount(data["amount"]),
        None if before is None else parse_amount(before),
    )


def progress_in(said: str) -> str:
    """How far a run is by what it has said so far: `45%`, or nothing."""
    found = _DONE.findall(said)
    if not found:
        return ""
    done, total = map(int, found[-1])
    return f"{100 * done // max(1, total)}%"


class Closing:
    """Belongs to one console and to the thread of its screens. `changed` are told of any news."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.changed: list[Callable[[], None]] = []
        self.preview: Preview | None = None
        self.problem = ""
        self.offer: Values | None = None
        self._asked: Captured | None = None
        self._asked_at_ms = 0

    @property
    def is_previewing(self) -> bool:
        """Whether a dry run goes on."""
        return self._asked is not None

    @property
    def progress(self) -> str:
        """How far the dry run is: `45%`; nothing before it says so."""
        return "" if self._asked is None else progress_in(self._asked.said())

    def make_preview(self, period: str | None = None) -> None:
        """Starts the dry run of a period, or of the one that is next, unless one goes on."""
        from jobs.detached import ask

        if self._asked is not None:
            return
        self.problem = ""
        self._asked_at_ms = self._console.clock.now_ms()
        words = ["--json", "run", JOB, "--dry-run", *(["--period", period] if period else [])]
        asked = self._asked = ask(words, self._console.config)

        def work() -> ProcessEnded:
            return ProcessEnded(_PREVIEW, *asked.read(MOST_BYTES))

        self._in_background(_PREVIEW, work)
        self._tell()

    def start(self) -> None:
        """Asks for the close that was offered: a run with these parameters."""
        from jobs.registry import job_named

        offer, self.offer = self.offer, None
        if offer is None:
            return
        # What was foreseen is about to happen; the next close needs a look of its own.
        self.preview = None
        self._console.starting.ask(job_named(JOB), offer)
        self._tell()

    def ended(self, message: ProcessEnded) -> None:
        """Takes the news that the dry run has ended."""
        self._asked = None
        self._preview_ended(message)
        self._tell()
        screen = self._console.console_screen
        if screen is not None and screen.is_attached:
            screen.refresh_data()

    def stop(self) -> None:
        """The console ends, and a dry run with it."""
        if self._asked is not None:
            self._asked.process.terminate()

    def _preview_ended(self, message: ProcessEnded) -> None:
        if message.status != 0:
            self.problem = last_words(message.errors) or f"it ended with {message.status}"
            self._console.tell(f"The preview was not made: {self.problem}", "error")
            return
        try:
            preview = read_preview(message.output, self._asked_at_ms)
        except (ValueError, KeyError, TypeError, BilldeckError):
            self.problem = "the dry run answered something that cannot be read."
            self._console.tell(f"The preview was not made: {self.problem}", "error")
            return
        self.preview = preview
        if preview is None:
            self.problem = "there is nothing to close: no ended period is open."
            return
        self._read_before(preview)

    def _read_before(self, preview: Preview) -> None:
        from engine.period import Period
        from engine.queries.close import sums_by_plan

        before = Period.parse(preview.period).previous()

        def have(sums: list[PlanSum]) -> None:
            if self.preview is preview:
                self.preview = _with_before(preview, tuple(sums))
                self._tell()

        self._console.desk.read(lambda database: sums_by_plan(database, before), have)

    def _in_background(self, name: str, work: Callable[[], ProcessEnded]) -> None:
        def run() -> None:
            try:
                news = work()
            except BilldeckError as error:
                news = ProcessEnded(name, error.exit_status, b"", error.message)
            # At the very end there may be nobody left to tell.
            with suppress(RuntimeError):
                self._console.post_message(news)

        threading.Thread(target=run, name=name, daemon=True).start()

    def _tell(self) -> None:
        for each in list(self.changed):
            each()


def _with_before(preview: Preview, sums: tuple[PlanSum, ...]) -> Preview:
    from dataclasses import replace

    return replace(preview, before=sums)


def last_words(text: str) -> str:
    """The last line that says something; of a JSON error its message."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    try:
        return safe(json.loads(lines[-1])["error"], 600)
    except (ValueError, KeyError, TypeError):
        return safe(lines[-1].removeprefix(_PROGRAM), 600)


def sum_words(count: int, amount: int) -> str:
    """`279 subscribers, 202 835.49`."""
    return f"{count} subscriber{'' if count == 1 else 's'}, {format_amount_human(amount)}"
