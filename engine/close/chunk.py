"""One chunk of a month close: the subscribers of a range of ids, in one transaction.

Read everything about the range, decide in Python, write with a few statements for all of it: late
usage of earlier periods, balances, one charge entry with a posting per subscriber and one per
revenue account, close records, carried usage, ordered plans. Subscribers that have a record already
are not read, so a chunk can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.close.conditions import Conditions, ConditionsBook, Discounts, Services, Tariff
from engine.close.late import LateUsage
from engine.close.rating import NO_BYTES, Charge, Discount, Four
from engine.close.statements import Statements, make
from engine.close.terms import keep_terms, store_terms
from engine.database import Database, Row
from engine.ledger.accounts import (
    DISCOUNTS,
    REVENUE_PLANS,
    REVENUE_RENT,
    REVENUE_SERVICES,
    REVENUE_USAGE,
)
from engine.ledger.journal import new_entry
from engine.period import Period

_NOTHING = Charge(0, 0, 0, 0, 0, 0, False, NO_BYTES)
_IDLE: Sequence[int] = (0,) * 8


class Decision(NamedTuple):
    """What a close does with one subscriber."""

    subscriber_id: int
    conditions: Conditions
    charge: Charge


class ChunkResult(NamedTuple):
    """What a chunk did: decisions in order of subscriber, and how many failed ones of an earlier
    run were tried again."""

    decisions: list[Decision]
    retried: int


class Sums(NamedTuple):
    """A chunk's charges by revenue account, in minor units."""

    plans: int
    services: int
    rent: int
    usage: int
    discounts: int


class Dating(NamedTuple):
    """What a charge entry carries besides money: its date (epoch ms) and who runs the close."""

    effective_at: int
    recorded_at: int
    actor: str


