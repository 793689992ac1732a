"""Making a receipt again that could not be made: a new action, under a new name.

The provider has refused the old name for good, so it is not sent again. The new receipt is made by
the settings of now: whatever was wrong in them may have been mended since.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.database import Database, Row
from engine.errors import InputError
from engine.events.by_hand import (
    REVERSED,
    Answer,
    Found,
    Hand,
    Refused,
    Step,
    by_parts,
    change,
    find,
)
from engine.events.facts import Facts
from engine.events.known import read_facts
from engine.events.plan import Moment, receipts
from engine.events.receipts import events_of
from engine.events.record import action_rows, add_actions
from engine.events.settings import Rules
from engine.text import safe

_ACTION = "receipt again"
_REASON_LENGTH = 300


@dataclass(frozen=True, slots=True)
class FailedReceipt:
    """A receipt that can be made again: whose it is, `amount` in minor units, `reason` why it was
    not made. `is_doubtful`: the provider has refused it, but may have taken it at an attempt before
    of which it is not known what came."""

    action: int
    login: str
    amount: int
    is_return: bool
    reason: str
    is_doubtful: bool


def failed_receipt(database: Database, action: int) -> FailedReceipt:
    """What is about to be made again. Raises InputError where that cannot be."""
    found = find(database, [action]).get(action)
    why = _why_not(database, found)
    if found is None or why is not None:
        raise InputError(f"receipt {action} cannot be made again: {why}. Nothing was changed.")
    payload = json.loads(found.payload)
    is_return = payload["intent"] == "sellReturn"
    doubts = database.integer(
        "SELECT COUNT(*) FROM attempt WHERE action_id = ? AND verdict IN ('ambiguous', 'lost')"
        " AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.action_id = attempt.action_id)",
        (action,),
    )
    return FailedReceipt(
        action, payload["login"], payload["total"], is_return, found.reason, bool(doubts)
    )


def make_again(
    database: Database, rules: Rules, moment: Moment, action: int, hand: Hand
) -> Answer:  # fmt: skip
    """Ends the action of a receipt that failed and adds another one in its place, in the next round
    of its event; audited, once. Raises InputError where nothing is delivered."""
    if rules.events.mode != "on" or not rules.receipts.provider:
        raise InputError(
            f"no receipts are made: [events] mode = {rules.events.mode}, [receipts] provider ="
            f" {rules.receipts.provider}. Nothing was changed."
        )

    def work(part: Sequence[int]) -> Answer:
        found = find(database, part).get(action)
        why = _why_not(database, found)
        if found is None or why is not None:
            return Answer(refused=(Refused(action, str(why)),))
        rows = _rows(database, found, rules, moment)
        if not rows:
            return Answer(refused=(Refused(action, "no phone and no e-mail is known"),))
        reason = f"made again as round {found.round + 1}; before: {found.reason}"
        step = Step("cancelled", safe(reason, _REASON_LENGTH))
        change(database, found, step, hand, _ACTION)
        add_actions(database, rows)
        return Answer(changed=(action,), added=_numbers(database, found))

    return by_parts(database, [action], hand, _ACTION, work)


def _why_not(database: Database, found: Found | None) -> str | None:
    """Why a receipt cannot be made again, None if it can."""
    if found is None:
        return "there is no such action"
    if found.kind != "receipt":
        return f"it is no receipt but a {found.kind}"
    if found.state != "dead":
        return f"it has not failed, it is {found.state}"
    if found.is_reversed:
        return REVERSED
    made = database.value(
        "SELECT detail FROM receipt WHERE action_id = ? AND state = 'done'", (found.id,)
    )
    return None if made is None else f"it was made ({made})"


def _rows(database: Database, found: Found, rules: Rules, moment: Moment) -> list[Row]:
    """The row of the new action; none where the subscriber could not be reached."""
    before = json.loads(found.payload)
    event = events_of(database, [found.event])[found.event]
    facts = _facts(read_facts(database, [found.subscriber])[found.subscriber], before)
    # What was owed then is owed still.
    rules = replace(rules, receipts=replace(rules.receipts, minimum=1))
    planned = receipts(replace(event, amount=before["total"]), facts, rules, moment)
    return action_rows(found.event, found.subscriber, planned, rules, moment, found.round + 1)


def _facts(facts: Facts, before: dict[str, str]) -> Facts:
    """The facts of now; the login is the one that was paid for, and where no phone or e-mail is
    known any more it is that of then."""
    return replace(
        facts,
        login=before["login"],
        phone=facts.phone or before["phone"],
        email=facts.email or before["email"],
    )


def _numbers(database: Database, found: Found) -> tuple[int, ...]:
    rows = database.rows(
        "SELECT id FROM action WHERE event_id = ? AND kind = 'receipt' AND round = ?",
        (found.event, found.round + 1),
    )
    return tuple(number for (number,) in rows)
