"""One run of a job, while it goes on and afterwards."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import partial

from textual.app import ComposeResult

from engine.queries.runs import JobRun, one_run
from tui import messages
from tui.screens.base import ConsoleScreen
from tui.widgets.bars import bar
from tui.widgets.cells import grouped
from tui.widgets.drawn import Sentences
from tui.widgets.facts import Fact, Facts
from tui.widgets.pane_title import PaneTitle
from tui.widgets.status_line import left_words

_BAR = 24
_STYLES = {"done": "$success", "failed": "bold $error", "interrupted": "bold $warning"}


class RunScreen(ConsoleScreen):
    """What is known of the run `number`; it follows the run as it goes."""

    HINT = "esc back   r read again   ? help   q quit"

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def body(self) -> ComposeResult:
        crumb = self.console.glyphs.crumb
        yield PaneTitle(f"Runs of jobs {crumb} run {self._number}")
        yield Facts(id="run")
        yield Sentences(id="note")

    def refresh_data(self) -> None:
        """See the base."""
        number, clock = self._number, self.console.clock
        self.load("run", lambda database: one_run(database, clock.now_ms(), number))

    def loaded(self, message: messages.Loaded) -> None:
        """See the base."""
        self.query_one(PaneTitle).fresh(message.as_of_ms)
        run: JobRun | None = message.value
        if run is None:
            self.query_one(Sentences).show("There is no such run any more.")
            return
        plain = self.console.has_class("-ascii")
        self.query_one(Facts).show(run_facts(run, self.console.zone, plain))
        self.query_one(Sentences).show(run.note)


def run_facts(run: JobRun, zone: tzinfo, plain: bool) -> tuple[Fact, ...]:
    """A run for people, times in the zone."""
    moment = partial(_moment, zone=zone)
    silent = run.state == "running" and not run.alive
    state = "running, but silent: it may have been killed; run it again" if silent else run.state
    style = "bold $error" if silent else _STYLES.get(run.state, "bold $accent")
    found: list[Fact] = [
        ("job", run.job, "bold"),
        ("about", run.subject, ""),
        ("state", state, style),
        ("", "", ""),
        ("progress", progress(run, plain), ""),
        ("rate", f"{run.rate:.0f} a second" if run.rate else "", ""),
        ("", "", ""),
        ("since", moment(run.since), ""),
        ("heard of", moment(run.heartbeat_at), ""),
        ("until", moment(run.finished_at) if run.finished_at is not None else "", ""),
        ("", "", ""),
        ("by", run.actor, ""),
        ("where", run.holder, ""),
    ]
    return tuple(fact for fact in found if fact[1] or not fact[0])


def progress(run: JobRun, plain: bool, width: int = _BAR) -> str:
    """`██████░░░░  61 %  610 of 1 000  25 s left`."""
    if run.total <= 0:
        return grouped(run.done) if run.done else ""
    parts = [
        bar(run.done, run.total, width, plain).replace(" ", "." if plain else "░"),
        f"{100 * min(run.done, run.total) // run.total} %",
        f"{grouped(run.done)} of {grouped(run.total)}",
    ]
    if run.alive and run.seconds_left is not None:
        parts.append(left_words(run.seconds_left))
    return "  ".join(part for part in parts if part)


def _moment(ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(ms // 1000, zone).strftime("%Y-%m-%d %H:%M:%S")
