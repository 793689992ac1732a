"""What follows a movement of money: its event is recorded with it, and called off when it is taken
back."""

from __future__ import annotations

from engine.config import BillingConfig
from engine.database import Database
from engine.events.facts import Happened
from engine.events.plan import Moment
from engine.events.record import record
from engine.events.settings import Rules


def record_movement(
    database: Database, rules: Rules, billing: BillingConfig, now_ms: int, happened: Happened
) -> None:
    """Records the event of a payment or refund, in the transaction of its entry."""
    record(database, rules, Moment(now_ms, billing.timezone, billing.currency), [happened])


def call_off(database: Database, entry_id: int, now_ms: int) -> None:
    """Calls off what still waits to follow an entry that is being reversed, a bonus above all. What
    is under way or done stays."""
    database.execute(
        "UPDATE action SET state = 'cancelled', reason = 'its payment was reversed', ended_at = ?,"
        " next_at = NULL WHERE state IN ('waiting', 'retrying')"
        " AND event_id IN (SELECT id FROM event WHERE entry_id = ?)",
        (now_ms, entry_id),
    )
