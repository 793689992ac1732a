"""What happens in a month of the demonstration, written into its database set by set."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from engine.config import BillingConfig
from engine.database import Database
from engine.demo.bundle import Operator
from engine.demo.catalogue import plan_by_code
from engine.demo.payments import PaidBy, Payment, month_of_payments
from engine.demo.usage import Usage, usage_by_login
from engine.ledger.accounts import CASH, VAT
from engine.ledger.journal import content_hash, new_entry, post
from engine.ledger.vat import vat_within
from engine.money import parse_price
from engine.period import Period

ACTOR = "demo"


def add_usage(database: Database, operator: Operator, seed: int, period: Period) -> None:
    """The usage of a period, on the plans that the subscribers have now; an alias's is added to
    its main subscriber's."""
    plans: dict[str, str] = {}
    mains: dict[str, int] = {}
    for login, main, code in database.rows(
        "SELECT s.login, COALESCE(s.alias_of, s.id), p.code FROM subscriber s"
        " LEFT JOIN plan p ON p.id = s.plan_id ORDER BY s.id"
    ):
        mains[login] = main
        plans[login] = code or ""
    rows = _by_main(usage_by_login(operator, seed, period, plans), mains)
    with database.transaction():
        if not database.value("SELECT 1 FROM billing_period WHERE period = ?", (str(period),)):
            database.execute(
                "INSERT INTO billing_period (period, state) VALUES (?, 'open')", (str(period),)
            )
        database.execute(
            "UPDATE billing_period SET usage_version = usage_version + 1 WHERE period = ?",
            (str(period),),
        )
        database.write_many(
            "INSERT INTO period_usage (period, subscriber_id, in1, out1, in2, out2, in3, out3,"
            " in4, out4) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(str(period), main, *usage) for main, usage in sorted(rows.items())],
        )


def _by_main(usage: Mapping[str, Usage], mains: Mapping[str, int]) -> dict[int, list[int]]:
    sums: dict[int, list[int]] = {}
    for login, counts in usage.items():
        own = sums.setdefault(mains[login], [0] * 8)
        for place, count in enumerate(counts):
            own[place] += count
    return sums


def add_payments(
    database: Database, billing: BillingConfig, operator: Operator, seed: int, period: Period,
    until_day: int,
) -> None:  # fmt: skip
    """The payments of the days 1 to `until_day` of a period, in one transaction. Each is dated and
    recorded at its own moment, as the payment system of an operator does it."""
    start = period.start_ms(billing.timezone)
    rate = billing.vat_on(period.first_day())
    payers = _payers(database, operator, period, rate)
    rng = Random(f"billdeck payments {seed} {period}")
    payments = month_of_payments(rng, period, until_day, payers)
    with database.transaction():
        for number, payment in enumerate(payments, start=1):
            _pay(database, payment, f"demo:{period}:{number}", start + payment.after_ms, rate)


def _pay(database: Database, payment: Payment, key: str, at: int, rate: int) -> None:
    """One payment, with the postings and the hash that the command `payment` would give it."""
    tax = vat_within(payment.amount, rate) if payment.with_vat else 0
    way = "standard" if payment.with_vat else None
    known = content_hash("payment", payment.login, payment.amount, way, at, payment.comment)
    entry = new_entry(database, "payment", key, known, at, at, ACTOR, payment.comment)
    lines = [(payment.subscriber_id, payment.amount), (CASH, -payment.amount)]
    if tax:
        lines[1:1] = [(payment.subscriber_id, -tax)]
        lines.append((VAT, tax))
    post(database, entry, lines)


def _payers(database: Database, operator: Operator, period: Period, rate: int) -> list[PaidBy]:
    """Everybody who uses the service, with the balance and what the last month cost; before the
    first charge, what the plan costs."""
    by_login = {subscriber.login: subscriber for subscriber in operator.subscribers}
    fees = {code: parse_price(plan.monthly_fee) // 10_000 for code, plan in plan_by_code().items()}
    found = []
    for subscriber_id, login, code, group, balance, charged in database.rows(
        "SELECT s.id, s.login, p.code, g.code, a.balance, c.amount FROM subscriber s"
        " JOIN account a ON a.id = s.id JOIN subscriber_group g ON g.id = s.group_id"
        " LEFT JOIN plan p ON p.id = s.plan_id"
        " LEFT JOIN close_record c ON c.period = ? AND c.subscriber_id = s.id"
        " AND c.status = 'charged'"
        " WHERE s.alias_of IS NULL AND g.charge = 1 ORDER BY s.id",
        (str(period.previous()),),
    ):
        subscriber = by_login[login]
        if subscriber.uses_in(period):
            owed = charged or fees.get(code, 0)
            vat_rate = rate if group == "business" else 0
            found.append(PaidBy(subscriber_id, login, subscriber.payer, vat_rate, balance, owed))
    return found