class Chunk:
    """Closes ranges of subscribers for one period over one connection."""

    def __init__(
        self,
        database: Database,
        book: ConditionsBook,
        period: Period,
        late: LateUsage,
    ) -> None:
        self._database = database
        self._book = book
        self._period = str(period)
        self._next = str(period.next())
        self._days = (period.last_day().isoformat(), period.first_day().isoformat())
        self._late = late
        self._sql: Statements = make(database.dialect)

    def close(
        self,
        after: int,
        upto: int,
        dating: Dating,
        inside: Callable[[ChunkResult], None],
        keep: bool = True,
    ) -> ChunkResult:
        """Closes the subscribers with `after < id <= upto` in one transaction.

        `inside` is called with the result before the commit; an error of it undoes the chunk.
        `keep` False rolls everything back (a dry run).
        """
        tariffs: set[Tariff] = set()
        terms: dict[str, int] = {}
        with self._database.transaction(keep):
            self._late.move(after, upto)
            decisions = self._decide(after, upto)
            retried = 0
            if decisions:
                tariffs = {one.conditions.tariff for one in decisions if one.conditions.tariff}
                terms = store_terms(self._database, tariffs)
                retried = self._write(decisions, terms, (after, upto), dating)
            result = ChunkResult(decisions, retried)
            inside(result)
        if keep:
            keep_terms(tariffs, terms)
        return result

    def _decide(self, after: int, upto: int) -> list[Decision]:
        database, sql, period = self._database, self._sql, self._period
        rows = database.rows(sql.read, (*self._days, period, period, after, upto))
        if not rows:
            return []
        extras = self._extras(after, upto)
        credits: dict[int, Four] = {
            row[0]: (row[1], row[2], row[3], row[4])
            for row in database.rows(sql.credits, (period, after, upto))
        }
        of = self._book.of
        decisions = []
        for subscriber_id, packed, authorised, *usage in rows:
            extra = extras.get(subscriber_id)
            conditions = of(packed, *extra) if extra else of(packed)
            if conditions.tariff is None:
                charge = _NOTHING
            else:
                credit = credits.get(subscriber_id, NO_BYTES)
                used = _IDLE if authorised is None else usage
                charge = conditions.tariff.rating.rate(used, credit)
            decisions.append(Decision(subscriber_id, conditions, charge))
        return decisions

    def _extras(self, after: int, upto: int) -> dict[int, tuple[Services, Discounts]]:
        """Services and discounts of those in the range who have any."""
        database, sql = self._database, self._sql
        services: dict[int, Services] = {}
        for subscriber_id, service_id in database.rows(sql.services, (after, upto)):
            services[subscriber_id] = (*services.get(subscriber_id, ()), service_id)
        discounts: dict[int, Discounts] = {}
        for subscriber_id, *discount in database.rows(sql.discounts, (after, upto)):
            more = Discount._make(discount)
            discounts[subscriber_id] = (*discounts.get(subscriber_id, ()), more)
        return {
            subscriber_id: (services.get(subscriber_id, ()), discounts.get(subscriber_id, ()))
            for subscriber_id in services.keys() | discounts.keys()
        }

    def _write(
        self,
        decisions: list[Decision],
        terms: dict[str, int],
        span: tuple[int, int],
        dating: Dating,
    ) -> int:
        database, sql, period = self._database, self._sql, self._period
        retried = int(database.execute(sql.forget_failed, (period, *span)).rowcount)
        database.execute(sql.create_work)
        database.execute(sql.clear_work)
        work, sums = _work_rows(decisions, terms)
        database.write_many(sql.fill_work, work)
        # Balances before postings: whoever moves money locks accounts first.
        database.execute(sql.balances, (*span, *span))
        entry_id = self._post(decisions, sums, span, dating)
        database.execute(sql.records, (entry_id, span[0], *span, *span, period))
        carried = [
            (self._next, one.subscriber_id, *one.charge.carried)
            for one in decisions
            if one.charge.carried is not NO_BYTES and any(one.charge.carried)
        ]
        if carried:
            database.write_many(sql.carry, carried)
        if any(one.conditions.switches for one in decisions):
            database.execute(sql.switch, (period, *span))
            database.execute(sql.switch_aliases, (period, *span))
        return retried

    def _post(
        self, decisions: list[Decision], sums: Sums, span: tuple[int, int], dating: Dating
    ) -> int | None:
        """The charge entry: a posting per charged subscriber, then one per revenue account.
        None when nobody is charged."""
        first = next((one.subscriber_id for one in decisions if one.conditions.tariff), None)
        if first is None:
            return None
        database = self._database
        entry_id = new_entry(
            database,
            kind="charge",
            # A subscriber is charged once in a period, so the first one makes the key unique.
            key=f"close:{self._period}:{first}",
            content_hash="",
            effective_at=dating.effective_at,
            recorded_at=dating.recorded_at,
            actor=dating.actor,
            comment=f"month close {self._period}",
        )
        after, upto = span
        database.execute(self._sql.postings, (entry_id, after))
        revenue = (
            (REVENUE_PLANS, sums.plans),
            (REVENUE_SERVICES, sums.services),
            (REVENUE_RENT, sums.rent),
            (REVENUE_USAGE, sums.usage),
            (DISCOUNTS, -sums.discounts),
        )
        database.write_many(
            "INSERT INTO posting (entry_id, line, account_id, amount) VALUES (?, ?, ?, ?)",
            [
                (entry_id, upto - after + number, account, amount)
                for number, (account, amount) in enumerate(revenue, start=1)
                if amount or account == REVENUE_PLANS
            ],
        )
        return entry_id


def _work_rows(decisions: list[Decision], terms: dict[str, int]) -> tuple[list[Row], Sums]:
    """The rows of the work table, and the sums of the charges."""
    rows: list[Row] = []
    plans = services = rent = usage = discounts = 0
    for subscriber_id, conditions, charge in decisions:
        tariff = conditions.tariff
        if tariff is None:
            outcome = conditions.reason or conditions.status
            rows.append((subscriber_id, 0, 0, 0, None, outcome))
            continue
        amount, for_plans, for_services, for_rent, for_usage, taken_off, block, _ = charge
        plans += for_plans
        services += for_services
        rent += for_rent
        usage += for_usage
        discounts += taken_off
        terms_id = tariff.terms_id or terms[tariff.digest]
        rows.append((subscriber_id, amount, block, conditions.switches, terms_id, None))
    return rows, Sums(plans, services, rent, usage, discounts)
