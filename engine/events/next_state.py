"""What becomes of an action after an attempt. Pure but for the dice of the pauses.

An outcome that tells nothing is the whole difficulty: sent again it may act twice, not sent again
it may not have acted at all. So what follows it is decided by what the channel promises.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from engine.events.kinds import ActionKind, Promise, State
from engine.events.outcome import Outcome

FIRST_SECONDS = 15
LONGEST_SECONDS = 3_600
MOST_SENDINGS = 20
"""A receipt is owed by law and tried for ever; anything else is given up after so many."""
MOST_ASKINGS = 10
"""So often a provider is asked what became of an action, then a person is."""


@dataclass(frozen=True, slots=True)
class Step:
    """The state that follows. `next_at` in epoch milliseconds, None where nothing more happens by
    itself; `reason` for people."""

    state: State
    next_at: int | None
    reason: str


def after_sending(
    outcome: Outcome, kind: ActionKind, promise: Promise, attempts: int, now_ms: int
) -> Step:
    """What follows a sending, the `attempts`-th of the action."""
    verdict = outcome.verdict
    if verdict == "done":
        return Step("done", None, outcome.detail)
    if verdict == "refused":
        return Step("dead", None, outcome.detail)
    if verdict == "denied":
        # Our key is wrong, not the action: it goes on when a person has lifted the pause.
        return Step("retrying", now_ms, outcome.detail)
    if outcome.is_for_person:
        return Step("unknown", None, outcome.detail)
    if verdict in ("ambiguous", "lost") and promise != "idempotent":
        ask_at = now_ms + FIRST_SECONDS * 1_000 if promise == "reconcilable" else None
        return Step("unknown", ask_at, outcome.detail)
    if attempts >= MOST_SENDINGS and kind != "receipt":
        return Step("dead", None, f"given up after {attempts} attempts: {outcome.detail}")
    return Step("retrying", now_ms + pause_ms(attempts, outcome.after_seconds), outcome.detail)


def after_asking(outcome: Outcome, asked: int, now_ms: int) -> Step:
    """What follows asking a provider, the `asked`-th time, what became of an unknown action: it is
    `done`, or to `retry` (it was not taken); anything else means that it cannot be told."""
    if outcome.verdict == "done":
        return Step("done", None, outcome.detail)
    if outcome.verdict == "refused":
        return Step("dead", None, outcome.detail)
    if outcome.verdict == "retry" and not outcome.is_outage:
        return Step("retrying", now_ms, outcome.detail)
    if asked >= MOST_ASKINGS:
        return Step("unknown", None, f"the provider cannot tell: {outcome.detail}")
    return Step("unknown", now_ms + pause_ms(asked, outcome.after_seconds), outcome.detail)


def pause_ms(attempts: int, after_seconds: float | None) -> int:
    """Milliseconds to wait after the `attempts`-th failure: twice as long each time, drawn from the
    upper half so that many failures do not come back together; never less than was asked for, and
    an hour at most."""
    longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(max(attempts - 1, 0), 30))
    seconds = max(longest * random.uniform(0.5, 1), after_seconds or 0)
    return int(min(seconds, LONGEST_SECONDS) * 1_000)
