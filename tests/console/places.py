"""Screens for tests: a table of people, and a second, empty view."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from tests.console.people import People
from tui.safe import safe_text
from tui.screens import SCREENS
from tui.screens.base import ConsoleScreen
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle

source = People()


class PeopleScreen(ConsoleScreen):
    """A table of `source`, as it is when the screen is made."""

    def body(self) -> ComposeResult:
        yield PaneTitle(source.title, table_id="people")
        yield PagedTable(source, id="people")

    def apply_filter(self, text: str, final: bool) -> None:
        table = self.query_one(PagedTable)
        query = source.query(text, table.query_now.sorts)
        if query != table.query_now:
            table.show_query(query)


class PlainScreen(ConsoleScreen):
    """Nothing but a line."""

    def body(self) -> ComposeResult:
        yield Static(safe_text("nothing here"))


def use(people: People) -> None:
    """The screens of this module in place of the real ones."""
    global source
    source = people
    module = __name__
    SCREENS["overview"] = f"{module}:PeopleScreen"
    for mode in ("subscribers", "month_close", "jobs"):
        SCREENS[mode] = f"{module}:PlainScreen"
