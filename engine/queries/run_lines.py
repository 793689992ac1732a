"""The log of a run in pieces, filtered. A run writes a few thousand lines at most."""

from __future__ import annotations

from collections.abc import Sequence

from engine.database import Database
from engine.queries.clauses import (
    Clause,
    Fragment,
    any_of,
    compared,
    conjunction,
    negation,
    spellings,
)
from engine.queries.columns import Column
from engine.queries.filters import Condition
from engine.queries.runs import LogLine

_TEXT = Column("text", "Text", "text", "text", 60, capitalised=True)
_LEVEL = Column("level", "Level", "level", "choice", 7)


def lines(
    database: Database, number: int, conditions: Sequence[Condition], start: int, size: int
) -> list[LogLine]:
    """`size` of the lines that fulfil the conditions, from place `start` (from 0) on."""
    sql, parameters = _where(conditions)
    rows = database.rows(
        f"SELECT line, at, level, text FROM job_log WHERE run_id = ? AND {sql}"
        " ORDER BY line LIMIT ? OFFSET ?",
        (number, *parameters, size, start),
    )
    return [LogLine(*row) for row in rows]


def count_lines(database: Database, number: int, conditions: Sequence[Condition]) -> int:
    """How many lines fulfil the conditions."""
    sql, parameters = _where(conditions)
    return database.integer(
        f"SELECT COUNT(*) FROM job_log WHERE run_id = ? AND {sql}", (number, *parameters)
    )


def _where(conditions: Sequence[Condition]) -> Fragment:
    clauses = []
    for condition in conditions:
        clause = Clause(*_fragment(condition), frozenset())
        clauses.append(negation(clause) if condition.negated else clause)
    return conjunction(clauses)


def _fragment(condition: Condition) -> Fragment:
    if not condition.column:
        texts = spellings(str(condition.value), capitalised=True)
        return any_of([("INSTR(text, ?) > 0", (text,)) for text in texts])
    column = _LEVEL if condition.column == _LEVEL.name else _TEXT
    return compared(column, column.sql, condition)
