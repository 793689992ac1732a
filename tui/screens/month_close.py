"""Month close: the periods, the close that runs, and what can be done."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from engine.queries.period_list import FailureList, PeriodList
from engine.queries.runs import JobRun, last_runs
from tui import messages
from tui.close_actions import show_charge
from tui.closing import JOB
from tui.job_actions import parameter_words
from tui.many_actions import ROW_KIND
from tui.safe import join, safe_text
from tui.screens.base import ConsoleScreen
from tui.screens.close_preview import preview_line
from tui.widgets.cells import grouped
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle
from tui.widgets.status_line import left_words

if TYPE_CHECKING:
    from engine.database import Database
    from tui.app import Console
    from tui.starting import Watched

_MUTED = "$text-muted"
_NEWEST = 50
_LIVE_SECONDS = 1.0
# The width of the bar, and that of a narrow screen's.
_BAR, _NARROW_BAR, _NARROW = 40, 20, 100


class MonthCloseScreen(ConsoleScreen):
    """Periods above, the newest run of the close and the preview below."""

    HINT = ": command   enter failures   :preview   :start-close   :charge LOGIN   ? help"

    def __init__(self) -> None:
        super().__init__()
        self._run: JobRun | None = None
        self._shown: Content | None = None

    def body(self) -> ComposeResult:
        periods = PeriodList()
        yield PaneTitle(periods.title, table_id="periods")
        yield PagedTable(periods, id="periods")
        yield Static(id="run")

    def on_mount(self) -> None:
        super().on_mount()
        self.console.closing.changed.append(self._draw)
        self.set_interval(_LIVE_SECONDS, self._follow)
        self._ask_run()

    def on_unmount(self) -> None:
        self.console.closing.changed.remove(self._draw)
        super().on_unmount()

    def refresh_data(self) -> None:
        super().refresh_data()
        self._ask_run()

    def loaded(self, message: messages.Loaded) -> None:
        before, self._run = self._run, message.value
        self._draw()
        if before is not None and before.state == "running" != self._run.state:
            super().refresh_data()

    def load_failed(self, message: messages.LoadFailed) -> None:
        """The table's pane says so; what is shown of the run stays, as the table does."""

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        """Enter on a period."""
        self.console.push_screen(FailuresScreen(str(message.row[0])))

    def _follow(self) -> None:
        """What goes on is looked at more often than all else."""
        if self.is_current and self.console.closing.is_previewing:
            self._draw()
        running = self._run is not None and self._run.alive
        if self.is_current and not self.console.paused and running:
            self._ask_run()

    def _ask_run(self) -> None:
        now = self.console.clock.now_ms()
        self.load("run", lambda database: newest_close(database, now))

    def _draw(self) -> None:
        closing = self.console.closing
        preview = closing.preview
        when = clock_words(preview.as_of_ms, self.console) if preview else ""
        lines = run_lines(self._run, self.console)
        asked = self.console.starting.newest(JOB)
        if asked is not None:
            lines.append(safe_text(started_words(asked), None, _MUTED))
        lines.append(preview_line(closing, when))
        content = Content("\n").join(lines)
        if self._shown is None or content != self._shown:
            self._shown = content
            self.query_one("#run", Static).update(content)


class FailuresScreen(ConsoleScreen):
    """Those whom the close of a period could not charge."""

    row_kind = ROW_KIND
    HINT = ": command   enter the charge   esc back   ? help   q quit"

    def __init__(self, period: str) -> None:
        super().__init__()
        self._period = period

    def body(self) -> ComposeResult:
        yield PaneTitle(f"Failures of {self._period}", table_id="failures")
        table = PagedTable(FailureList(self._period), id="failures")
        table.empty = "nobody: all were charged, exempt or not begun"
        yield table

    def known(self) -> dict[str, str]:
        row = self.query_one(PagedTable).current_row
        return {"period": self._period, **({"login": str(row[1])} if row else {})}

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        """Enter on a subscriber."""
        show_charge(self.console, str(message.row[1]), self._period)


def newest_close(database: Database, now_ms: int) -> JobRun | None:
    """The close that goes on, else one that waits, else the newest, wherever it runs."""
    runs = last_runs(database, now_ms, JOB, _NEWEST)
    for state in ("running", "queued"):
        for run in runs:
            if run.state == state:
                return run
    return runs[0] if runs else None


def started_words(asked: Watched) -> str:
    """Who does what was asked for here."""
    if asked.started is None:
        return f"asked for here: run {asked.number}"
    process = asked.started.process.pid
    return f"started here: run {asked.number}, process {process}, log {asked.started.log}"


def run_lines(run: JobRun | None, console: Console) -> list[Content]:
    """A run in one line, one that goes on in three."""
    if run is None:
        return [safe_text("No close has run yet", None, _MUTED)]
    if run.state == "queued":
        words = f"  since {moment_words(run.since, console)}, asked for by {run.actor}"
        what = parameter_words(run.parameters)
        return [
            join(safe_text("A close waits", None, "bold $accent"), safe_text(words, None, _MUTED)),
            safe_text(f"  run {run.number}: {what}", None, _MUTED),
        ]
    if run.state != "running":
        style = "$success" if run.state == "done" else "$error"
        when = moment_words(run.finished_at or run.heartbeat_at, console)
        return [
            join(
                safe_text(f"Last close {run.subject}: ", None, _MUTED),
                safe_text(run.state, None, f"bold {style}"),
                safe_text(f" {when} by {run.actor}", None, _MUTED),
            ),
            safe_text(f"  {run.note}", None, _MUTED),
        ]
    head = f"{run.subject or 'The close'} is being closed"
    since = f"  since {clock_words(run.since, console)} by {run.actor}"
    if not run.alive:
        what = "its process is gone" if run.gone else "SILENT"
        when = moment_words(run.heartbeat_at, console)
        silent = f"  {what}, last heard of {when}: :start-close goes on with it"
        return [safe_text(head, None, "bold"), safe_text(silent, None, "bold $error")]
    return [
        join(safe_text(head, None, "bold $accent"), safe_text(since, None, _MUTED)),
        progress_line(run, console),
        safe_text(f"  {run.note}", None, _MUTED),
    ]


def progress_line(run: JobRun, console: Console) -> Content:
    """`████░░░░ 61%  612 000 of 1 003 218  48 000/s  12 s left`."""
    part = min(1.0, run.done / run.total) if run.total else 0.0
    bar = _NARROW_BAR if console.size.width < _NARROW else _BAR
    full = int(part * bar)
    glyphs = console.glyphs
    words = f"  {int(part * 100)}%   {grouped(run.done)} of {grouped(run.total)}"
    if run.rate:
        words += f"   {grouped(round(run.rate))}/s"
    if run.seconds_left is not None:
        words += f"   {left_words(run.seconds_left)}"
    return join(
        safe_text("  " + glyphs.full * full, None, "$accent"),
        safe_text(glyphs.empty * (bar - full), None, _MUTED),
        safe_text(words),
    )


def clock_words(ms: int, console: Console) -> str:
    """The time of day in the billing zone."""
    return datetime.fromtimestamp(ms / 1000, console.zone).strftime("%H:%M")


def moment_words(ms: int, console: Console) -> str:
    """Day and time in the billing zone."""
    return datetime.fromtimestamp(ms / 1000, console.zone).strftime("%Y-%m-%d %H:%M")
