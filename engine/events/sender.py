"""What carries out the actions of a channel, as the delivery sees it."""

from __future__ import annotations

from typing import Protocol

from engine.events.kinds import Promise
from engine.events.outbox import Handed
from engine.events.outcome import Outcome


class Tell(Protocol):
    """Takes the outcome of an attempt, from any thread, exactly once."""

    def __call__(self, outcome: Outcome) -> None: ...


class Sender(Protocol):
    """What carries out the actions of one channel, up to `parallel` at a time and `per_second` in a
    second. `send` and `ask` return at once and never raise; what comes of it they `tell`."""

    promise: Promise
    parallel: int
    per_second: float

    def send(self, action: Handed, tell: Tell) -> None:
        """Carries out the action."""

    def ask(self, action: Handed, tell: Tell) -> None:
        """Asks what became of the action; only of a channel that is reconcilable."""
