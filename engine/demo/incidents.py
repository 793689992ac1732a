"""The exceptions in a month of the demonstration: each through the command a person would give."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from random import Random

from peewee import Expression

from engine.clock import FixedClock
from engine.config import Config
from engine.database import Database
from engine.demo.bundle import Operator
from engine.demo.months import ACTOR
from engine.events.setup import rules_of
from engine.ledger.operations import Ledger
from engine.models.ledger import Account
from engine.models.subscribers import Subscriber, SubscriberGroup
from engine.period import Period
from engine.subscribers.changes import Changes
from engine.subscribers.store import Writer, change

# Plans that people change to.
_ORDERED = ("home-100", "home-300", "giga-1000", "saver-60")
_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS


def add_incidents(
    database: Database, config: Config, operator: Operator, seed: int, period: Period
) -> None:
    """Refunds, corrections, a payment by mistake that is taken back, a debt that is given up, and
    orders of another plan."""
    rng = Random(f"billdeck incidents {seed} {period}")
    clock = FixedClock(period.start_ms(config.billing.timezone) + 24 * _DAY_MS + 10 * _HOUR_MS)
    ledger = Ledger(database, config.billing, clock, ACTOR, 5, rules_of(config))
    # Keys of our own: those that the ledger makes are random.
    keys = (f"demo:{period}:incident:{number}" for number in count(1))
    in_use, balances = Subscriber.state == "active", Account.balance
    orderers = in_use & Subscriber.ordered_plan_from.is_null() & (SubscriberGroup.code == "town")

    def chosen(condition: Expression, how_many: int) -> Iterator[tuple[str, int]]:
        known = _balances(database, condition)
        for login, balance in rng.sample(known, min(how_many, len(known))):
            clock.advance(rng.randint(5, 90) * _MINUTE_MS)
            yield login, balance

    for login, balance in chosen(in_use & (balances >= 100_000), 3):
        half = balance // 20_000 * 10_000
        ledger.refund(login, half, comment="возврат части аванса по заявлению", key=next(keys))
    for login, _ in chosen(in_use & (balances > -200_000), 4):
        days = rng.randint(1, 6)
        comment = f"перерасчёт: не было связи, дней: {days}"
        ledger.correct(login, days * 1_850, comment=comment, key=next(keys))
    for login, _ in chosen(in_use & (balances > 0), 1):
        wrong = ledger.payment(login, 50_000, comment="касса офиса", key=next(keys))
        clock.advance(12 * _MINUTE_MS)
        reason = "ошибка кассира: платёж другого абонента"
        ledger.reverse(wrong.entry_id, comment=reason, key=next(keys))
    for login, balance in chosen((Subscriber.state == "deleted") & (balances < 0), 1):
        comment = "безнадёжный долг, договор расторгнут"
        ledger.writeoff(login, -balance, comment=comment, key=next(keys))
    for login, _ in chosen(orderers, len(operator.subscribers) // 300 + 1):
        plan = rng.choice(_ORDERED)
        writer = Writer.of(config, ACTOR, clock.now_ms())
        change(database, login, Changes(order_plan=plan), writer)


def _balances(database: Database, condition: Expression) -> list[tuple[str, int]]:
    """Login and balance of the charged main subscribers that a condition is true for."""
    found = Subscriber.select(Subscriber.login, Account.balance).join(SubscriberGroup)
    found = found.join_from(Subscriber, Account).order_by(Subscriber.account)
    found = found.where(SubscriberGroup.charge == 1, Subscriber.alias_of.is_null(), condition)
    return [(row.login, row.account.balance or 0) for row in database.objects(found)]
