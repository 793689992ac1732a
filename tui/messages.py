"""All messages of the console's own, in one list."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from textual.message import Message

from engine.errors import BilldeckError


@dataclass
class Loaded(Message, bubble=False):
    """The answer of the database to what `owner_id` asked for under `key`. `as_of_ms` is when the
    reading began, epoch milliseconds: the data is at least that new."""

    owner_id: str
    key: Hashable
    value: Any
    as_of_ms: int


@dataclass
class LoadFailed(Message, bubble=False):
    """There is no answer; `error_text` says why, for people, not yet made safe."""

    owner_id: str
    key: Hashable
    error_text: str


@dataclass
class LinkChanged(Message, bubble=False):
    """The connection came, went, or was measured. `latency_ms` is of the last question when `up`;
    `text` says what is wrong when not."""

    up: bool
    latency_ms: float
    text: str


@dataclass
class NoDatabase(Message, bubble=False):
    """There is nothing that the console could show: what opening the database raised."""

    error: BilldeckError


@dataclass
class RowChosen(Message):
    """Enter on a row of the table `table_id`. `row[0]` is its id."""

    table_id: str | None
    row: tuple[Any, ...]


@dataclass
class PageArrived(Message):
    """A table has been given rows that were true at `as_of_ms`."""

    table_id: str | None
    as_of_ms: int


@dataclass
class PageFailed(Message):
    """A table was refused its rows; `error_text` is not yet made safe."""

    table_id: str | None
    error_text: str


@dataclass
class SortChanged(Message):
    """The person sorted the table another way; its `query` has it."""

    table_id: str | None


@dataclass
class FilterChosen(Message):
    """What is counted somewhere is to be seen in the list: by this filter."""

    text: str


@dataclass
class ExportWanted(Message):
    """`e` on a table: export what its query finds, or what is marked."""

    table_id: str | None


@dataclass
class ProcessEnded(Message, bubble=False):
    """A process that this console started has ended. `output` is what it answered, `errors` the end
    of what it said besides, not yet made safe."""

    name: str
    status: int
    output: bytes
    errors: str


@dataclass
class CommandGiven(Message):
    """A line after `:`, as typed."""

    line: str


@dataclass
class FilterGiven(Message):
    """A text after `/`. `final` is False while the person still types (after a short rest), True
    with Enter; an empty text takes the filter away."""

    text: str
    final: bool
