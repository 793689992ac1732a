"""Marked rows that the filter does not show: whoever is asked has to know of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.actions import ActionCall
from tui.widgets.cells import grouped

if TYPE_CHECKING:
    from engine.database import Database


def hidden_words(database: Database, call: ActionCall) -> str:
    """How many of the rows that an action is about are not in sight, `none` where there are none
    or where the list has no filter."""
    from engine.queries.paging import PagedSource

    source, query = call.shown or (None, None)
    if not isinstance(source, PagedSource) or query is None:
        return "none"
    numbers = [int(one) for one in call.targets]
    count = len(numbers) - source.matching(database, query, numbers)
    return f"{grouped(count)} that the filter does not show" if count else "none"
