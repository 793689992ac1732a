"""Receipts that the provider has accepted, to look at."""

from __future__ import annotations

import json
from dataclasses import dataclass

from engine.database import Database, Row

STATES = ("new", "done", "error")
MOST_ROWS = 1_000
"""So many at once and no more."""

_COLUMNS = (
    "a.id, a.event_id, s.login, a.payload, a.round, a.action_key, a.state, r.task, r.state,"
    " r.accepted_at, r.next_at, r.ended_at, r.asked, r.link, r.detail"
)
_JOINS = "JOIN action a ON a.id = r.action_id JOIN subscriber s ON s.id = a.subscriber_id"


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A receipt. `amount` is positive minor units; `is_return` says that it is the return of a
    sale; `round` 2 is one that was made again. `key` is our name for it, `task` theirs. Times are
    epoch milliseconds: `next_at` is when it is asked for next. `detail` is what was said last."""

    action: int
    event: int
    login: str
    amount: int
    is_return: bool
    round: int
    key: str
    action_state: str
    task: str
    state: str
    accepted_at: int
    next_at: int | None
    ended_at: int | None
    asked: int
    link: str
    detail: str


def receipts(database: Database, state: str | None = None, limit: int = 20) -> list[ReceiptRow]:
    """The newest receipts, newest first, in a state if one is given; at most MOST_ROWS."""
    # Nearly all are done; of the others there are few.
    index = database.dialect.by_index("receipt_state" if state in ("new", "error") else None)
    where = "1 = 1" if state is None else "r.state = ?"
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM (SELECT r.action_id FROM receipt r {index} WHERE {where}"
        " ORDER BY r.action_id DESC LIMIT ?) n JOIN receipt r ON r.action_id = n.action_id"
        f" {_JOINS} ORDER BY r.action_id DESC",
        (*([] if state is None else [state]), max(0, min(limit, MOST_ROWS))),
    )
    return [_row(row) for row in rows]


def receipt_of(database: Database, action: int) -> ReceiptRow | None:
    """The receipt of an action, None where none was accepted."""
    row = database.row(
        f"SELECT {_COLUMNS} FROM receipt r {_JOINS} WHERE r.action_id = ?", (action,)
    )
    return None if row is None else _row(row)


def _row(row: Row) -> ReceiptRow:
    payload = json.loads(row[3])
    is_return = payload["intent"] == "sellReturn"
    return ReceiptRow(*(*row[:3], payload["total"], is_return, *row[4:]))
