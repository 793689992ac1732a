"""Actions in a state, for tests of what persons do about them."""

from __future__ import annotations

from typing import Any

from engine.database import Database
from engine.events.by_hand import Hand
from engine.events.plan import Moment
from tests.events.books import (
    BILLING,
    NOW,
    Outcome,
    ledger_with,
    rules,
)

HAND = Hand("boris", NOW, 5)
LATER = NOW + 60_000
REFUSED = Outcome("refused", "no such number")
UNCLEAR = Outcome("ambiguous", "no answer within 15 s")
HOUR = 3_600_000


def an_action(database: Database, state: str, kind: str = "notice", **facts: Any) -> int:
    """The notice or receipt of a new payment of ivan, in a state."""
    ledger_with(database, rules()).payment("ivan", 500_00)
    number = database.integer("SELECT MAX(id) FROM action WHERE kind = ?", (kind,))
    facts = {"state": state, "next_at": NOW if state in ("waiting", "retrying") else None, **facts}
    if state == "sending":
        facts["sent_at"] = NOW
    if state not in ("waiting", "sending", "retrying", "unknown"):
        facts["ended_at"] = NOW
    assigned = ", ".join(f"{name} = ?" for name in facts)
    database.execute(f"UPDATE action SET {assigned} WHERE id = ?", (*facts.values(), number))
    return number


def one(database: Database, number: int, columns: str) -> tuple[Any, ...]:
    return tuple(database.row(f"SELECT {columns} FROM action WHERE id = ?", (number,)) or ())


def moment(now_ms: int = NOW) -> Moment:
    return Moment(now_ms, BILLING.timezone, BILLING.currency)
