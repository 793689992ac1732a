"""A round over all subscribers: what a job finds in it is recorded as events, each once.

The ids are walked in ranges, a transaction for each. The keys of events tell what an earlier round
has recorded, so that one which was killed anywhere is simply made again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from engine.clock import Clock
from engine.config import Config
from engine.database import Database
from engine.errors import InputError
from engine.events.facts import Happened
from engine.events.plan import Moment
from engine.events.record import numbers_of, record
from engine.events.setup import rules_of
from engine.hooks import WorkHooks

RANGE = 1_000
"""Subscribers that are looked at in one transaction."""

Find = Callable[[int, int, Moment], list[Happened]]
"""What is to be recorded of the subscribers with `after < id <= upto`, whether it was before or
not; called in the transaction that records it."""


@dataclass(frozen=True)
class Rounds:
    """Rounds by the rules of a configuration, on one connection."""

    database: Database
    config: Config
    clock: Clock
    hooks: WorkHooks

    def moment(self) -> Moment:
        """Now."""
        billing = self.config.billing
        return Moment(self.clock.now_ms(), billing.timezone, billing.currency)

    def today(self) -> date:
        """The day of the billing time zone."""
        return self.moment().day

    def make(self, find: Find) -> int:
        """Makes a round and returns how many events it has recorded. Raises InputError where the
        configuration switches events off: recorded without their actions they would be spent."""
        if self.config.events.mode == "off":
            raise InputError(
                "events are off: mode = off in [events] of the configuration. Nothing was recorded."
            )
        database, hooks = self.database, self.hooks
        total = hooks.unit(lambda: database.integer("SELECT COUNT(*) FROM subscriber"))
        done = recorded = last = 0
        while not hooks.stop.is_set():

            def unit(after: int = last) -> tuple[int, int, int]:
                with database.transaction():
                    hooks.prove()
                    return self._range(find, after)

            last, seen, new = hooks.unit(unit)
            if not seen:
                break
            done += seen
            recorded += new
            hooks.progress(done, max(total, done))
        return recorded

    def _range(self, find: Find, after: int) -> tuple[int, int, int]:
        """Records what is found in the range of ids after this one: the range's last id, how many
        subscribers are in it, and how many events were recorded."""
        database, moment = self.database, self.moment()
        row = database.row(
            "SELECT MAX(id), COUNT(*) FROM (SELECT id FROM subscriber WHERE id > ?"
            " ORDER BY id LIMIT ?) r",
            (after, RANGE),
        )
        if row is None or row[0] is None:
            return after, 0, 0
        upto = int(row[0])
        found = find(after, upto, moment)
        known = numbers_of(database, [one.key for one in found])
        new = [one for one in found if one.key not in known]
        record(database, rules_of(self.config), moment, new)
        return upto, int(row[1]), len(new)
