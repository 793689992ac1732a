"""Deciding: what a close does with each subscriber of a range. Reads, and writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.close.conditions import Conditions, ConditionsBook, Discounts, Services
from engine.close.rating import NO_BYTES, Charge, Discount, Four
from engine.close.statements import Statements
from engine.database import Database, Row
from engine.period import Period

# No charge before discounts may be more (minor units): a mistake in a price or in the usage, and
# the sums of a chunk must fit 64 bits.
MOST_CHARGED = 10**13

_NOTHING = Charge(0, 0, 0, 0, 0, 0, False, NO_BYTES)
_IDLE: Sequence[int] = (0,) * 8


class Decision(NamedTuple):
    """What a close does with one subscriber."""

    subscriber_id: int
    conditions: Conditions
    charge: Charge


# What `Decision(...)` does, without the call in between: a close makes a million of them.
_tuple = tuple.__new__


class Decider:
    """Decides for one period. Each thread that calls `decide` uses a connection of its own."""

    def __init__(
        self, database: Database, book: ConditionsBook, period: Period, sql: Statements
    ) -> None:
        self._database = database
        self._book = book
        self._period = str(period)
        self._days = (period.last_day().isoformat(), period.first_day().isoformat())
        self._sql = sql

    def decide(self, after: int, upto: int) -> list[Decision]:
        """Decisions for the subscribers with `after < id <= upto` that are not closed yet, in order
        of id. In a transaction, what was read stays as it is until its end."""
        database, sql, period = self._database, self._sql, self._period
        rows = database.rows(sql.read, (*self._days, period, period, after, upto))
        if not rows:
            return []
        extras = self._extras(after, upto)
        credits: dict[int, Four] = {
            row[0]: (row[1], row[2], row[3], row[4])
            for row in database.rows(sql.credits, (period, after, upto))
        }
        of, numbers_of = self._book.of, database.dialect.numbers_of
        decisions = []
        for subscriber_id, packed, *numbers in rows:
            extra = extras.get(subscriber_id)
            conditions = of(packed, *extra) if extra else of(packed)
            if conditions.tariff is None:
                charge = _NOTHING
            else:
                credit = credits.get(subscriber_id, NO_BYTES)
                charge = conditions.tariff.rating.rate(numbers_of(numbers) or _IDLE, credit)
                if charge.amount + charge.discounts > MOST_CHARGED:
                    conditions, charge = conditions.failing("amount_too_large"), _NOTHING
            decisions.append(_tuple(Decision, (subscriber_id, conditions, charge)))
        return decisions

    def _extras(self, after: int, upto: int) -> dict[int, tuple[Services, Discounts]]:
        """Services and discounts of those in the range who have any."""
        database, sql = self._database, self._sql
        services = database.rows(sql.services, (after, upto))
        return extras_of(services, database.rows(sql.discounts, (after, upto)))


def extras_of(
    services: Sequence[Row], discounts: Sequence[Row]
) -> dict[int, tuple[Services, Discounts]]:
    """Services and discounts by subscriber, from rows (subscriber, service) and rows (subscriber,
    scope, kind, value)."""
    have: dict[int, Services] = {}
    for subscriber_id, service_id in services:
        have[subscriber_id] = (*have.get(subscriber_id, ()), service_id)
    off: dict[int, Discounts] = {}
    for subscriber_id, *discount in discounts:
        off[subscriber_id] = (*off.get(subscriber_id, ()), Discount._make(discount))
    return {
        subscriber_id: (have.get(subscriber_id, ()), off.get(subscriber_id, ()))
        for subscriber_id in have.keys() | off.keys()
    }
