"""One chunk of a month close: the subscribers of a range of ids, in one transaction.

What `engine.close.decide` decides is written with a few statements for all of the range: late usage
of earlier periods, balances, one charge entry with a posting per subscriber and one per revenue
account, close records, carried usage, ordered plans. Subscribers that have a record already are not
decided again, so a chunk can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.close.ahead import ReadAhead
from engine.close.conditions import ConditionsBook, Tariff
from engine.close.decide import Decider, Decision
from engine.close.late import LateUsage
from engine.close.rating import NO_BYTES
from engine.close.statements import CARRIED_COLUMNS, WORK_COLUMNS, Statements, make
from engine.close.switched import SwitchEvents
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


class ChunkResult(NamedTuple):
    """What a chunk did: decisions in order of subscriber, and how many failed ones of an earlier
    run were tried again."""

    decisions: list[Decision]
    retried: int


def together(attempts: Sequence[ChunkResult]) -> ChunkResult:
    """What a chunk did that took several attempts: one whose commit was carried out, though the
    answer was lost, leaves only its failed ones to the next."""
    decisions = {one.subscriber_id: one for result in attempts for one in result.decisions}
    return ChunkResult(list(decisions.values()), attempts[0].retried)


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


Span = tuple[int, int]
"""A range of subscriber ids: after the first, up to the second."""


class Chunk:
    """Closes ranges of subscribers for one period over one connection."""

    def __init__(
        self,
        database: Database,
        book: ConditionsBook,
        period: Period,
        late: LateUsage,
        switched: SwitchEvents,
        read_ahead: bool = False,
    ) -> None:
        self._database = database
        self._period = str(period)
        self._next = str(period.next())
        self._late = late
        self._switched = switched
        self._sql: Statements = make(database.dialect)
        self._decider = Decider(database, book, period, self._sql)
        self._ahead = ReadAhead(database, self._decider) if read_ahead else None

    def close(
        self,
        span: Span,
        following: Span,
        dating: Dating,
        inside: Callable[[ChunkResult], None],
        keep: bool = True,
    ) -> ChunkResult:
        """Closes the subscribers of a range in one transaction.

        `following` is the range to come next. `inside` is called with the result before the commit;
        an error of it undoes the chunk. `keep` False rolls everything back (a dry run).
        """
        tariffs: set[Tariff] = set()
        terms: dict[str, int] = {}
        with self._database.transaction(keep):
            self._late.move(*span)
            decisions = self._ahead.take(*span) if self._ahead else None
            if decisions is None:
                decisions = self._decider.decide(*span)
            retried = 0
            if decisions:
                tariffs = {one.conditions.tariff for one in decisions if one.conditions.tariff}
                terms = store_terms(self._database, tariffs)
                retried = self._write(decisions, terms, span, following, dating)
            result = ChunkResult(decisions, retried)
            inside(result)
        if keep:
            keep_terms(tariffs, terms)
        return result

    def end(self) -> None:
        """Gives back what reading ahead needed."""
        if self._ahead:
            self._ahead.close()

    def _write(
        self,
        decisions: list[Decision],
        terms: dict[str, int],
        span: Span,
        following: Span,
        dating: Dating,
    ) -> int:
        database, sql, period = self._database, self._sql, self._period
        retried = int(database.execute(sql.forget_failed, (period, *span)).rowcount)
        database.execute(sql.create_work)
        database.execute(sql.clear_work)
        work, sums = _work_rows(decisions, terms)
        database.fill("close_work", WORK_COLUMNS, work)
        carried = [
            (self._next, one.subscriber_id, *one.charge.carried)
            for one in decisions
            if one.charge.carried is not NO_BYTES and any(one.charge.carried)
        ]
        if carried:
            database.fill("carried_usage", CARRIED_COLUMNS, carried)
        # From here on the database works and Python waits.
        if self._ahead and following[0] < following[1]:
            self._ahead.start(*following)
        # Balances before postings: whoever moves money locks accounts first.
        database.execute(sql.balances, (*span, *span))
        entry_id = self._post(decisions, sums, span, dating)
        database.execute(sql.records, (entry_id, span[0], period))
        if any(one.conditions.switches for one in decisions):
            database.execute(sql.switch, (period, *span))
            if database.value(sql.any_alias, span):
                database.execute(sql.switch_aliases, (period, *span))
            self._switched.record(decisions, dating.recorded_at, dating.actor)
        return retried

    def _post(
        self, decisions: list[Decision], sums: Sums, span: Span, dating: Dating
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
