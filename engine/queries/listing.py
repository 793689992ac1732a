"""The lists by name, as `billdeck export` and the console's `e` ask for them: what a filter finds,
in its order, or rows that are named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import chain, islice
from typing import Any

from engine.clock import Clock
from engine.database import Database, Row
from engine.errors import InputError
from engine.money import format_amount
from engine.period import format_ms
from engine.queries.columns import Column, Sort
from engine.queries.event_list import NEWEST_FIRST as NEWEST_ACTIONS
from engine.queries.event_list import ActionList
from engine.queries.export import Cell, Table
from engine.queries.number_list import NumberList
from engine.queries.paging import PagedSource
from engine.queries.period_list import FailureList, PeriodList
from engine.queries.run_list import NEWEST_FIRST, Runs
from engine.queries.source import Source, pages
from engine.queries.subscriber_export import BundleRows, subscribers
from engine.queries.subscribers import last_closed
from engine.text import safe

_AT_ONCE = 500
_DESCENDING = ":desc"
_NEWEST_FIRST = {"runs": NEWEST_FIRST, "actions": NEWEST_ACTIONS}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a list is wanted: what `filter` finds by `sorts`, as they are typed; or, with
    `names`, just the rows whose first column is one of these, in this order. `period` is that of
    the failures, None for the last that was closed."""

    name: str
    filter: str = ""
    sorts: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None
    period: str | None = None


def table(database: Database, wanted: Wanted, clock: Clock, zone: tzinfo) -> Table:
    """The rows wanted, subscribers in the columns of a bundle, else those of the list. The first
    are read at once, the others as they are taken. Raises InputError for a filter, an order or a
    name that is wrong."""
    if wanted == Wanted("subscribers"):
        return subscribers(database)
    source = _source(database, wanted, clock, zone)
    rows = _begun(_rows(database, source, wanted))
    if wanted.name == "subscribers":
        return subscribers(database, rows)
    names = tuple(column.name for column in source.columns)
    kinds = [column.kind for column in source.columns]
    return Table(
        names,
        (tuple(_cell(kind, value, zone) for kind, value in zip(kinds, row[1:], strict=True))
         for row in rows),
    )  # fmt: skip


def parse_sort(text: str, columns: Sequence[Column]) -> Sort:
    """`balance`, or `balance:desc`. Raises InputError for a column that has no index."""
    name = text.removesuffix(_DESCENDING)
    known = [column.name for column in columns if column.sortable]
    if name not in known:
        raise InputError(
            f"there is no order by '{safe(text, 40)}': {', '.join(known) or 'the list has its own'}"
            f"{f'; {_DESCENDING} behind one turns it round' if known else ''}."
        )
    return Sort(name, descending=name != text)


def sort_text(sort: Sort) -> str:
    """What `parse_sort` reads."""
    return sort.column + _DESCENDING * sort.descending


def _source(database: Database, wanted: Wanted, clock: Clock, zone: tzinfo) -> Source:
    if wanted.name == "subscribers":
        return BundleRows()
    if wanted.name == "balances":
        return NumberList(zone)
    if wanted.name == "actions":
        return ActionList(zone)
    if wanted.name == "runs":
        return Runs(clock)
    if wanted.name == "periods":
        return PeriodList()
    period = wanted.period or last_closed(database)
    if period is None:
        raise InputError("no period has been closed yet, so there are no failures.")
    return FailureList(period)


def _rows(database: Database, source: Source, wanted: Wanted) -> Iterator[Row]:
    if wanted.names is not None:
        yield from _named(database, source, tuple(dict.fromkeys(wanted.names)))
        return
    sorts = tuple(parse_sort(text, source.columns) for text in wanted.sorts)
    if wanted.name in _NEWEST_FIRST:
        sorts = sorts or _NEWEST_FIRST[wanted.name]
    for page in pages(source, database, source.query(wanted.filter, sorts)):
        yield from page.rows


def _named(database: Database, source: Source, names: tuple[str, ...]) -> Iterator[Row]:
    if isinstance(source, PagedSource):
        ids = source.named(database, names)
        for start in range(0, len(ids), _AT_ONCE):
            yield from source.rows(database, ids[start : start + _AT_ONCE])
        return
    # These lists are short, and have no way to look a row up.
    asked = set(names)
    found = {str(row[1]): row for page in pages(source, database, source.query(""))
             for row in page.rows if str(row[1]) in asked}  # fmt: skip
    for name in names:
        if name not in found:
            raise InputError(f"{source.title} have no '{safe(name, 60)}'.")
        yield found[name]


def _begun(rows: Iterator[Row]) -> Iterator[Row]:
    """The same rows, the first of them already read: what is wrong shows before anything is
    written."""
    return chain([*islice(rows, 1)], rows)


def _cell(kind: str, value: Any, zone: tzinfo) -> Cell:
    if value is None or isinstance(value, str):
        return value
    if kind == "amount":
        return format_amount(value)
    if kind == "date":
        return format_ms(value, zone)
    return int(value)
