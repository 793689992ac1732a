"""Billing periods for people: what each close did, and who failed in it.

How one charge came about is told by `engine.close.explain.explain`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from engine.close.conditions import REASONS
from engine.close.run import StatusSum
from engine.database import Database
from engine.ledger.accounts import (
    DISCOUNTS,
    REVENUE_PLANS,
    REVENUE_RENT,
    REVENUE_SERVICES,
    REVENUE_USAGE,
)

# The event of a close is written in the transaction that ends it, a moment after `closed_at`.
_EVENT_WITHIN_MS = 60_000
# What a charge is booked to: their sum is the sum of the charges.
_REVENUE = (REVENUE_PLANS, REVENUE_SERVICES, REVENUE_RENT, REVENUE_USAGE, DISCOUNTS)


@dataclass(frozen=True, slots=True)
class PeriodLine:
    """A period. `state` is open, closing or closed, `closed_at` epoch milliseconds.

    `statuses` has what its close did so far, by status (charged, exempt, not_started, failed); it
    is empty for an open period. `late_in` and `late_out` count the subscribers' late usage that was
    moved into and out of it; `late_waits`: some may still have to be moved out.
    """

    period: str
    state: str
    closed_at: int | None
    statuses: Mapping[str, StatusSum]
    late_in: int
    late_out: int
    late_waits: bool

    @property
    def charged(self) -> StatusSum:
        """How many were charged, how much in minor units, how many of them are to be blocked."""
        return self.statuses.get("charged", StatusSum(0, 0, 0))

    @property
    def failed(self) -> int:
        """How many could not be charged."""
        return self.statuses.get("failed", StatusSum(0, 0, 0)).subscribers


@dataclass(frozen=True, slots=True)
class Failure:
    """Somebody whom the close of a period could not charge; `reason` in words."""

    number: int
    login: str
    name: str
    plan: str | None
    reason: str


def periods(
    database: Database,
    limit: int = 60,
    counted: Mapping[str, Mapping[str, StatusSum]] | None = None,
) -> list[PeriodLine]:
    """The newest periods, newest first. A closing one is counted, in a few hundred milliseconds
    for a million subscribers, unless it is among `counted`; the others are quick."""
    moved_in, moved_out = _late(database)
    found = database.rows(
        "SELECT period, state, closed_at, usage_version > swept_version FROM billing_period"
        " ORDER BY period DESC LIMIT ?",
        (limit,),
    )
    lines = []
    for period, state, closed_at, unswept in found:
        statuses: Mapping[str, StatusSum] | None = {}
        if state == "closed":
            statuses = _as_reported(database, period, closed_at)
        if state == "closing":
            statuses = (counted or {}).get(period)
        if statuses is None:
            statuses = count_statuses(database, period)
        lines.append(
            PeriodLine(
                period,
                state,
                closed_at,
                statuses,
                moved_in.get(period, 0),
                moved_out.get(period, 0),
                state == "closed" and bool(unswept),
            )
        )
    return lines


def count_statuses(database: Database, period: str) -> dict[str, StatusSum]:
    """What the close of a period has done so far, from an index and the journal."""
    statuses: dict[str, StatusSum] = {}
    for status in ("charged", "exempt", "failed", "not_started"):
        count, blocked = database.row(
            "SELECT COUNT(*), COALESCE(SUM(block), 0) FROM close_record"
            " WHERE status = ? AND period = ?",
            (status, period),
        ) or (0, 0)
        if count:
            amount = _charged(database, period) if status == "charged" else 0
            statuses[status] = StatusSum(int(count), amount, int(blocked))
    return statuses


def _charged(database: Database, period: str) -> int:
    """The charges of a period in minor units: what its entries brought to our accounts. They have
    a few lines for thousands of subscribers'."""
    return database.integer(
        f"SELECT SUM(p.amount) FROM journal_entry e {database.dialect.ordered_join} posting p"
        " ON p.entry_id = e.id AND p.account_id IN (?, ?, ?, ?, ?)"
        " WHERE e.entry_key >= ? AND e.entry_key < ?",
        (*_REVENUE, f"close:{period}:", f"close:{period};"),
    )


def _as_reported(
    database: Database, period: str, closed_at: int | None
) -> dict[str, StatusSum] | None:
    """What the close reported when it ended the period; None without its event."""
    if closed_at is None:
        return None
    details = database.value(
        "SELECT details FROM system_event WHERE at >= ? AND at <= ? AND kind = 'month_close'"
        " AND subject = ? ORDER BY at DESC, id DESC LIMIT 1",
        (closed_at, closed_at + _EVENT_WITHIN_MS, period),
    )
    if details is None:
        return None
    statuses = json.loads(details)["statuses"]
    return {status: StatusSum(**sums) for status, sums in statuses.items()}


def _late(database: Database) -> tuple[dict[str, int], dict[str, int]]:
    """How much late usage was moved, by the period into which and out of which."""
    into: dict[str, int] = {}
    out_of: dict[str, int] = {}
    for source, target, count in database.rows(
        "SELECT from_period, to_period, COUNT(*) FROM late_usage GROUP BY from_period, to_period"
    ):
        into[target] = into.get(target, 0) + int(count)
        out_of[source] = out_of.get(source, 0) + int(count)
    return into, out_of


def failures(database: Database, period: str, after: int = 0, limit: int = 200) -> list[Failure]:
    """Those whom the close could not charge, in the order of their numbers, from the one after the
    subscriber number `after` on."""
    rows = database.rows(
        "SELECT c.subscriber_id, s.login, s.name, p.code, c.reason FROM close_record c"
        f" {database.dialect.ordered_join} subscriber s ON s.id = c.subscriber_id"
        " LEFT JOIN plan p ON p.id = c.plan_id"
        " WHERE c.status = 'failed' AND c.period = ? AND c.block = 0 AND c.subscriber_id > ?"
        " ORDER BY c.subscriber_id LIMIT ?",
        (period, after, limit),
    )
    return [
        Failure(number, login, name, plan, REASONS.get(str(reason), str(reason)))
        for number, login, name, plan, reason in rows
    ]
