"""The same change for many subscribers, in units: each is a transaction, safe to repeat, in which a
subscriber is changed as `change` does it, with an audit line of its own, or refused.

Each goes through the same door as one alone, statement by statement: what a plan, an alias or a
close that goes on forbids is decided there. It is for hundreds and thousands, not for all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from engine.database import Database
from engine.errors import InputError, Interrupted
from engine.subscribers.changes import Changes
from engine.subscribers.store import Changed, Refusal, Writer, change_some, check

MOST = 10_000
"""So many at once and no more."""

UNIT = 50
"""So many in one transaction: others wait for it."""

SETTINGS = (
    "group", "plan", "order_plan", "addon", "order_addon", "from_period", "state", "credit_limit",
    "fee_day",
)  # fmt: skip
"""What many can have alike; names of `Changes`."""

_AT_ONCE = 900


@dataclass(frozen=True, slots=True)
class Meant:
    """Who is about to be changed: how many there are, and the sum of their balances in minor
    units."""

    count: int
    balance: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many were changed, how many were so already, and who was not."""

    changed: int = 0
    same: int = 0
    refused: tuple[Refusal, ...] = ()

    @property
    def done(self) -> int:
        """How many were tried."""
        return self.changed + self.same + len(self.refused)

    def plus(self, answers: Sequence[Changed | Refusal]) -> Outcome:
        """With the answers of one more unit."""
        refused = [one for one in answers if isinstance(one, Refusal)]
        changed = sum(1 for one in answers if isinstance(one, Changed) and one.after)
        return Outcome(
            self.changed + changed,
            self.same + len(answers) - changed - len(refused),
            (*self.refused, *refused),
        )


def meant(database: Database, logins: Sequence[str], changes: Changes, writer: Writer) -> Meant:
    """What to tell before it is asked. Raises InputError for a change that nobody could have, for
    nobody and for too many."""
    if not any(getattr(changes, field.name) for field in fields(changes)):
        raise InputError("nothing to change was given, such as --state blocked.")
    if not 0 < len(logins) <= MOST:
        raise InputError(
            f"{len(logins)} subscribers are {'too many' if logins else 'nobody'}: from 1 to {MOST}"
            " can be changed at once. Nothing was changed."
        )
    check(database, changes, writer)
    count = balance = 0
    for start in range(0, len(logins), _AT_ONCE):
        part = logins[start : start + _AT_ONCE]
        row = database.row(
            "SELECT COUNT(*), COALESCE(SUM(a.balance), 0) FROM subscriber s"
            f" JOIN account a ON a.id = s.id WHERE s.login IN ({', '.join('?' * len(part))})",
            part,
        ) or (0, 0)
        count, balance = count + int(row[0]), balance + int(row[1])
    return Meant(count, balance)


def logins_of(database: Database, numbers: Sequence[int]) -> list[str]:
    """The logins of subscribers by their numbers, in that order."""
    found: dict[int, str] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        part = numbers[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(part))
        rows = database.rows(f"SELECT id, login FROM subscriber WHERE id IN ({marks})", part)
        found |= {int(number): str(login) for number, login in rows}
    return [found[number] for number in numbers if number in found]


def change_many(
    database: Database,
    logins: Sequence[str],
    changes: Changes,
    writer: Writer,
    step: Callable[[Outcome], None],
    stop: threading.Event,
) -> Outcome:
    """Changes them all, `step` being told after each unit. Raises Interrupted after `stop`: what
    was done stays, and a repeat finds it so already."""
    outcome = Outcome()
    for start in range(0, len(logins), UNIT):
        if stop.is_set():
            raise Interrupted(
                f"stopped after {outcome.done} of {len(logins)}: {outcome.changed} were changed and"
                " stay so. Run the same command again to go on."
            )
        part = logins[start : start + UNIT]
        outcome = outcome.plus(change_some(database, part, changes, writer))
        step(outcome)
    return outcome
