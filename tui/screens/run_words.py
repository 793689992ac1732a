"""A run of a job in one line."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tui.widgets.overview_panes import RunWords

if TYPE_CHECKING:
    from engine.queries.runs import JobRun
    from tui.app import Console

_BAR = 12
STATE_STYLES = {
    "queued": "bold $accent",
    "running": "bold $accent",
    "done": "$success",
    "failed": "bold $error",
    "interrupted": "bold $warning",
    "missed": "bold $warning",
}
"""How the state of a run looks; what is not here is quiet."""


def run_words(run: JobRun | None, console: Console) -> RunWords:
    """What goes on with its progress, else how the last run ended; None: nothing has run."""
    from tui.screens.run_details import progress

    if run is None:
        return RunWords("No job has run yet.", "", "$text-muted")
    name = f"{run.job} {run.subject}".strip()
    if run.state != "running":
        at = datetime.fromtimestamp((run.finished_at or run.heartbeat_at) // 1000, console.zone)
        rest = f"{at:%Y-%m-%d %H:%M}  {name}  by {run.actor}  {run.note}".rstrip()
        return RunWords(f"last: {run.state}", rest, STATE_STYLES.get(run.state, ""))
    plain = console.has_class("-ascii")
    if not run.alive:
        return RunWords(f"{name} SILENT", progress(run, plain, _BAR), "bold $error")
    return RunWords(name, f"{progress(run, plain, _BAR)}  by {run.actor}", "bold $accent")
