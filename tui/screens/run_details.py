"""One run of a job with its log, while it goes on and afterwards."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal

from tui import messages
from tui.run_log import LogLines
from tui.screens.base import ConsoleScreen
from tui.screens.run_words import STATE_STYLES
from tui.widgets.bars import bar
from tui.widgets.cells import grouped
from tui.widgets.facts import Fact, Facts
from tui.widgets.following import FollowingTable
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle
from tui.widgets.status_line import left_words

if TYPE_CHECKING:
    from engine.database import Database
    from engine.queries.runs import JobRun

_BAR = 16
_LIVE_SECONDS = 1.0
# Of the state: more words than one would say it with.
_REASONS = {
    "down": "no daemon was there",
    "skipped": "the run before was still open",
    "signal": "it was told to stop",
    "gone": "its process was gone",
    "refused": "it was refused",
    "failures": "some could not be done",
    "database": "the database was away",
    "time_limit": "it took too long",
    "not_begun": "nobody could begin it",
    "stopped": "its daemon stopped",
}


class Seen(NamedTuple):
    """A run and whether its lease is in force; None: there is no such run."""

    run: JobRun | None
    has_lease: bool


class RunScreen(ConsoleScreen):
    """What is known of the run `number`; it follows the run as it goes. Enter on a line of the log
    shows it in full."""

    HINT = "esc back   / filter the log   x again, cancel   G follow   ? help   q quit"

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self._run: JobRun | None = None

    def body(self) -> ComposeResult:
        crumb = self.console.glyphs.crumb
        yield PaneTitle(f"Runs of jobs {crumb} run {self._number}", id="title")
        with Horizontal(id="facts"):
            yield Facts(id="how")
            yield Facts(id="who")
        yield Facts(id="words")
        log = LogLines(self._number, self.console.zone)
        yield PaneTitle(log.title, table_id="log")
        table = FollowingTable(log, id="log")
        table.empty = "nothing was logged"
        yield table

    def on_mount(self) -> None:
        # Textual calls the base's, too.
        self.set_interval(_LIVE_SECONDS, self._follow)

    # Reading

    def refresh_data(self) -> None:
        """See the base."""
        super().refresh_data()
        now_ms = self.console.clock.now_ms()
        self.load("run", partial(_read, number=self._number, now_ms=now_ms))

    def loaded(self, message: messages.Loaded) -> None:
        """See the base."""
        self.query_one("#title", PaneTitle).fresh(message.as_of_ms)
        seen: Seen = message.value
        if seen.run is None:
            self._show("words", (("", "There is no such run any more.", ""),))
            return
        before, self._run = self._run, seen.run
        zone, plain = self.console.zone, self.console.has_class("-ascii")
        self._show("how", how_facts(seen.run, zone))
        self._show("who", who_facts(seen.run, zone, seen.has_lease))
        self._show("words", word_facts(seen.run, plain))
        if before is not None and before.is_open and not seen.run.is_open:
            # Its last lines came with its end.
            self.query_one(PagedTable).read_again()

    def _show(self, name: str, facts: tuple[Fact, ...]) -> None:
        self.query_one(f"#{name}", Facts).show(facts)

    def _follow(self) -> None:
        is_open = self._run is not None and self._run.is_open
        if is_open and self.is_current and not self.console.paused:
            self.refresh_data()

    # What is done here

    def apply_filter(self, text: str, final: bool) -> None:
        """Filters the log. See the base."""
        table = self.query_one(PagedTable)
        query = table.source.query(text)
        if query != table.query_now:
            table.show_query(query)

    def targets(self) -> tuple[int, ...]:
        """The run."""
        return (self._number,)

    def known(self) -> dict[str, str]:
        """See the base."""
        return {"run": str(self._number)}

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        """The line in full."""
        from tui.screens.full_text import FullText

        _, at, level, words = message.row
        self.console.push_screen(FullText(f"{at} {level}".strip(), str(words)))


def how_facts(run: JobRun, zone: tzinfo) -> tuple[Fact, ...]:
    """How a run fares; times in the zone."""
    silent = run.state == "running" and not run.alive
    state = ("its process is gone" if run.gone else "running, but SILENT") if silent else run.state
    return (
        ("job", f"{run.job} {run.subject}".strip(), "bold"),
        ("state", state, "bold $error" if silent else STATE_STYLES.get(run.state, "")),
        ("begun", _moment(run.started_at, zone), ""),
        ("ended", _moment(run.finished_at, zone), ""),
        ("attempt", str(run.attempt) if run.attempt else "", ""),
    )


def who_facts(run: JobRun, zone: tzinfo, has_lease: bool) -> tuple[Fact, ...]:
    """Who asked for it and when, and who called it off."""
    lease = ("in force" if has_lease else "run out") if run.state == "running" else ""
    return (
        ("due", _moment(run.slot, zone), ""),
        ("asked for", _moment(run.asked_at, zone), ""),
        ("by", run.actor, ""),
        ("called off", f"by {run.cancelled_by}" if run.cancelled_by else "", "bold $warning"),
        ("lease", lease, "" if has_lease else "bold $error"),
    )


def word_facts(run: JobRun, plain: bool) -> tuple[Fact, ...]:
    """What takes more than half a line."""
    from tui.job_actions import parameter_words

    host, pid = [*run.holder.split(" "), "", ""][:2]
    rate = f"  {grouped(round(run.rate))}/s" if run.rate else ""
    return (
        ("progress", f"{progress(run, plain)}{rate}", ""),
        ("with", parameter_words(run.parameters) or "no parameters", ""),
        ("where", f"{host}, process {pid}" if pid else host, ""),
        ("reason", _REASONS.get(run.exit_reason, run.exit_reason.replace("_", " ")), ""),
        ("note", run.note, ""),
    )


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


def _moment(ms: int | None, zone: tzinfo) -> str:
    if ms is None:
        return ""
    return datetime.fromtimestamp(ms // 1000, zone).strftime("%Y-%m-%d %H:%M:%S")


def _read(database: Database, number: int, now_ms: int) -> Seen:
    """In the loader's thread; what is imported here takes too long for the first frame."""
    from engine.queries.runs import leases, one_run

    run = one_run(database, now_ms, number)
    held = run is not None and any(
        (one.name, one.holder) == (run.job, run.holder) for one in leases(database)
    )
    return Seen(run, held)
