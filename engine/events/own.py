"""Actions that are carried out in our own database, in one transaction with the mark that they are
done: exactly once, whatever dies."""

from __future__ import annotations

from collections.abc import Callable

from engine.audit import AuditLine, write_audit
from engine.clock import Clock
from engine.database import Database
from engine.events import outbox
from engine.events.kinds import OWN
from engine.events.outbox import Handed
from engine.events.outcome import Outcome
from engine.events.results import Result, keep

ACTOR = "event-delivery"


def carry_out(database: Database, clock: Clock, prove: Callable[[], None]) -> bool:
    """Carries out the next action that is due on our own channel; False when there is none."""
    with database.transaction():
        prove()
        now = clock.now_ms()
        actions = outbox.hand_out(database, OWN, now, 1, ())
        for action in actions:
            number = remove_discounts(database, action, now)
            words = f"{number} discount{'' if number == 1 else 's'} removed"
            keep(
                database,
                [Result(action, "send", Outcome("done", words), now, now)],
                {OWN: "idempotent"},
            )
        return bool(actions)


def remove_discounts(database: Database, action: Handed, now_ms: int) -> int:
    """Removes the discounts that the action names and that are as they were then, with an audit
    line for each; returns how many."""
    from engine.subscribers.facts import discount_text  # needed seldom, and slow to load

    removed = 0
    login = action.payload["login"]
    for scope, kind, value in action.payload["discounts"]:
        gone = database.execute(
            "DELETE FROM discount WHERE subscriber_id = ? AND scope = ? AND kind = ? AND value = ?",
            (action.subscriber_id, scope, kind, value),
        ).rowcount
        if gone:
            removed += 1
            before = {"discount": f"{scope}:{kind}:{discount_text(kind, value)}"}
            after = {"discount": None, "event": action.event_id}
            name = f"subscriber:{login}"
            line = AuditLine(now_ms, ACTOR, "discount removed", name, before, after)
            write_audit(database, line)
    return removed
