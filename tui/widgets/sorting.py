"""What `s` and `S` make of the order of a table. Pure."""

from __future__ import annotations

from engine.queries.columns import Sort

Sorts = tuple[Sort, ...]


def sorted_by(sorts: Sorts, column: str) -> Sorts:
    """By this column alone: upwards, when it was so already downwards, then not at all."""
    if len(sorts) != 1 or sorts[0].column != column:
        return (Sort(column, descending=False),)
    return () if sorts[0].descending else (Sort(column, descending=True),)


def sorted_also_by(sorts: Sorts, column: str) -> Sorts:
    """By this column after the others, or, when it is among them, downwards, then no more."""
    if all(sort.column != column for sort in sorts):
        return (*sorts, Sort(column, descending=False))
    turned = (
        Sort(column, descending=True) if sort.column == column else sort
        for sort in sorts
        if sort.column != column or not sort.descending
    )
    return tuple(turned)
