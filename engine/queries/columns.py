"""Columns of the lists that people look at, filter and sort. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "amount", "number", "date", "period", "choice"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `sql` gives its value: amounts are minor units, dates and periods ISO text, all may
    be None. `width` is in terminal cells, a wish. Only a `sortable` one may stand in a `Sort`: an
    index keeps its order. A choice is one of `choices`, or a code if there are none. In a
    `capitalised` one text is also looked for with capital letters: `иван` finds `Иванов`."""

    name: str
    title: str
    sql: str
    kind: Kind
    width: int
    sortable: bool = False
    choices: tuple[str, ...] = ()
    capitalised: bool = False


@dataclass(frozen=True, slots=True)
class Sort:
    """An order by a column, by code points for text."""

    column: str
    descending: bool = False
