"""Conditions as SQL. Pure: nothing here asks a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.queries.columns import Column
from engine.queries.filters import Condition

Fragment = tuple[str, tuple[Any, ...]]
"""SQL with its parameters."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition. `tables` are the aliases that `sql` speaks of. `ids` are statements that give by
    an index the ids (a column `id`, each once, unordered) of at least all rows that fulfil it;
    empty when no index helps. `pinned` is the column (in SQL) of which it leaves one value."""

    sql: str
    parameters: tuple[Any, ...]
    tables: frozenset[str]
    ids: tuple[Fragment, ...] = ()
    pinned: str | None = None


def negation(clause: Clause) -> Clause:
    """All rows that do not fulfil it, those included where it is neither true nor false."""
    return Clause(f"COALESCE(({clause.sql}), 0) = 0", clause.parameters, clause.tables)


def any_of(fragments: Sequence[Fragment]) -> Fragment:
    """One of them at least; the fragments are no weaker than OR binds."""
    sql = " OR ".join(text for text, _ in fragments)
    return f"({sql})", tuple(value for _, values in fragments for value in values)


def compared(column: Column, sql: str, condition: Condition) -> Fragment:
    """A column (as `sql` has it) compared as a condition says; `negated` is not looked at."""
    operator, value = condition.operator, condition.value
    if value == "":
        equal = operator in (":", "=")
        return (f"COALESCE({sql}, '') = ''", ()) if equal else (f"{sql} {operator} ?", ("",))
    if operator == "~":
        texts = spellings(str(value), column.capitalised)
        return any_of([(f"INSTR({sql}, ?) > 0", (text,)) for text in texts])
    if operator == ":":
        texts = spellings(str(value), column.capitalised)
        return any_of([begins_with(sql, text) for text in texts])
    if column.kind in ("date", "period") and operator in (">", "<="):
        # After 2026-10 means after all days of it.
        value = f"{value}~"
    return f"{sql} {operator} ?", (value,)


def begins_with(sql: str, prefix: str) -> Fragment:
    """Texts that begin with a prefix, in a form that an index serves on both engines."""
    end = after_all(prefix)
    if end is None:
        return f"({sql} >= ?)", (prefix,)
    return f"({sql} >= ? AND {sql} < ?)", (prefix, end)


def after_all(prefix: str) -> str | None:
    """The least text that comes after all texts with this prefix, in the order of code points; None
    when none does."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return None
    last = ord(kept[-1]) + 1
    # Surrogates are no letters; UTF-8 has nothing between these two.
    return kept[:-1] + chr(0xE000 if last == 0xD800 else last)


def spellings(text: str, capitalised: bool) -> list[str]:
    """The text as typed; where names are looked for also with a capital at the beginning of each
    word, and in capitals throughout."""
    found = [text]
    if capitalised:
        found += [" ".join(word[:1].upper() + word[1:].lower() for word in text.split(" "))]
        found += [text.upper()]
    return list(dict.fromkeys(found))


def conjunction(clauses: Iterable[Clause]) -> Fragment:
    """All of them; true when there are none."""
    chosen = list(clauses)
    sql = " AND ".join(clause.sql for clause in chosen) or "1 = 1"
    return sql, tuple(value for clause in chosen for value in clause.parameters)
