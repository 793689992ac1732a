"""Exports asked for in the console: `billdeck export` in a process of its own.

So the keys stay alive, a list of any length shows one moment of the database, and it is the same
query, file and line in the audit as on the command line. It goes on without the console.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine import faults
from engine.errors import BilldeckError, InputError, JobFailed
from engine.text import safe
from tui.actions import ActionCall, ActionRecord, Parameter, Question
from tui.closing import last_words
from tui.messages import ProcessEnded
from tui.widgets.pane_title import rows_words
from tui.widgets.status_line import Running

if TYPE_CHECKING:
    from tui.app import Console
    from tui.widgets.paged_table import PagedTable

EXPORT = "export"
_FORMS = (
    ("csv", "CSV", "for a spreadsheet; no text in it is a formula"),
    ("json", "JSON", "one object a line"),
)
_MOST_BYTES = 100_000
_SECONDS_TO_READ = 20.0


@dataclass(frozen=True, slots=True)
class Export:
    """What is about to be exported: the words of the command, what it reads from stdin (a filter or
    names, which are no words for all to see), how many rows in which words."""

    words: tuple[str, ...]
    given: str
    title: str
    filter: str


def export_actions() -> list[ActionRecord]:
    """The one record; `e` does the same."""
    forms = tuple(form for form, _, _ in _FORMS)
    return [
        ActionRecord(
            "export",
            "Export",
            "writes what the filter finds, or the marked rows, into a new file; asks first",
            _run,
            (
                Parameter("format", "csv or json", "choice", choices=forms),
                Parameter("out", "a new file"),
            ),
            headless="export WHAT --filter TEXT --sort COLUMN --rows FILE --out FILE",
        )
    ]


def _run(call: ActionCall) -> None:
    screen = call.app.console_screen
    table = screen.list_table if screen is not None else None
    if screen is None or table is None:
        raise InputError("export: there is no list here; 2 has the subscribers.")
    values = call.values
    call.app.exporting.ask(table, screen.filter_text, values.get("format"), values.get("out"))


class Exporting:
    """Belongs to one console and to the thread of its screens; one export goes on at a time."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._running: Running | None = None

    @property
    def progress(self) -> Running | None:
        """What is being exported, if anything is."""
        return self._running

    def ask(
        self, table: PagedTable, filter_text: str, form: str | None = None, out: str | None = None
    ) -> None:
        """Counts what would be exported and asks: which format, or (with one) yes or no. Raises
        InputError for a file that is there already."""
        console = self._console
        if self._running is not None:
            console.tell("An export goes on; one at a time.", "warning")
            return
        path = new_path(table.source.name, out)
        if table.marks:
            marked = f"the {rows_words(len(table.marks), True)} marked"
            export = _of_marks(table, marked)
            self._ask(export, form, path)
            return
        source, query = table.source, table.query_now
        # What is exported is what was counted, even if the list shows something else by then.
        found = _of_filter(table, filter_text)

        def counted(total: int) -> None:
            title = f"{rows_words(total, True)} of {source.title}"
            self._ask(replace(found, title=title), form, path)

        console.desk.read(lambda database: source.count(database, query), counted)

    def ended(self, message: ProcessEnded) -> None:
        """Takes the news that the export is through."""
        self._running = None
        self._console.tick()
        try:
            answer = json.loads(message.output) if message.status == 0 else None
            words = answer and f"Exported {answer['rows']} rows to {answer['file']}"
        except (ValueError, KeyError, TypeError):
            words = None
        if words:
            self._console.tell(words, seconds=_SECONDS_TO_READ)
        else:
            why = last_words(message.errors) or f"it ended with {message.status}"
            self._console.tell(f"Nothing was exported: {why}", "error")

    def _ask(self, export: Export, form: str | None, path: Callable[[str], Path]) -> None:
        from tui.screens.choice import Choice
        from tui.screens.confirm import Confirm

        console = self._console
        title = f"Export {export.title}?"

        def chosen(chosen_form: str | None) -> None:
            if chosen_form is not None:
                self._start(export, chosen_form, path(chosen_form))

        if form is None:
            shown = f"{title}  {export.filter}".rstrip()
            console.push_screen(Choice(shown, _FORMS), chosen)
            return
        facts = (("filter", export.filter or "none"), ("into", str(path(form))))
        confirm = Confirm(Question(title, facts), 1, console.actor)
        console.push_screen(confirm, lambda yes: chosen(form if yes else None))

    def _start(self, export: Export, form: str, path: Path) -> None:
        from jobs.detached import ask

        words = ["--json", *export.words, "--format", form, "--out", str(path)]
        try:
            asked = ask(words, self._console.config, export.given.encode())
        except JobFailed as error:
            self._console.tell(f"Nothing was exported: {error.message}", "error")
            return
        self._running = Running(EXPORT, export.words[1], 0, 0, None)
        self._console.tick()
        self._console.tell(f"Exporting {export.title} to {path}")

        def work() -> None:
            try:
                news = ProcessEnded(EXPORT, *asked.read(_MOST_BYTES))
            except BilldeckError as error:
                news = ProcessEnded(EXPORT, error.exit_status, b"", error.message)
            # At the very end there may be nobody left to tell.
            with suppress(RuntimeError):
                self._console.post_message(news)

        threading.Thread(target=work, name=EXPORT, daemon=True).start()


def new_path(name: str, out: str | None) -> Callable[[str], Path]:
    """The file for a format: the one given, else a new one among the person's own. Raises
    InputError when the one given exists."""
    if out is not None:
        file = Path(out).expanduser().absolute()
        if file.exists():
            raise InputError(f"{safe(file)} exists: nothing is overwritten. Give a new name.")
        return lambda form: file
    stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S', time.localtime())}"

    def free(form: str) -> Path:
        folder = faults.state_folder()
        # Where it cannot be made, the export itself says so.
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tries = (stem, *(f"{stem}-{number}" for number in range(2, 1_000)))
        paths = (folder / f"{one}.{form}" for one in tries)
        return next(path for path in paths if not path.exists())

    return free


def _of_marks(table: PagedTable, title: str) -> Export:
    words = ("export", table.source.name, *_period(table), "--rows", "-")
    return Export(words, "".join(f"{name}\n" for name in table.marks.values()), title, "")


def _of_filter(table: PagedTable, filter_text: str) -> Export:
    from engine.queries.filters import filter_text as typed
    from engine.queries.listing import sort_text

    source, query = table.source, table.query_now
    words = ["export", source.name, *_period(table)]
    for sort in query.sorts:
        words += ["--sort", sort_text(sort)]
    given = ""
    if query.conditions:
        words += ["--filter", "-"]
        known = (*source.columns, *getattr(source, "filters", ()))
        given = typed(query.conditions, known)
    return Export(tuple(words), given, "", filter_text)


def _period(table: PagedTable) -> tuple[str, ...]:
    """The failures are those of a period."""
    period = getattr(table.source, "period", None)
    return () if period is None else ("--period", str(period))
