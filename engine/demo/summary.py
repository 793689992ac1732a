"""What the demonstration has to show after its close."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.close.conditions import REASONS
from engine.database import Database
from engine.period import Period


@dataclass(frozen=True, slots=True)
class LargeCharge:
    """One of the largest charges, in minor units."""

    login: str
    name: str
    plan: str
    amount: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A subscriber that the close could not rate, and why."""

    login: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """The operator and its last month. Amounts in minor units; `statuses` counts subscribers by
    status; `blocked` are those over a limit without a price; `period_state` is closed or, while
    failures remain, closing. `worth_explaining` is the login with the most telling charge."""

    subscribers: int
    aliases: int
    entries: int
    postings: int
    periods_closed: int
    period: str
    period_state: str
    statuses: dict[str, int]
    amount: int
    blocked: int
    worth_explaining: str
    largest: list[LargeCharge] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def summarise(database: Database, period: Period) -> DemoSummary:
    """Reads the summary of a period that the close has been through."""
    month = str(period)
    statuses = dict.fromkeys(("charged", "exempt", "not_started", "failed"), 0)
    amount = blocked = 0
    for status, count, charged, marks in database.rows(
        "SELECT status, COUNT(*), SUM(amount), SUM(block) FROM close_record WHERE period = ?"
        " GROUP BY status",
        (month,),
    ):
        statuses[status] = int(count)
        amount += int(charged)
        blocked += int(marks)
    largest = _largest(database, month)
    return DemoSummary(
        subscribers=database.integer("SELECT COUNT(*) FROM subscriber"),
        aliases=database.integer("SELECT COUNT(*) FROM subscriber WHERE alias_of IS NOT NULL"),
        entries=database.integer("SELECT COUNT(*) FROM journal_entry"),
        postings=database.integer("SELECT COUNT(*) FROM posting"),
        periods_closed=database.integer(
            "SELECT COUNT(*) FROM billing_period WHERE state = 'closed'"
        ),
        period=month,
        period_state=str(
            database.value("SELECT state FROM billing_period WHERE period = ?", (month,))
        ),
        statuses=statuses,
        amount=amount,
        blocked=blocked,
        worth_explaining=_worth_explaining(database, month),
        largest=largest,
        failures=_failures(database, month),
    )


def _largest(database: Database, month: str) -> list[LargeCharge]:
    return [
        LargeCharge(*row)
        for row in database.rows(
            "SELECT s.login, s.name, p.name, c.amount FROM close_record c"
            " JOIN subscriber s ON s.id = c.subscriber_id JOIN plan p ON p.id = c.plan_id"
            " WHERE c.period = ? AND c.status = 'charged'"
            " ORDER BY c.amount DESC, s.id LIMIT 3",
            (month,),
        )
    ]


def _failures(database: Database, month: str) -> list[Failure]:
    return [
        Failure(login, name, REASONS.get(str(reason), str(reason)))
        for login, name, reason in database.rows(
            "SELECT s.login, s.name, c.reason FROM close_record c"
            " JOIN subscriber s ON s.id = c.subscriber_id"
            " WHERE c.period = ? AND c.status = 'failed' ORDER BY s.id",
            (month,),
        )
    ]


def _worth_explaining(database: Database, month: str) -> str:
    """A charge with usage over the package, services and a discount has the most to explain."""
    found = database.value(
        "SELECT s.login FROM close_record c JOIN subscriber s ON s.id = c.subscriber_id"
        " WHERE c.period = ? AND c.status = 'charged'"
        " ORDER BY EXISTS (SELECT 1 FROM plan_direction d WHERE d.plan_id = c.plan_id"
        " AND d.direction = 1 AND d.overage_price > 0 AND d.included_bytes BETWEEN 1 AND c.in1)"
        " DESC,"
        " EXISTS (SELECT 1 FROM discount x WHERE x.subscriber_id = s.id AND x.value < 100000000)"
        " DESC, EXISTS (SELECT 1 FROM subscriber_service v WHERE v.subscriber_id = s.id) DESC,"
        " s.id LIMIT 1",
        (month,),
    )
    return str(found or "")
