"""Marks on the rows of a table: one by one, a range, all that is found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engine.queries.source import pages
from tui.actions import Question
from tui.widgets.cells import grouped
from tui.widgets.pane_title import rows_words
from tui.widgets.table_body import TableBody

if TYPE_CHECKING:
    from engine.database import Database
    from engine.queries.paging import Query

MOST_MARKS = 10_000
"""More rows than this are not marked at once: what is done with marked ones is done one by one."""

Mark = tuple[Any, str]
"""The id of a row and its first column, which names it for people."""


class MarkedTable(TableBody, inherit_bindings=False):
    """Marks belong to rows, not to places: they stay when the table is sorted or filtered."""

    # Where a range begins: the row marked last, as long as the order is the same.
    _anchor: int | None = None

    def show_query(self, query: Query, before: Query | None = None) -> None:
        """See `TableBody`; a range cannot begin in another order."""
        self._anchor = None
        super().show_query(query, before)

    def unmark(self, ids: Iterable[Any]) -> None:
        """Takes the marks of these rows away."""
        for one in ids:
            self.marks.pop(one, None)
        self._marks_changed()

    def action_mark(self) -> None:
        """Marks the row, or unmarks it, and goes on to the next."""
        row = self.current_row
        if row is None:
            return
        if self.marks.pop(row[0], None) is None:
            self._add([_mark(row)])
        self._anchor = self.cursor
        self._draw_rows(self.cursor)
        self.move_to(self.cursor + 1)
        self._tell_position()

    def action_mark_range(self) -> None:
        """Marks all from the last mark to the cursor, also what is not at hand."""
        begin = self.cursor if self._anchor is None else self._anchor
        low, high = sorted((begin, self.cursor))
        count = high - low + 1
        if self.total == 0 or not self._may_mark(count):
            return
        self._anchor = self.cursor
        rows = [self._feed.pages.row(index) for index in range(low, high + 1)]
        if all(rows):
            self._add(_mark(row) for row in rows if row is not None)
            return
        source, query = self.source, self.query_now
        self.console.desk.read(
            lambda database: [_mark(row) for row in source.page(database, query, low, count).rows],
            self._add,
        )

    def action_mark_all(self) -> None:
        """Counts what the filter finds and asks whether to mark it."""
        source, query = self.source, self.query_now

        def counted(total: int) -> None:
            from tui.screens.confirm import Confirm

            if total == 0:
                self.console.tell("There is no row to mark.")
            elif self._may_mark(total):
                question = Question(f"Mark all {rows_words(total, True)} that the filter finds?")
                self.app.push_screen(Confirm(question, 1, self.console.actor), answered)

        def answered(yes: bool | None) -> None:
            if yes:
                self.console.desk.read(lambda database: self._found(database, query), self._add)

        self.console.desk.read(lambda database: source.count(database, query), counted)

    def action_clear_marks(self) -> None:
        """Takes all marks away."""
        if self.marks:
            self.marks.clear()
            self._marks_changed()

    def _found(self, database: Database, query: Query) -> list[Mark]:
        """What the query finds, as far as it can be marked and one more; in the loader's thread."""
        found: list[Mark] = []
        for page in pages(self.source, database, query):
            found += map(_mark, page.rows)
            if len(found) > MOST_MARKS:
                break
        return found

    def _add(self, marks: Iterable[Mark]) -> None:
        """Marks them all, or none where there would be too many."""
        together = {**self.marks, **dict(marks)}
        if self._may_mark(len(together)):
            self.marks = together
            self._marks_changed()

    def _may_mark(self, count: int) -> bool:
        if count <= MOST_MARKS:
            return True
        self.console.tell(
            f"{grouped(count)} rows are too many to mark: {grouped(MOST_MARKS)} at most. Filter for"
            " fewer; an export without marks takes all that is found.",
            "warning",
        )
        return False

    def _marks_changed(self) -> None:
        if self.is_attached:
            self.refresh()
            self._tell_position()


def _mark(row: tuple[Any, ...]) -> Mark:
    return row[0], str(row[1])
