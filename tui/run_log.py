"""The log of a run as a list: its lines in order, filtered by what they contain and by level."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from engine.queries.columns import Column, Sort
from engine.queries.filters import parse
from engine.queries.paging import Query
from engine.queries.short_list import ShortList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.database import Database
    from engine.queries.runs import LogLine

COLUMNS = (
    Column("at", "Time", "at", "choice", 8),
    Column("level", "Level", "level", "choice", 7, choices=("info", "warning", "error")),
    Column("text", "Text", "text", "text", 60, capitalised=True),
)


class LogLines(ShortList):
    """A row is the number of the line, then the columns; `level` is empty for `info`."""

    name = "log"
    title = "Log"
    columns: tuple[Column, ...] = COLUMNS

    def __init__(self, number: int, zone: tzinfo) -> None:
        self._number = number
        self._zone = zone

    def query(self, text: str, sorts: tuple[Sort, ...] = ()) -> Query:
        """Words are looked for anywhere in a line. Raises InputError."""
        return Query(parse(text, COLUMNS[1:]))

    def some(
        self, database: Database, query: Query, start: int, size: int
    ) -> Sequence[tuple[Any, ...]]:
        """`size` lines from place `start` on."""
        # Not above: the models take their time to load, and this is the loader's thread.
        from engine.queries.run_lines import lines

        found = lines(database, self._number, query.conditions, start, size)
        return [self._row(line) for line in found]

    def count(self, database: Database, query: Query) -> int:
        """How many lines there are."""
        from engine.queries.run_lines import count_lines

        return count_lines(database, self._number, query.conditions)

    def _row(self, line: LogLine) -> tuple[Any, ...]:
        at = datetime.fromtimestamp(line.at / 1000, self._zone).strftime("%H:%M:%S")
        return (line.number, at, "" if line.level == "info" else line.level, line.text)
