"""A random operator: everything that a bundle can say about a charge, in one seed.

Plans, add-ons and subscribers are plain values as they stand in the bundle's cells, so that the
oracle reads the same text that the import reads.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.period import Period

DIRECTIONS = (1, 2, 3, 4)
_FEES = ("0", "0.000001", "0.005", "99.9", "350", "357.225", "1234.56", "499.995", "29.333333")
_PRICES = ("0", "0", "0.000001", "0.003", "0.05", "0.48", "1.25", "5", "100", "0.333333")
_INCLUDED = (
    "0", "0", "0.000001", "0.5", "10", "33.333333", "100", "500", "1000", "5000",
    "998999999.999999", "999000000", "unlimited",
)  # fmt: skip
_RATIOS = ("0", "0", "0.25", "1", "4", "0.333333")
_DISCOUNTS = ("0", "", "10", "33.333333", "50", "99.99", "100", "0.000001", "12.5")
_DAYS = ("0", "0", "0", "0", "0", "1", "2", "15", "16", "28", "29", "30", "31", "-1")


@dataclass(frozen=True)
class Plan:
    """A line of plans.csv; the tuples have a value for each direction."""

    fee: str
    included: tuple[str, ...]
    prices: tuple[str, ...]
    counts: tuple[str, ...]
    ratio: str
    carry_over: bool


@dataclass
class Subscriber:
    """A line of subscribers.csv."""

    login: str
    group: str
    plan: str
    next_plan: str
    addon: str
    next_addon: str
    services: tuple[str, ...]
    start_day: str
    discount: str
    active_since: str
    state: str
    alias_of: str


@dataclass
class Operator:
    """All of it. `usage` has (login, period, direction, bytes in, bytes out)."""

    periods: Sequence[Period]
    plans: dict[str, Plan] = field(default_factory=dict)
    addons: dict[str, str] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)
    groups: dict[str, bool] = field(default_factory=dict)
    subscribers: list[Subscriber] = field(default_factory=list)
    usage: list[tuple[str, Period, int, int, int]] = field(default_factory=list)


def make_operator(seed: int, count: int, periods: Sequence[Period], plans: int = 60) -> Operator:
    """An operator of `count` subscribers with usage in all `periods`; the same for a seed."""
    chance = random.Random(seed)
    made = Operator(periods)
    made.plans = {f"p{n}": _plan(chance) for n in range(plans)}
    made.addons = {f"a{n}": chance.choice(_FEES) for n in range(4)}
    made.services = {f"s{n}": chance.choice(_FEES) for n in range(5)}
    made.groups = {"main": True, "business": True, "staff": False}
    mains: list[str] = []
    for n in range(count):
        subscriber = _subscriber(chance, f"u{n}", made)
        if mains and chance.random() < 0.1:
            _make_alias(subscriber, chance.choice(mains))
        else:
            mains.append(subscriber.login)
        made.subscribers.append(subscriber)
        for period in periods:
            made.usage.extend(_usage(chance, subscriber.login, period))
    return made


def _plan(chance: random.Random) -> Plan:
    return Plan(
        fee=chance.choice(_FEES),
        included=tuple(chance.choice(_INCLUDED) for _ in DIRECTIONS),
        prices=tuple(chance.choice(_PRICES) for _ in DIRECTIONS),
        counts=tuple(chance.choice(("in", "out", "sum", "max")) for _ in DIRECTIONS),
        ratio=chance.choice(_RATIOS),
        carry_over=chance.random() < 0.6,
    )


def _subscriber(chance: random.Random, login: str, operator: Operator) -> Subscriber:
    def sometimes(values: Sequence[str], probability: float) -> str:
        return chance.choice(values) if chance.random() < probability else ""

    plans, addons = list(operator.plans), list(operator.addons)
    start_day = chance.choice(_DAYS)
    active_since = ""
    if start_day == "0" and chance.random() < 0.3:
        # Before the books, or somewhere in the months to be closed, or after them.
        month = chance.choice((operator.periods[0].previous(), *operator.periods))
        active_since = f"{month}-{chance.randint(1, month.days):02d}"
    services = list(operator.services)
    return Subscriber(
        login=login,
        group=chance.choice(("main",) * 8 + ("business", "staff")),
        # An empty plan cannot be rated.
        plan=chance.choice(plans) if chance.random() < 0.95 else "",
        next_plan=sometimes(plans, 0.2),
        addon=sometimes(addons, 0.3),
        next_addon=sometimes(addons, 0.1),
        services=tuple(chance.sample(services, chance.choice((0, 0, 1, 2, 5)))),
        start_day=start_day,
        discount=chance.choice(_DISCOUNTS),
        active_since=active_since,
        state=chance.choice(("active",) * 8 + ("", "frozen", "blocked", "deleted")),
        alias_of="",
    )


def _make_alias(subscriber: Subscriber, main: str) -> None:
    """An alias has a plan and a state of its own in the file, but orders nothing."""
    subscriber.alias_of = main
    subscriber.next_plan = subscriber.next_addon = ""
    subscriber.services = ()
    subscriber.discount = ""


def _usage(
    chance: random.Random, login: str, period: Period
) -> list[tuple[str, Period, int, int, int]]:
    def size() -> int:
        largest = chance.choice((1, 10**6, 10**8, 10**9, 10**10))
        return 0 if chance.random() < 0.1 else chance.randint(0, largest)

    taken = [direction for direction in DIRECTIONS if chance.random() < 0.6]
    return [(login, period, direction, size(), size()) for direction in taken]


def write_bundle(operator: Operator, folder: Path) -> None:
    """The six files of a bundle."""
    folder.mkdir(parents=True)
    header = ["plan", "name", "monthly_fee"]
    for n in DIRECTIONS:
        header += [f"dir{n}_included_mb", f"dir{n}_overage_price", f"dir{n}_counts"]
    header += ["dir2_to_dir1_ratio", "carry_over"]
    plans: list[Sequence[object]] = [header]
    for code, plan in operator.plans.items():
        cells = [cell for three in zip(plan.included, plan.prices, plan.counts, strict=True)
                 for cell in three]  # fmt: skip
        over = "yes" if plan.carry_over else "no"
        plans.append([code, f"Plan {code}", plan.fee, *cells, plan.ratio, over])
    _write(folder / "plans.csv", plans)
    for title, fees in (("addon", operator.addons), ("service", operator.services)):
        lines = [(title, "name", "monthly_fee"), *((c, c.upper(), fee) for c, fee in fees.items())]
        _write(folder / f"{title}s.csv", lines)
    groups = [(g, g.title(), "yes" if charge else "no") for g, charge in operator.groups.items()]
    _write(folder / "groups.csv", [("group", "name", "charge"), *groups])
    _write(folder / "subscribers.csv", _subscriber_lines(operator))
    usage = [("login", "period", "direction", "bytes_in", "bytes_out"), *operator.usage]
    _write(folder / "usage.csv", usage)


def _subscriber_lines(operator: Operator) -> list[Sequence[object]]:
    header = (
        "login", "name", "group", "plan", "next_plan", "addon", "next_addon", "services",
        "start_day", "discount_percent", "balance", "active_since", "state", "alias_of",
    )  # fmt: skip
    lines: list[Sequence[object]] = [header]
    for s in operator.subscribers:
        lines.append((
            s.login, f"Абонент {s.login}", s.group, s.plan, s.next_plan, s.addon, s.next_addon,
            ";".join(s.services), s.start_day, s.discount, "100.50", s.active_since, s.state,
            s.alias_of,
        ))  # fmt: skip
    return lines


def _write(path: Path, lines: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)
