"""Jobs: when each is due and how it fares, the daemons, and all runs so far, the newest first."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult

from engine.queries.run_list import Runs
from jobs.registry import all_jobs, schedules
from tui import messages
from tui.daemon_words import daemon_lines
from tui.job_glance import Glance, job_table, read_glance, rows_of
from tui.screens.base import ConsoleScreen
from tui.widgets.daemon_pane import DaemonPane
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle

_JOBS, _RUNS = "jobs", "runs"
# To be had with `o`, and in the run itself.
_HIDDEN = ("heartbeat_at", "slot", "attempt", "cancelled_by", "exit_reason")
_LIVE_SECONDS = 1.0


class JobsScreen(ConsoleScreen):
    """Enter on a job shows its runs alone, on a run opens it; tab goes from table to table."""

    AUTO_FOCUS = f"#{_RUNS}"
    HINT = "enter the run   x again, cancel   tab jobs   / filter   :run JOB   ? help"

    def __init__(self) -> None:
        super().__init__()
        self._listed = job_table()
        self._is_live = False

    def body(self) -> ComposeResult:
        yield PaneTitle(self._listed.title, id="glance")
        table = PagedTable(self._listed, id=_JOBS)
        table.styles.height = len(all_jobs()) + 1
        yield table
        yield DaemonPane(id="daemons")
        source = Runs(self.console.clock)
        yield PaneTitle(source.title, table_id=_RUNS)
        shown = [column.name for column in source.columns if column.name not in _HIDDEN]
        runs = PagedTable(source, id=_RUNS, shown=shown)
        runs.empty = "no job has run yet"
        yield runs

    def on_mount(self) -> None:
        # Textual calls the base's, too.
        self.set_interval(_LIVE_SECONDS, self._follow)

    # Reading

    def refresh_data(self) -> None:
        """See the base."""
        console = self.console
        self.load(
            "glance",
            partial(
                read_glance,
                now_ms=console.clock.now_ms(),
                schedules=schedules(console.config),
                zone=console.zone,
            ),
        )
        self._runs.read_again()

    def loaded(self, message: messages.Loaded) -> None:
        """See the base."""
        glance: Glance = message.value
        self._listed.rows = rows_of(glance, self.console.zone, self.console.clock.now_ms())
        self._jobs.read_again()
        self.query_one(DaemonPane).show(tuple(daemon_lines(glance.daemons)))
        self.query_one("#glance", PaneTitle).fresh(message.as_of_ms)
        self._is_live = any(job.running and job.running.alive for job in glance.jobs)

    def _follow(self) -> None:
        """What goes on is looked at more often than all else."""
        if self._is_live and self.is_current and not self.console.paused:
            self.refresh_data()

    # What is done here

    def apply_filter(self, text: str, final: bool) -> None:
        """Filters the runs. See the base."""
        table = self._runs
        query = table.source.query(text, table.query_now.sorts)
        if query != table.query_now:
            table.show_query(query)

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        """Opens the run, or shows the runs of the job."""
        from tui.screens.run_details import RunScreen

        if message.table_id == _RUNS:
            self.console.push_screen(RunScreen(int(message.row[0])))
        else:
            self.filter_by(f"job={message.row[0]}", final=True)
            self.set_focus(self._runs)

    def known(self) -> dict[str, str]:
        """See the base: the run under the cursor."""
        targets = self._runs.targets
        return {"run": str(targets[0])} if len(targets) == 1 and not self._is_at_jobs else {}

    def action_menu(self) -> None:
        """What can be done with the run; on a job, running it."""
        row = self._jobs.current_row
        if not self._is_at_jobs or row is None:
            super().action_menu()
            return
        action = self.console.registry.get(f"run {row[0]}")
        if action is not None:
            self.console.begin(action)

    @property
    def _jobs(self) -> PagedTable:
        return self.query_one(f"#{_JOBS}", PagedTable)

    @property
    def _runs(self) -> PagedTable:
        return self.query_one(f"#{_RUNS}", PagedTable)

    @property
    def _is_at_jobs(self) -> bool:
        return self.focused is self._jobs
