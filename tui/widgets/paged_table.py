"""A table of any number of rows that is moved in, sorted, marked and copied from by keys."""

from __future__ import annotations

from dataclasses import replace

from textual import events
from textual.geometry import Region

from tui import messages
from tui.keymap import bindings
from tui.widgets.cells import words
from tui.widgets.marking import MarkedTable
from tui.widgets.sorting import Sorts, sorted_also_by, sorted_by


class PagedTable(MarkedTable, can_focus=True, inherit_bindings=False):
    """The rows of `source` by `query`. `shown` names the columns to begin with (None: all).

    Posts PageArrived, PageFailed, RowChosen, SortChanged and ExportWanted.
    """

    BINDINGS = bindings("table")

    def action_cursor(self, step: int) -> None:
        """One row up or down."""
        self._to_end = False
        self.move_to(self.cursor + step)

    def action_page(self, step: int) -> None:
        """A screenful: the rows and the cursor move together."""
        self._scroll_by(step * self._height())

    def action_half(self, step: int) -> None:
        """Half a screenful."""
        self._scroll_by(step * max(1, self._height() // 2))

    def _scroll_by(self, rows: int) -> None:
        self._to_end = False
        target = max(0, min(self.cursor + rows, self.total - 1))
        top = max(0, min(round(self.scroll_y) + rows, self.total - self._height()))
        old, self.cursor = self.cursor, target
        self.scroll_to(y=top, animate=False)
        self._draw_rows(old, target)
        self._tell_position()

    def action_first(self) -> None:
        """To the first row."""
        self._to_end = False
        self.move_to(0)

    def action_last(self) -> None:
        """To the last row; while the number of rows is an estimate, again once it is counted."""
        self._to_end = not self.total_is_exact
        self.move_to(self.total - 1)

    def action_column(self, step: int) -> None:
        """The column to the left or right becomes the current one."""
        current = max(0, min(self._lines.current + step, len(self._lines.shown) - 1))
        if self._lines.go_to(current):
            self.refresh()
        else:
            self.refresh(Region(0, 0, self.size.width, 1))

    def action_open(self) -> None:
        """Opens the row under the cursor."""
        if self.current_row is not None:
            self.post_message(messages.RowChosen(self.id, self.current_row))

    def action_sort(self) -> None:
        """Sorts by the current column alone."""
        self._sort(sorted_by(self._feed.query.sorts, self._lines.column.name))

    def action_sort_more(self) -> None:
        """Sorts by the current column as well."""
        self._sort(sorted_also_by(self._feed.query.sorts, self._lines.column.name))

    def _sort(self, sorts: Sorts) -> None:
        column = self._lines.column
        if not column.sortable:
            self.console.tell(f"{column.title} has no index to sort by.")
            return
        before = self._feed.query
        self.show_query(replace(before, sorts=sorts), before)
        self.post_message(messages.SortChanged(self.id))

    def action_columns(self) -> None:
        """Asks which columns to show."""
        from tui.screens.columns import ChooseColumns

        titles = [(column.name, column.title) for column in self.source.columns]
        self.app.push_screen(ChooseColumns(titles, self.shown), self._columns_chosen)

    def _columns_chosen(self, names: tuple[str, ...] | None) -> None:
        if names is not None:
            self.show_columns(names)

    def action_copy_cell(self) -> None:
        """Copies the cell of the current column."""
        row, place = self.current_row, self._lines.shown[self._lines.current]
        if row is not None:
            self.console.copy(words(self._lines.column, row[place + 1], self._lines.zone))

    def action_copy_row(self) -> None:
        """Copies the shown cells of the row, a tab between them."""
        row = self.current_row
        if row is not None:
            columns = self.source.columns
            cells = [
                words(columns[place], row[place + 1], self._lines.zone)
                for place in self._lines.shown
            ]
            self.console.copy("\t".join(cells))

    def action_export(self) -> None:
        """Asks the screen to export what the query finds, or what is marked."""
        self.post_message(messages.ExportWanted(self.id))

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on the row."""
        if event.y > 0:
            self.move_to(round(self.scroll_y) + event.y - 1)
