"""Who pays when and how much in a month of the demonstration. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from engine.demo.bundle import Payer
from engine.ledger.vat import WHOLE
from engine.money import round_half_up_div
from engine.period import Period

_ROUBLE = 100
_WAYS = ("банковская карта", "СБП", "терминал", "касса офиса на ул. Ленина", "мобильный перевод")
_WAY_SHARES = (46, 27, 13, 9, 5)
_DAY_SECONDS = 86_400
# Nobody pays in the first quarter of an hour of a month, while the month before is closed.
_QUIET_SECONDS = 900


@dataclass(frozen=True, slots=True)
class PaidBy:
    """One who may pay: `balance` and `owed`, what a month costs, in minor units. `vat_rate` is in
    basis points, for one who pays on invoices that add VAT; 0 for a private person."""

    subscriber_id: int
    login: str
    payer: Payer
    vat_rate: int
    balance: int
    owed: int


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment: minor units, milliseconds after the period's start, how it was paid. `with_vat`:
    paid on an invoice that shows VAT."""

    subscriber_id: int
    login: str
    amount: int
    after_ms: int
    comment: str
    with_vat: bool


def month_of_payments(
    rng: Random, period: Period, until_day: int, payers: list[PaidBy]
) -> list[Payment]:
    """The payments of the days 1 to `until_day`, in order of time."""
    made: list[Payment] = []
    for who in payers:
        amount = _amount(rng, who)
        day = _day(rng, who.payer, period.days)
        second = rng.randint(_QUIET_SECONDS, _DAY_SECONDS - 1)
        way = rng.choices(_WAYS, _WAY_SHARES)[0]
        if who.vat_rate:
            way = f"платёжное поручение № {rng.randint(10, 4999)}"
            amount += vat_on_top(amount, who.vat_rate)
        if amount > 0 and day <= until_day:
            after_ms = ((day - 1) * _DAY_SECONDS + second) * 1000
            made.append(
                Payment(who.subscriber_id, who.login, amount, after_ms, way, who.vat_rate > 0)
            )
    return sorted(made, key=lambda payment: (payment.after_ms, payment.subscriber_id))


def _amount(rng: Random, who: PaidBy) -> int:
    """What is paid this month, 0 for nothing."""
    if who.owed == 0:
        return 0
    missing = who.owed - who.balance
    if who.payer == "debtor":
        return up(who.owed // 2, 100) if rng.random() < 0.06 else 0
    if who.payer == "careless":
        return up(max(missing, who.owed), 100) if rng.random() < 0.45 else 0
    if missing <= 0:
        return 0
    if who.payer == "round":
        return up(missing, 500)
    if who.payer == "ahead":
        return up(missing + 2 * who.owed, 100)
    return missing if rng.random() < 0.3 else up(missing, 10)


def _day(rng: Random, payer: Payer, days: int) -> int:
    """The day of the month: steady payers early, the others whenever."""
    if payer == "steady":
        return min(rng.randint(1, 25), rng.randint(1, 25))
    return rng.randint(1, days)


def vat_on_top(amount: int, basis_points: int) -> int:
    """The VAT that an invoice adds to a sum, in minor units."""
    return round_half_up_div(amount * basis_points, WHOLE)


def up(amount: int, roubles: int) -> int:
    """An amount rounded up to whole multiples of so many roubles."""
    step = roubles * _ROUBLE
    return -(-amount // step) * step
