"""Removing actions that are over since long: what they said and to which number is personal data.

Receipts and bonuses stay, with their attempts, as the law and the ledger refer to them; only those
that came to nothing go, but no receipt that the provider had accepted. The events stay, too: their
keys keep a hook that comes again after years from acting twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import NamedTuple

from engine.database import Database
from engine.events.kinds import ActionKind, State

_AT_A_TIME = 1_000
_ENDED: tuple[State, ...] = ("done", "dead", "cancelled", "expired", "suppressed")
_CAME_TO_NOTHING: tuple[State, ...] = ("cancelled", "expired", "suppressed")
_LASTING: tuple[ActionKind, ...] = ("receipt", "top_up_bonus", "loyalty_bonus", "birthday_bonus")


class Removed(NamedTuple):
    """How many actions were removed, and the number to go on after; None when there is no more."""

    number: int
    last: int | None


def remove_some(
    database: Database, kind: ActionKind, before_ms: int, after: int, prove: Callable[[], None]
) -> Removed:
    """Removes some actions of a kind with their attempts, of events recorded before `before_ms`
    (epoch milliseconds), with numbers above `after`; `prove` is called in the transaction."""
    rows = database.rows(
        "SELECT a.id, a.state, a.created_at FROM action a"
        f" {database.dialect.by_index('action_kind')} WHERE a.kind = ? AND a.id > ?"
        " AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.action_id = a.id)"
        " ORDER BY a.id LIMIT ?",
        (kind, after, _AT_A_TIME),
    )
    old = list(takewhile(lambda row: row[2] < before_ms, rows))
    states = _CAME_TO_NOTHING if kind in _LASTING else _ENDED
    gone = [number for number, state, _ in old if state in states]
    if gone:
        with database.transaction():
            prove()
            _remove(database, gone, states)
    return Removed(len(gone), old[-1][0] if len(old) == _AT_A_TIME else None)


def _remove(database: Database, numbers: Sequence[int], states: Sequence[State]) -> None:
    marks = ", ".join("?" * len(numbers))
    database.execute(f"DELETE FROM attempt WHERE action_id IN ({marks})", numbers)
    # A person may have set one to be tried again meanwhile: it stays, without its old attempts.
    allowed = ", ".join("?" * len(states))
    database.execute(
        f"DELETE FROM action WHERE id IN ({marks}) AND state IN ({allowed})", (*numbers, *states)
    )
