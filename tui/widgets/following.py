"""A table that grows at its end, and shows that end as long as one stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui import messages
from tui.widgets.paged_table import PagedTable

if TYPE_CHECKING:
    from engine.queries.paging import Query


class FollowingTable(PagedTable):
    """Begins at its last row."""

    def on_mount(self) -> None:
        # Textual calls the base's, too.
        self._to_end = True

    def show_query(self, query: Query, before: Query | None = None) -> None:
        """See the base; but to the last row."""
        super().show_query(query, before)
        self._to_end = True

    def loaded(self, message: messages.Loaded) -> None:
        """See the base."""
        was_at_end = self.total_is_exact and self.cursor >= self.total - 1
        super().loaded(message)
        if was_at_end:
            self.move_to(self.total - 1)
