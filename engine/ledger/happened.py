"""What follows a movement of money: its event is recorded with it, and called off when it is taken
back."""

from __future__ import annotations

from engine.config import BillingConfig
from engine.database import Database
from engine.events.by_hand import REVERSED
from engine.events.facts import Happened
from engine.events.plan import Moment
from engine.events.record import record
from engine.events.settings import Rules

_OPEN = "('waiting', 'retrying')"


def record_movement(
    database: Database, rules: Rules, billing: BillingConfig, now_ms: int, happened: Happened
) -> None:
    """Records the event of a payment or refund, in the transaction of its entry."""
    record(database, rules, Moment(now_ms, billing.timezone, billing.currency), [happened])


def key_of_entry(entry_id: int) -> str:
    """The key of the event of a journal entry."""
    return f"entry:{entry_id}"


def call_off(database: Database, entry_id: int, now_ms: int) -> None:
    """Calls off what still waits to follow an entry that is being reversed, a bonus above all. What
    is under way or done stays. A receipt that may have been made at an attempt whose answer was
    lost is not called off, for then nobody would look: it waits for a person.

    Event by event, by its number: MariaDB would look through all that waits, and lock it, were
    the entry looked for in the same statement.
    """
    for (event,) in database.rows(
        "SELECT id FROM event WHERE event_key = ?", (key_of_entry(entry_id),)
    ):
        database.execute(
            "UPDATE action SET state = 'unknown', reason = ?, next_at = NULL WHERE event_id = ?"
            f" AND kind = 'receipt' AND state IN {_OPEN} AND EXISTS (SELECT 1 FROM attempt t"
            " WHERE t.action_id = action.id AND t.verdict IN ('ambiguous', 'lost'))",
            (f"{REVERSED}, but it may have been made: look at the provider", event),
        )
        database.execute(
            "UPDATE action SET state = 'cancelled', reason = ?, ended_at = ?, next_at = NULL"
            f" WHERE event_id = ? AND state IN {_OPEN}",
            (REVERSED, now_ms, event),
        )
