"""What came of attempts: kept with the state that follows, safe to repeat.

After a commit whose answer was lost it is called again with the same results; those that are kept
already are left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from engine.database import Database, Row
from engine.events.kinds import Promise
from engine.events.next_state import Step, after_asking, after_sending
from engine.events.outbox import COLUMNS, Handed, handed
from engine.events.outcome import MOST_EXCERPT, Outcome
from engine.events.receipt_rows import accept
from engine.text import safe

What = Literal["send", "ask"]

_REASON_LENGTH = 300
_REMOTE_LENGTH = 100
_AT_ONCE = 500
_ENDS = ("done", "dead", "cancelled", "expired")
_ATTEMPT_COLUMNS = {
    "action_id": "BIGINT", "number": "INTEGER", "what": "VARCHAR(4)", "started_at": "BIGINT",
    "ended_at": "BIGINT", "verdict": "VARCHAR(10)", "status": "SMALLINT",
    "detail": "VARCHAR(300)", "excerpt": "VARCHAR(500)",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an attempt to `send` an action, or to `ask` what became of it. Times are epoch
    milliseconds."""

    action: Handed
    what: What
    outcome: Outcome
    started_at: int
    ended_at: int


class _Past(NamedTuple):
    """The attempts of an action so far: the last number, how often was asked, and when last."""

    last: int = 0
    asked: int = 0
    asked_at: int = 0


def keep(database: Database, results: Sequence[Result], promises: Mapping[str, Promise]) -> None:
    """Keeps what came of attempts, in the caller's transaction. `promises` are of the channels."""
    past = _past(database, [one.action.id for one in results])
    sent = _sent(database, [one.action.id for one in results if one.what == "send"])
    results = [
        one
        for one in results
        if (one.what == "send" and _is_open(one, sent))
        or (one.what == "ask" and past[one.action.id].asked_at < one.started_at)
    ]
    rows = [_sent_row(one, promises) for one in results if one.what == "send"]
    if rows:
        database.amend(
            "action",
            {"id": "BIGINT", "sent_at": "BIGINT"},
            {
                "state": "VARCHAR(12)", "next_at": "BIGINT", "ended_at": "BIGINT",
                "reason": "VARCHAR(300)", "remote_id": "VARCHAR(100)",
            },
            rows,
        )  # fmt: skip
    for one in results:
        if one.what == "ask":
            _keep_answer(database, one, past[one.action.id].asked + 1)
    _add_attempts(database, results, past)
    _add_receipts(database, results, {one for one, (_, has) in sent.items() if has})


def _sent(database: Database, actions: Sequence[int]) -> dict[int, tuple[int, bool]]:
    """Since when each of those that are being sent is, and whether it has a receipt already."""
    found: dict[int, tuple[int, bool]] = {}
    for start in range(0, len(actions), _AT_ONCE):
        part = actions[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(part))
        for action, sent_at, receipt in database.rows(
            "SELECT a.id, a.sent_at, r.action_id FROM action a LEFT JOIN receipt r"
            f" ON r.action_id = a.id WHERE a.id IN ({marks}) AND a.state = 'sending'",
            part,
        ):
            found[action] = (sent_at, receipt is not None)
    return found


def _is_open(one: Result, sent: Mapping[int, tuple[int, bool]]) -> bool:
    """Whether the result is of the sending that goes on: not kept yet, nor of one before."""
    return one.action.id in sent and sent[one.action.id][0] == one.action.sent_at


def _sent_row(one: Result, promises: Mapping[str, Promise]) -> Row:
    action = one.action
    step = after_sending(
        one.outcome, action.kind, promises[action.channel], action.attempts, one.ended_at
    )
    return (
        action.id, action.sent_at, step.state, step.next_at, _ended(step, one.ended_at),
        safe(step.reason, _REASON_LENGTH), safe(one.outcome.remote_id, _REMOTE_LENGTH),
    )  # fmt: skip


def _ended(step: Step, at: int) -> int | None:
    return at if step.state in _ENDS else None


def _keep_answer(database: Database, one: Result, asked: int) -> None:
    """What a provider said of an unknown action; a person may have ended it meanwhile."""
    step = after_asking(one.outcome, asked, one.ended_at)
    database.execute(
        "UPDATE action SET state = ?, next_at = ?, ended_at = ?, reason = ?, remote_id ="
        " CASE WHEN ? = '' THEN remote_id ELSE ? END WHERE id = ? AND state = 'unknown'",
        (
            step.state, step.next_at, _ended(step, one.ended_at),
            safe(step.reason, _REASON_LENGTH), one.outcome.remote_id,
            safe(one.outcome.remote_id, _REMOTE_LENGTH), one.action.id,
        ),
    )  # fmt: skip


def _past(database: Database, actions: Sequence[int]) -> dict[int, _Past]:
    found = dict.fromkeys(actions, _Past())
    for start in range(0, len(actions), _AT_ONCE):
        part = actions[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(part))
        for action, *past in database.rows(
            "SELECT action_id, MAX(number), SUM(CASE WHEN what = 'ask' THEN 1 ELSE 0 END),"
            " MAX(CASE WHEN what = 'ask' THEN started_at ELSE 0 END)"
            f" FROM attempt WHERE action_id IN ({marks}) GROUP BY action_id",
            part,
        ):
            found[action] = _Past(*map(int, past))
    return found


def _add_attempts(
    database: Database, results: Sequence[Result], past: Mapping[int, _Past]
) -> None:  # fmt: skip
    rows = []
    used: dict[int, int] = defaultdict(int)
    for one in results:
        used[one.action.id] += 1
        outcome = one.outcome
        rows.append((
            one.action.id, past[one.action.id].last + used[one.action.id], one.what,
            one.started_at, one.ended_at, outcome.verdict, outcome.status,
            safe(outcome.detail, _REASON_LENGTH), safe(outcome.excerpt, MOST_EXCERPT),
        ))  # fmt: skip
    if rows:
        database.fill("attempt", _ATTEMPT_COLUMNS, rows)


def _add_receipts(
    database: Database, results: Sequence[Result], there: Collection[int]
) -> None:  # fmt: skip
    """A receipt that was accepted is not made yet: from now on its state is asked for."""
    rows = [
        (one.action.id, safe(one.outcome.remote_id, _REMOTE_LENGTH), one.ended_at)
        for one in results
        if one.action.kind == "receipt" and one.outcome.verdict == "done"
    ]
    if rows:
        accept(database, rows, there)


def settle_lost(
    database: Database, promises: Mapping[str, Promise], now_ms: int, most: int
) -> int:  # fmt: skip
    """Settles actions that a delivery which is gone had handed out, in the caller's transaction, up
    to `most`; returns how many. Only for the holder of the lease, before it hands out anything."""
    rows = database.rows(
        f"SELECT {COLUMNS} FROM action WHERE state = 'sending' ORDER BY id LIMIT ?", (most,)
    )
    lost = Outcome("lost", "the delivery ended while it was being sent")
    results = [Result(one, "send", lost, one.sent_at, now_ms) for one in handed(rows)]
    # What a channel that is no longer set up promised is not known: the least is assumed.
    known: dict[str, Promise] = {
        one.action.channel: promises.get(one.action.channel, "at_most_once") for one in results
    }
    keep(database, results, known)
    return len(results)
