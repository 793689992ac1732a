"""The balance mails that could not be read, as a list, and one of them in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.queries.columns import Column, Sort
from engine.queries.filters import parse
from engine.queries.paging import Query
from engine.queries.short_list import ShortList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.database import Database

_BEGINNING = 200
"""So many characters of a mail's text stand in the list."""


@dataclass(frozen=True, slots=True)
class SkippedMail:
    """A mail: `text` is what could be read of it, `size` its bytes."""

    taken_at: int
    size: int
    reason: str
    text: str


class SkippedMails(ShortList):
    """All of them, the newest first, in pages like those of `engine.queries.paging`; no filter, one
    order. A row is the id and the columns."""

    name = "skipped-mails"
    title = "Skipped mails"
    columns: tuple[Column, ...] = (
        Column("taken_at", "Taken", "taken_at", "date", 16),
        Column("reason", "Why", "reason", "text", 32),
        Column("size", "Bytes", "size", "number", 8),
        Column("text", "Begins", "body", "text", 20),
    )

    def query(self, text: str, sorts: tuple[Sort, ...] = ()) -> Query:
        """The one query. Raises InputError for a filter."""
        if parse(text, ()):
            raise InputError("skipped mails have no filter; `e` says how to have them all.")
        return Query()

    def some(
        self, database: Database, query: Query, start: int, size: int
    ) -> Sequence[tuple[Any, ...]]:
        """`size` mails from place `start` on, found by their index; that many are never skipped
        without an alert."""
        return database.rows(
            "SELECT m.id, m.taken_at, m.reason, m.size, SUBSTR(m.body, 1, ?) FROM"
            " (SELECT id FROM balance_mail WHERE state = 'skipped' ORDER BY id DESC"
            " LIMIT ? OFFSET ?) x JOIN balance_mail m ON m.id = x.id ORDER BY m.id DESC",
            (_BEGINNING, size, start),
        )

    def count(self, database: Database, query: Query) -> int:
        """How many there are, by an index."""
        return database.integer("SELECT COUNT(*) FROM balance_mail WHERE state = 'skipped'")


def skipped_mail(database: Database, number: int) -> SkippedMail:
    """One of them by its id. InputError when it is not skipped any more."""
    row = database.row(
        "SELECT taken_at, size, reason, body FROM balance_mail WHERE id = ? AND state = 'skipped'",
        (number,),
    )
    if row is None:
        raise InputError("this mail is not among the skipped ones any more: it was taken again.")
    return SkippedMail(*row)
