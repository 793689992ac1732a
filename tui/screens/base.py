"""What all screens of the console share: the status line above, the command line below, and how
they ask for data."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from engine.queries.source import LISTS
from tui import messages
from tui.keymap import bindings
from tui.tight import TightCompositor
from tui.widgets.cells import grouped
from tui.widgets.command_line import CommandLine
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle, rows_words
from tui.widgets.status_line import StatusLine
from tui.widgets.table_body import Position

if TYPE_CHECKING:
    from engine.database import Database
    from engine.queries.paging import Query
    from tui.app import Console

HINT = ": command  / filter  ? help  x actions  q quit"


class ConsoleScreen(Screen[None]):
    """A screen yields its own part from `body`, asks with `load` and takes the answers in `loaded`.

    A table with the id X and a `PaneTitle(table_id="X")` keep in step by themselves.
    """

    BINDINGS = bindings("screen")
    HINT: ClassVar[str] = HINT
    # What the ids of `targets` are of, such as `subscriber`; '' for what no action is about.
    row_kind: ClassVar[str] = ""
    # As Textual has it, but a change of focus does not draw the whole screen again.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._compositor = TightCompositor()
        self.filter_text = ""
        self._owner = ""

    # What a screen overrides

    def body(self) -> ComposeResult:
        """The widgets between the status line and the command line."""
        raise NotImplementedError

    def refresh_data(self) -> None:
        """Asks for everything again: by the clock, with `r`, and after a change."""
        for table in self.query(PagedTable):
            table.read_again()

    def give_up(self) -> None:
        """Another screen is looked at now: nobody waits for what this one asked. `refresh_data`
        asks for it again."""
        self.console.loader.give_up(self._owner)
        for table in self.query(PagedTable):
            table.give_up()

    def loaded(self, message: messages.Loaded) -> None:
        """An answer to `load`; `message.key` tells which."""

    def load_failed(self, message: messages.LoadFailed) -> None:
        """There is no answer. By default every pane without a table says so."""
        for pane in self.query(PaneTitle):
            if pane.table_id is None:
                pane.failed(message.error_text)

    def apply_filter(self, text: str, final: bool) -> None:
        """What was typed after `/`; an InputError from here is shown to the person once it is
        final."""

    def targets(self) -> tuple[Any, ...]:
        """The ids that an action is about: the marks, else the row under the cursor."""
        focused = self.focused
        tables = [focused] if isinstance(focused, PagedTable) else list(self.query(PagedTable))
        return tables[0].targets if tables else ()

    def known(self) -> Mapping[str, str]:
        """The values of actions that are known here, by parameter name: the login of the row under
        the cursor. Empty when it is not one row."""
        return {}

    def go_back(self) -> bool:
        """Escape, before the screen itself is left. Whether there was something to take back."""
        if not self.filter_text:
            return False
        self.filter_by("", final=True)
        return True

    def show_query(self, query: Query, text: str) -> None:
        """Shows what `query` finds in the list; `text` is its filter as typed."""
        table = self.list_table
        if table is not None and query != table.query_now:
            # Where the order is refused as too much to sort, its first column will do.
            table.show_query(query, replace(query, sorts=query.sorts[:1]))

    # What a screen uses

    @property
    def list_table(self) -> PagedTable | None:
        """The table of one of the lists that have a name (`engine.queries.source.LISTS`)."""
        tables = [one for one in self.query(PagedTable) if one.source.name in LISTS]
        return tables[0] if tables else None

    @property
    def console(self) -> Console:
        """The application."""
        return cast("Console", self.app)

    def load(self, key: Hashable, work: Callable[[Database], object]) -> None:
        """Asks for `work(database)` in the loader's thread; `loaded` gets the answer."""
        self.console.loader.submit(self._owner, key, work)

    @property
    def command_line(self) -> CommandLine:
        """The last line."""
        return self.query_one(CommandLine)

    # How it works

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield from self.body()
        yield CommandLine(self.HINT)

    def on_mount(self) -> None:
        # Textual calls this of each class by itself, after that of a subclass; one that needs it
        # before has called it already.
        self._owner = self._owner or self.console.adopt(self)
        self.console.tick()

    def on_unmount(self) -> None:
        self.console.disown(self._owner)

    def on_screen_suspend(self) -> None:
        # A dialog is no other screen: behind it one still waits.
        if self.console.console_screen is not self:
            self.give_up()

    def on_screen_resume(self) -> None:
        self.console.tick()
        if self._owner:
            self.refresh_data()

    def on_page_arrived(self, message: messages.PageArrived) -> None:
        for pane in self._panes(message.table_id):
            pane.fresh(message.as_of_ms)

    def on_page_failed(self, message: messages.PageFailed) -> None:
        for pane in self._panes(message.table_id):
            pane.failed(message.error_text)

    def position_changed(self, table_id: str | None, position: Position) -> None:
        """The table stands elsewhere, has another number of rows, or other marks."""
        for pane in self._panes(table_id):
            pane.show(note=rows_words(position.total, position.exact))
        focused = self.focused
        if isinstance(focused, PagedTable) and focused.id != table_id:
            return
        words = f"row {grouped(position.row)} of {grouped(position.total)}" if position.row else ""
        if position.marks:
            words = f"{grouped(position.marks)} marked   {words}"
        self.command_line.position(words)

    def on_export_wanted(self, message: messages.ExportWanted) -> None:
        table = self.list_table
        if table is None or table.id != message.table_id:
            self.console.tell("This table is no list that can be exported.")
            return
        filter_text = self.filter_text
        self.console.doing.attempt(lambda: self.console.exporting.ask(table, filter_text))

    def on_filter_given(self, message: messages.FilterGiven) -> None:
        self.filter_by(message.text, message.final)

    def on_command_given(self, message: messages.CommandGiven) -> None:
        self.console.run_line(message.line)

    def filter_by(self, text: str, final: bool) -> None:
        """Filters, or says what is wrong with the filter."""
        from engine.errors import InputError

        try:
            self.apply_filter(text, final)
        except InputError as error:
            # While it is being typed, half a condition is no mistake yet.
            if final:
                self.console.tell(error.message, "warning")
            return
        self.filter_text = text

    def _panes(self, table_id: str | None) -> list[PaneTitle]:
        return [pane for pane in self.query(PaneTitle) if pane.table_id == table_id]

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.console.check_action(action, parameters)

    def action_filter(self) -> None:
        """Begins a filter, with the one in force to change."""
        self.command_line.open("/", self.filter_text)

    def action_back(self) -> None:
        """One step back: the filter, then the screen."""
        if not self.go_back():
            self.console.leave_screen()

    def action_refresh_now(self) -> None:
        """Reads everything again now."""
        self.console.loader.hurry()
        self.refresh_data()

    def action_views(self) -> None:
        """Offers the saved views."""
        self.console.doing.attempt(self.console.viewing.choose)

    def action_save_view(self) -> None:
        """Asks for a name for what is shown."""
        self.console.doing.attempt(self.console.viewing.ask_to_save)

    def action_menu(self) -> None:
        """What can be done with the row or the marked ones."""
        self.console.open_menu(self.targets())
