"""What every subscriber must be charged, by an oracle that shares no code with engine.close.

It is written from the rules of docs/month-close.md alone, in exact Decimal, a subscriber at a time
and megabytes in place of bytes. It is slow and plain, so that it can be checked by reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, setcontext

from engine.period import Period
from tests.oracle.operator import DIRECTIONS, Operator, Plan, Subscriber

_CENT = Decimal("0.01")
_MB = Decimal(1_000_000)
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Charge:
    """A line of the export of charges: `carried` is bytes by direction, for who is charged."""

    status: str
    amount: str
    plan_after: str
    addon_after: str
    block: str
    carried: tuple[str, ...]


@dataclass
class _Now:
    """What changes from close to close: plan, add-on, orders, and megabytes carried into it."""

    plan: str
    addon: str
    next_plan: str
    next_addon: str
    credit: tuple[Decimal, ...]


def charges(operator: Operator) -> dict[Period, dict[str, Charge]]:
    """By period and login of each main subscriber."""
    setcontext(Context(prec=60))
    main_of = {s.login: s.alias_of or s.login for s in operator.subscribers}
    used: dict[tuple[str, Period, int], list[int]] = {}
    for login, period, direction, into, out in operator.usage:
        sums = used.setdefault((main_of[login], period, direction), [0, 0])
        sums[0] += into
        sums[1] += out
    mains = [s for s in operator.subscribers if not s.alias_of]
    now = {s.login: _Now(s.plan, s.addon, s.next_plan, s.next_addon, (_ZERO,) * 4) for s in mains}
    return {
        period: {
            s.login: _close(
                operator, s, now[s.login], period,
                [used.get((s.login, period, n), [0, 0]) for n in DIRECTIONS],
            )
            for s in mains
        }
        for period in operator.periods
    }  # fmt: skip


def _close(
    operator: Operator, subscriber: Subscriber, now: _Now, period: Period, used: list[list[int]]
) -> Charge:
    """Closes one subscriber's period and leaves `now` as it is in the next one."""
    credit, now.credit = now.credit, (_ZERO,) * 4
    start = _start_day(operator, subscriber, period)
    if not operator.groups[subscriber.group] or subscriber.state in ("frozen", "deleted"):
        return _nothing("exempt", now)
    if start < 0:
        return _nothing("not_started", now)
    if not now.plan:
        return _nothing("failed", now)
    plan = operator.plans[now.plan]
    k = Decimal(1) if start == 0 else (Decimal(32 - start) / 31).quantize(_CENT, ROUND_HALF_UP)
    fees = Decimal(plan.fee) * k + Decimal(operator.addons.get(now.addon, "0")) * k
    fees += sum(Decimal(operator.services[code]) for code in subscriber.services)
    overage, block, now.credit = _traffic(plan, k, used, credit)
    total = fees + overage
    discount = total * Decimal(subscriber.discount or "0") / 100
    discount = discount.quantize(_CENT, ROUND_HALF_UP)
    # The sum takes the sign off a Decimal's minus zero.
    amount = max((total - discount).quantize(_CENT, ROUND_HALF_UP), _ZERO) + Decimal("0.00")
    now.plan, now.next_plan = now.next_plan or now.plan, ""
    now.addon, now.next_addon = now.next_addon or now.addon, ""
    carried = tuple(str(int(mb * _MB)) for mb in now.credit)
    return Charge("charged", str(amount), now.plan, now.addon, block, carried)


def _start_day(operator: Operator, subscriber: Subscriber, period: Period) -> int:
    """Minus for not started, 0 for the whole month, else the day of the month it began."""
    if subscriber.active_since:
        begun = subscriber.active_since
        if begun[:7] > str(period):
            return -1
        return int(begun[8:]) if begun[:7] == str(period) else 0
    if not subscriber.start_day:
        return -1
    day = int(subscriber.start_day)
    return day if day < 0 or period == operator.periods[0] else 0


def _traffic(
    plan: Plan, k: Decimal, used: list[list[int]], credit: tuple[Decimal, ...]
) -> tuple[Decimal, str, tuple[Decimal, ...]]:
    """The price of the excess, the block mark, and the megabytes carried into the next period."""
    mb = [
        {"in": i, "out": o, "sum": i + o, "max": max(i, o)}[how] / _MB
        for how, (i, o) in zip(plan.counts, used, strict=True)
    ]
    price = [Decimal(text) for text in plan.prices]
    folded = [n > 0 and price[n] == 0 for n in range(4)]
    for n in range(1, 4):
        if folded[n]:
            mb[0] += mb[n]
            mb[n] = _ZERO
    included: list[Decimal | None] = [
        None if text == "unlimited" or Decimal(text) >= 999_000_000 else Decimal(text) * k
        for text in plan.included
    ]
    excess = [
        _ZERO if own is None else max(_ZERO, mb[n] - own - credit[n])
        for n, own in enumerate(included)
    ]
    carried = tuple(
        _carried(plan, folded[n], own, mb[n], credit[n]) for n, own in enumerate(included)
    )
    ratio = Decimal(plan.ratio)
    if ratio > 0 and excess[1] > 0:
        if included[0] is None:
            excess[1] = _ZERO
        else:
            spare = max(_ZERO, included[0] + credit[0] - mb[0])
            excess[1] -= min(spare * ratio, excess[1])
    block = "yes" if price[0] == 0 and excess[0] > 0 else "no"
    overage = sum((e * p for e, p in zip(excess, price, strict=True)), _ZERO)
    return overage, block, carried


def _carried(
    plan: Plan, folded: bool, included: Decimal | None, used: Decimal, credit: Decimal
) -> Decimal:
    if not plan.carry_over or folded or included is None:
        return _ZERO
    left = max(_ZERO, included - max(_ZERO, used - credit))
    return (left * _MB).quantize(Decimal(1), ROUND_FLOOR) / _MB


def _nothing(status: str, now: _Now) -> Charge:
    return Charge(status, "0.00", now.plan, now.addon, "no", ("",) * 4)
