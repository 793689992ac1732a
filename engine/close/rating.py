"""Rating: what a subscriber owes for a period, from the terms and the usage. Pure and exact.

All arithmetic is in whole numbers. A cost is counted in units of 10^-20 of the main unit, so that a
fee (10^-6) times a share of the month (10^-2), or bytes times a price per megabyte (10^-12) times
the share and a ratio (10^-6), need no rounding. Rounding is half-up in three places only: the share
of the month to two places, each discount to the minor unit, the amount to the minor unit.

Carried usage, the whole rule: with `carry_over` set, a direction that is neither unlimited nor
folded into direction 1 carries `included * k - max(0, used - credit)` bytes, rounded down, never
below 0. They are the next period's `credit`, spent before that period's own allowance
(`included * k + credit`), and gone after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import add
from typing import NamedTuple

from engine.money import round_half_up_div

Four = tuple[int, int, int, int]

# Units of cost in one minor unit (0.01 of the main unit).
_MINOR = 10**18
# A fee in millionths times a share in hundredths, in units of cost.
_FEE = 10**12
# A hundredth of a byte times a price in millionths per megabyte, in units of cost.
_BYTES = 10**6
# 100 percent in millionths of a percent.
_WHOLE = 100_000_000

# An allowance that no usage reaches, in hundredths of a byte.
_UNLIMITED = 10**40

NO_BYTES: Four = (0, 0, 0, 0)

# What `Charge(...)` does, without the call in between: a close makes a million of them.
_tuple = tuple.__new__

_COUNT: dict[str, Callable[[int, int], int]] = {
    "in": lambda bytes_in, _: bytes_in,
    "out": lambda _, bytes_out: bytes_out,
    "sum": add,
    "max": max,
}


class Direction(NamedTuple):
    """A direction of a plan: `included` bytes (None: unlimited), `price` in millionths per
    megabyte over them, `counts` in, out, sum or max."""

    included: int | None
    price: int
    counts: str


class Discount(NamedTuple):
    """`scope` all, plan, services or rent; `kind` percent (millionths of a percent) or fixed
    (minor units)."""

    scope: str
    kind: str
    value: int


class Terms(NamedTuple):
    """All that a charge depends on besides usage. Fees in millionths; `services` and `rents` are
    sums of monthly fees; `start_day` 1 to 31 in the month of the first use, else 0."""

    fee: int
    directions: tuple[Direction, Direction, Direction, Direction]
    ratio: int = 0
    carry_over: bool = False
    addon_fee: int = 0
    services: int = 0
    rents: int = 0
    start_day: int = 0
    discounts: tuple[Discount, ...] = ()


class Charge(NamedTuple):
    """The outcome, in minor units: `amount` = plans + services + rent + usage - discounts.

    `block`: over a limit that has no price. `carried`: bytes for the next period by direction.
    """

    amount: int
    plans: int
    services: int
    rent: int
    usage: int
    discounts: int
    block: bool
    carried: Four


def share_of_month(start_day: int) -> int:
    """The share k in hundredths: (32 - start_day) / 31 rounded half-up, 100 without a start day."""
    if start_day == 0:
        return 100
    return round_half_up_div((32 - start_day) * 100, 31)


class Rating:
    """Terms prepared for many subscribers: what does not depend on usage is computed once."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        k = share_of_month(terms.start_day)
        bases = {
            "plan": (terms.fee + terms.addon_fee) * k * _FEE,
            "services": terms.services * 100 * _FEE,
            "rent": terms.rents * 100 * _FEE,
        }
        self._fees = sum(bases.values())
        self._services = _minor(bases["services"])
        self._rent = _minor(bases["rent"])
        # Within a scope the percent comes before the fixed sum.
        ordered = sorted(terms.discounts, key=lambda one: one.kind != "percent")
        self._scoped = sum(
            taken_in_turn([one for one in ordered if one.scope == scope], base)
            for scope, base in bases.items()
        )
        self._on_all = [one for one in ordered if one.scope == "all"]
        self._count = tuple(_COUNT[direction.counts] for direction in terms.directions)
        self._prices = tuple(direction.price for direction in terms.directions)
        self._folded = tuple(price == 0 for price in self._prices[1:])
        # Allowances in hundredths of a byte.
        self._allowances = tuple(
            _UNLIMITED if direction.included is None else direction.included * k
            for direction in terms.directions
        )
        # Within the allowances (the commonest month) everybody pays the same.
        self._within = self._charge(0, False, NO_BYTES)

    def rate(self, usage: Sequence[int], credit: Four = NO_BYTES) -> Charge:
        """The charge for a period.

        `usage` is in1, out1 ... in4, out4 in bytes; `credit` the bytes carried into the period.
        """
        used1, used2, used3, used4 = used = self._used(usage)
        price1, price2, price3, price4 = self._prices
        allowance1, allowance2, allowance3, allowance4 = self._allowances
        if credit is not NO_BYTES:
            allowance1 += 100 * credit[0]
            allowance2 += 100 * credit[1]
            allowance3 += 100 * credit[2]
            allowance4 += 100 * credit[3]
        # Hundredths of a byte over the allowance; below zero there is some left.
        over1 = 100 * used1 - allowance1
        over2 = 100 * used2 - allowance2
        over3 = 100 * used3 - allowance3
        over4 = 100 * used4 - allowance4
        cost = 0
        block = False
        if over1 > 0:
            cost = over1 * price1 * _BYTES
            block = price1 == 0
        if over2 > 0:
            excess = over2 * _BYTES
            if over1 < 0:
                excess -= min(-over1 * self.terms.ratio, excess)
            cost += excess * price2
        if over3 > 0:
            cost += over3 * price3 * _BYTES
        if over4 > 0:
            cost += over4 * price4 * _BYTES
        carried = self._carried(used, credit) if self.terms.carry_over else NO_BYTES
        if cost or block or carried is not NO_BYTES:
            return self._charge(cost, block, carried)
        return self._within

    def _used(self, usage: Sequence[int]) -> Four:
        """Bytes that count in each direction, those of folded directions moved to direction 1."""
        count1, count2, count3, count4 = self._count
        folded2, folded3, folded4 = self._folded
        in1, out1, in2, out2, in3, out3, in4, out4 = usage
        used1 = count1(in1, out1)
        used2 = count2(in2, out2)
        used3 = count3(in3, out3)
        used4 = count4(in4, out4)
        if folded2:
            used1, used2 = used1 + used2, 0
        if folded3:
            used1, used3 = used1 + used3, 0
        if folded4:
            used1, used4 = used1 + used4, 0
        return used1, used2, used3, used4

    def _carried(self, used: Four, credit: Four) -> Four:
        carried = [0, 0, 0, 0]
        for n, allowance in enumerate(self._allowances):
            if allowance is not _UNLIMITED and not (n and self._folded[n - 1]):
                spent = max(0, used[n] - credit[n])
                carried[n] = max(0, allowance - 100 * spent) // 100
        return carried[0], carried[1], carried[2], carried[3]

    def _charge(self, usage_cost: int, block: bool, carried: Four) -> Charge:
        total = self._fees + usage_cost
        discounts = self._scoped
        if self._on_all:
            discounts += taken_in_turn(self._on_all, max(0, total - discounts * _MINOR))
        amount = _minor(max(0, total - discounts * _MINOR))
        usage = _minor(usage_cost)
        services, rent = self._services, self._rent
        # The plans' part takes what rounding leaves, so that the parts add up to the amount.
        plans = amount + discounts - services - rent - usage
        charge = (amount, plans, services, rent, usage, discounts, block, carried)
        return _tuple(Charge, charge)


def taken(discount: Discount, base: int) -> int:
    """What a discount takes off a base (units of cost), in minor units, at most the base."""
    if discount.kind == "percent":
        return round_half_up_div(base * discount.value, _WHOLE * _MINOR)
    return min(discount.value, _minor(base))


def taken_in_turn(discounts: Sequence[Discount], base: int) -> int:
    """What discounts take off a base (units of cost), each from what the one before it left."""
    off = 0
    for discount in discounts:
        off += taken(discount, max(0, base - off * _MINOR))
    return off


def _minor(cost: int) -> int:
    """Units of cost, not negative, rounded half-up to minor units."""
    return (2 * cost + _MINOR) // (2 * _MINOR)
