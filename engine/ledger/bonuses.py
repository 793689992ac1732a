"""Crediting bonuses: recorded as actions first, then entries of their own.

An entry is written in one transaction with the mark that its action is done, under a key of the
action's number: a bonus is credited once, whatever dies. It is no payment, so no event follows it.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.clock import Clock
from engine.config import BillingConfig
from engine.database import Database
from engine.events import outbox
from engine.events.kinds import BONUS
from engine.events.outbox import Handed
from engine.events.outcome import Outcome
from engine.events.results import Result, keep
from engine.ledger import journal
from engine.ledger.accounts import BONUS as BONUS_ACCOUNT
from engine.ledger.dates import require_open_date

ACTOR = "bonus-credit"
AT_ONCE = 100
"""So many are credited in one transaction."""

_WORDS = {
    "top_up_bonus": "top-up bonus",
    "loyalty_bonus": "loyalty bonus",
    "birthday_bonus": "birthday bonus",
}


def credit_some(
    database: Database, billing: BillingConfig, clock: Clock, prove: Callable[[], None]
) -> tuple[int, int]:
    """Credits up to AT_ONCE bonuses that are due, in one transaction; returns how many, and their
    sum in minor units."""
    with database.transaction():
        prove()
        now = clock.now_ms()
        if not any_due(database, now):
            return 0, 0
        actions = outbox.hand_out(database, BONUS, now, AT_ONCE, ())
        if actions:
            require_open_date(database, now, now, billing.timezone)
        results = [
            Result(action, "send", Outcome("done", remote_id=str(entry)), now, now)
            for action in actions
            if (entry := _credit(database, action, now))
        ]
        keep(database, results, {BONUS: "idempotent"})
        return len(actions), sum(action.payload["amount"] for action in actions)


def _credit(database: Database, action: Handed, now: int) -> int:
    amount = action.payload["amount"]
    hashed = journal.content_hash("bonus", action.id, action.subscriber_id, amount)
    comment = f"{_WORDS[action.kind]} of event {action.event_id}"
    entry = journal.new_entry(
        database, "bonus", f"bonus:{action.id}", hashed, now, now, ACTOR, comment
    )
    journal.post(database, entry, [(action.subscriber_id, amount), (BONUS_ACCOUNT, -amount)])
    return entry


def any_due(database: Database, now_ms: int) -> bool:
    """Whether a bonus waits to be credited, and nobody has paused that."""
    return any(name == BONUS for name, _ in outbox.due_channels(database, now_ms))
