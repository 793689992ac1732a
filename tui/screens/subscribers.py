"""All subscribers: searched, filtered, sorted, marked; enter opens the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from textual.app import ComposeResult

from engine.queries.paging import Query
from engine.queries.subscribers import SUBSCRIBERS
from tui import messages
from tui.many_actions import ROW_KIND
from tui.screens.base import ConsoleScreen
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle

TABLE = "subscribers"
_SHOWN = (
    "login", "name", "state", "balance", "credit_limit", "plan", "addon", "group", "phone",
    "contract_number",
)  # fmt: skip


class SubscribersScreen(ConsoleScreen):
    """One table of `engine.queries.subscribers`."""

    row_kind = ROW_KIND
    HINT = ": command   / filter   v views   x actions   space mark   enter card   ? help"

    def body(self) -> ComposeResult:
        yield PaneTitle(SUBSCRIBERS.title, table_id=TABLE)
        yield PagedTable(SUBSCRIBERS, shown=_SHOWN, id=TABLE)

    @property
    def table(self) -> PagedTable:
        """The list."""
        return self.query_one(PagedTable)

    def apply_filter(self, text: str, final: bool) -> None:
        sorts = self.table.query_now.sorts
        # More than one column can be sorted by only where a filter leaves few rows.
        self.show_query(SUBSCRIBERS.query(text, sorts if text else sorts[:1]), text)

    def show_query(self, query: Query, text: str) -> None:
        """See the base; the title says which view it is."""
        title = (
            next((view.title for view in SUBSCRIBERS.views if view.filter == text), text)
            or SUBSCRIBERS.views[0].title
        )
        crumb = self.console.glyphs.crumb
        self.query_one(PaneTitle).show(title=f"{SUBSCRIBERS.title} {crumb} {title}")
        super().show_query(query, text)

    def targets(self) -> tuple[Any, ...]:
        return self.table.targets

    def known(self) -> Mapping[str, str]:
        table = self.table
        if len(table.marks) > 1:
            return {}
        if table.marks:
            return {"login": next(iter(table.marks.values()))}
        return {} if table.current_row is None else {"login": str(table.current_row[1])}

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        from tui.screens.subscriber_card import SubscriberCard

        self.app.push_screen(SubscriberCard(str(message.row[1])))

    def go_back(self) -> bool:
        if self.filter_text:
            # An order that came with a view goes with it.
            query = replace(self.table.query_now, conditions=(), sorts=())
            self.filter_text = ""
            self.show_query(query, "")
            return True
        return False
