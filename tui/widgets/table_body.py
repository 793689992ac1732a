"""The body of a table of any number of rows, on Textual's line API: it holds a few pages, draws the
lines in sight, and shows a placeholder where a row has not come yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.queries.source import Source
from tui import messages
from tui.widgets.feed import Feed
from tui.widgets.pages import Row
from tui.widgets.table_lines import Lines, Styles

if TYPE_CHECKING:
    from engine.queries.paging import Query
    from tui.app import Console
    from tui.screens.base import ConsoleScreen

# A step beyond the edge scrolls by this part of the height: on a slow line a page costs as much as
# twenty steps.
_JUMP = 0.7
_NO_MATCH = "nothing matches the filter; esc takes it away"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a table stands: `row` counts from 1, 0 when empty; `exact` is False while `total` is an
    estimate; `marks` is how many rows are marked, also those that the filter hides."""

    row: int
    total: int
    exact: bool
    marks: int


class TableBody(ScrollView, can_focus=True, inherit_bindings=False):
    """What is drawn, and where we are in it; `PagedTable` adds the keys. `empty` stands where there
    are no rows."""

    COMPONENT_CLASSES = {  # noqa: RUF012 - Textual's way
        "paged-table--header",
        "paged-table--current-head",
        "paged-table--cursor",
        "paged-table--cursor-blurred",
        "paged-table--marked",
        "paged-table--frozen",
        "paged-table--negative",
        "paged-table--placeholder",
    }

    def __init__(
        self,
        source: Source,
        query: Query | None = None,
        *,
        shown: Sequence[str] | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.source = source
        self.empty = "nothing here"
        self.cursor = 0
        # The ids of rows, and what their first column says.
        self.marks: dict[Any, str] = {}
        self._lines = Lines(source.columns)
        self._lines.show(shown)
        self._feed = Feed(source, query or source.query(""), self._ask, self._forget, self.give_up)
        self._owner = ""
        self._to_end = False
        self._told: Position | None = None
        self._query_before: Query | None = None

    # What a screen asks and tells

    @property
    def query_now(self) -> Query:
        """The filter and order in force."""
        return self._feed.query

    @property
    def total(self) -> int:
        """How many rows there are, as far as is known."""
        return self._feed.pages.total or 0

    @property
    def total_is_exact(self) -> bool:
        """Whether `total` was counted, not estimated."""
        return self._feed.pages.exact

    @property
    def current_row(self) -> Row | None:
        """The row under the cursor, None while it has not come or when there is none."""
        return self._feed.pages.row(self.cursor)

    @property
    def targets(self) -> tuple[Any, ...]:
        """The ids that an action is about: the marked rows, else the one under the cursor."""
        if self.marks:
            return tuple(self.marks)
        return () if self.current_row is None else (self.current_row[0],)

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of the columns shown."""
        return tuple(self.source.columns[place].name for place in self._lines.shown)

    def show_query(self, query: Query, before: Query | None = None) -> None:
        """Another filter or order, from its first row; marks stay. Where the source refuses the
        order, it is `before` again."""
        self._query_before = before
        self.cursor, self._to_end = 0, False
        self._feed.start(query)
        self.scroll_to(y=0, animate=False)
        self.refresh()
        self._tell_position()

    def show_columns(self, names: Sequence[str] | None) -> None:
        """Shows these columns, None all."""
        self._lines.show(names)
        self.refresh()

    def read_again(self) -> None:
        """Reads what is in sight again; only lines that changed are drawn."""
        self._feed.again(*self._window())

    def give_up(self) -> None:
        """Nobody waits for rows any more; `read_again` asks for them again."""
        self.console.loader.give_up(self._owner)

    def move_to(self, row: int) -> None:
        """Puts the cursor on a row (from 0) and brings it into sight."""
        row = max(0, min(row, self.total - 1))
        if row == self.cursor:
            return
        old, self.cursor = self.cursor, row
        top, height = round(self.scroll_y), self._height()
        if row < top or row >= top + height:
            # By force: rows that came just now may be the first that have to be scrolled to.
            self.scroll_to(y=self._new_top(row, top, height), animate=False, force=True)
        self._draw_rows(old, row)
        self._look()
        self._tell_position()

    # Life

    def on_mount(self) -> None:
        console = self.console
        self._lines.glyphs, self._lines.zone = console.glyphs, console.zone
        self._owner = console.adopt(self)
        self._feed.start(self._feed.query)

    def on_unmount(self) -> None:
        self.console.disown(self._owner)

    def on_resize(self, event: events.Resize) -> None:
        self._set_height()
        self._lines.arrange(self.scrollable_content_region.width)
        self._look()

    def on_focus(self, event: events.Focus) -> None:
        self._focus_changed(event, True)
        # The last line says where we are in the table that has the focus.
        self._told = None
        self._tell_position()

    def on_blur(self, event: events.Blur) -> None:
        self._focus_changed(event, False)

    def _focus_changed(self, event: events.Event, has_focus: bool) -> None:
        """What Textual does, but only the line of the cursor is drawn, not the whole table."""
        event.prevent_default()
        self.has_focus = has_focus
        self._draw_rows(self.cursor)
        if self.parent is not None:
            kind = events.DescendantFocus if has_focus else events.DescendantBlur
            self.parent.post_message(kind(self))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._look()

    def loaded(self, message: messages.Loaded) -> None:
        """The loader's answer."""
        news = self._feed.loaded(message)
        if news.total:
            self._total_changed()
        self._draw_rows(*news.rows)
        if news.as_of_ms is not None:
            self.post_message(messages.PageArrived(self.id, news.as_of_ms))
        self._tell_position()

    def load_failed(self, message: messages.LoadFailed) -> None:
        """The loader's refusal."""
        if not self._feed.failed(message):
            return
        self.post_message(messages.PageFailed(self.id, message.error_text))
        before, self._query_before = self._query_before, None
        if before is not None and self._feed.pages.is_empty:
            # An order that the source refuses: say why, and stay with the one before.
            self.console.tell(message.error_text, "warning")
            self.show_query(before)

    # Drawing

    def render_line(self, y: int) -> Strip:
        styles = self._styles()
        if y == 0:
            return self._lines.header(self._feed.query.sorts, styles)
        index = y - 1 + round(self.scroll_y)
        if index == 0 and not self.total and self.total_is_exact:
            empty = _NO_MATCH if self._feed.query.conditions else self.empty
            return self._lines.words(empty, styles.placeholder)
        if index >= self.total:
            return Strip.blank(self._lines.room, styles.base)
        row = self._feed.pages.row(index)
        if row is None:
            return self._lines.placeholder(index == self.cursor, styles)
        return self._lines.row(row, index == self.cursor, row[0] in self.marks, styles)

    def _styles(self) -> Styles:
        def part(name: str) -> Style:
            return self.get_component_rich_style(f"paged-table--{name}")

        return Styles(
            base=self.rich_style,
            header=part("header"),
            current_head=part("current-head"),
            cursor=part("cursor" if self.has_focus else "cursor-blurred"),
            marked=part("marked"),
            frozen=part("frozen"),
            negative=part("negative"),
            placeholder=part("placeholder"),
        )

    def _draw_rows(self, *rows: int) -> None:
        top, height = round(self.scroll_y), self._height()
        width = self.size.width
        regions = [Region(0, row - top + 1, width, 1) for row in rows if top <= row < top + height]
        if len(regions) > height // 2:
            self.refresh()
        elif regions:
            self.refresh(*regions)

    # Where we are

    @property
    def console(self) -> Console:
        """The application."""
        return cast("Console", self.app)

    def _height(self) -> int:
        """Rows in sight, without the header."""
        return max(1, self.size.height - 1)

    def _window(self) -> tuple[int, int]:
        top = round(self.scroll_y)
        return top, max(top, min(top + self._height(), self.total) - 1)

    def _look(self) -> None:
        if self._owner:
            self._feed.look(*self._window())

    def _new_top(self, row: int, top: int, height: int) -> int:
        jump = max(1, int(height * _JUMP))
        if row == top + height:
            return top + jump
        if row == top - 1:
            return max(0, top - jump)
        return row if row < top else row - height + 1

    def _set_height(self) -> None:
        size = Size(self.size.width, self.total + 1)
        if size != self.virtual_size:
            self.virtual_size = size

    def _total_changed(self) -> None:
        self._set_height()
        if self._to_end and self.total_is_exact:
            self._to_end = False
            self.move_to(self.total - 1)
        if self.cursor >= self.total > 0:
            self.move_to(self.total - 1)
        self.refresh()

    def _tell_position(self) -> None:
        row = self.cursor + 1 if self.total else 0
        told = Position(row, self.total, self.total_is_exact, len(self.marks))
        if told != self._told:
            self._told = told
            # Not a message, which would be one frame late.
            cast("ConsoleScreen", self.screen).position_changed(self.id, told)

    def _ask(self, key: Any, work: Any) -> None:
        self.console.loader.submit(self._owner, key, work)

    def _forget(self) -> None:
        self.console.loader.forget(self._owner)
