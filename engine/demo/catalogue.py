"""What the demonstration's operator sells: plans of every kind, add-ons, services, groups. Pure.

Fees and prices are text as in a bundle, in roubles and roubles per megabyte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Audience = Literal["town", "village", "business", "staff"]

UNLIMITED = "unlimited"
_UNUSED = ("0", "0", "sum")


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """A plan. `directions`: four of (included megabytes or `unlimited`, price of a megabyte over,
    what counts). `typical_mb`: what a middling subscriber uses in each direction in a month.
    `share`: how many of 100 subscribers of the audience have it."""

    code: str
    name: str
    monthly_fee: str
    audience: Audience
    share: int
    typical_mb: tuple[int, int, int, int]
    directions: tuple[tuple[str, str, str], ...]
    ratio: str = "0"
    carry_over: bool = False


@dataclass(frozen=True, slots=True)
class Priced:
    """An add-on plan, service or rent; `share` as in `DemoPlan`, of those who are offered it."""

    code: str
    name: str
    monthly_fee: str
    share: int
    kind: str = "service"


def _unlimited(
    code: str, name: str, fee: str, audience: Audience, share: int, gigabytes: int
) -> DemoPlan:
    directions = ((UNLIMITED, "0", "sum"), _UNUSED, _UNUSED, _UNUSED)
    return DemoPlan(code, name, fee, audience, share, (gigabytes * 1000, 0, 0, 0), directions)


def _package(
    code: str,
    name: str,
    fee: str,
    audience: Audience,
    share: int,
    *directions: tuple[str, str, str, int],
    ratio: str = "0",
    carry_over: bool = False,
) -> DemoPlan:
    """A plan with a package; a direction ends with its typical megabytes. Those not given stay
    unused."""
    given = tuple(direction[:3] for direction in directions)
    used = [direction[3] for direction in directions] + [0, 0, 0]
    return DemoPlan(
        code,
        name,
        fee,
        audience,
        share,
        (used[0], used[1], used[2], used[3]),
        given + (_UNUSED,) * (4 - len(given)),
        ratio,
        carry_over,
    )


# Direction 1 is the internet, 2 the networks of the region, 3 the operator's own servers, 4 the
# backup channel by radio.
PLANS = (
    _unlimited("start-50", "Старт 50", "390", "town", 22, 60),
    _unlimited("home-100", "Домашний 100", "550", "town", 34, 140),
    _unlimited("home-300", "Домашний 300", "690", "town", 19, 230),
    _unlimited("giga-1000", "Гигабит", "950", "town", 7, 480),
    # Nothing is charged over the package: the subscriber is marked to be blocked.
    _package("social", "Социальный", "99", "town", 6, ("10000", "0", "sum", 7_500)),
    # Nothing included and no fee: every megabyte is paid.
    _package("counter", "Счётчик", "0", "town", 3, ("0", "0.035", "sum", 3_000)),
    _package(
        "saver-60", "Копилка 60 ГБ", "420", "town", 6,
        ("60000", "0.0075", "in", 52_000), ("20000", "0.002", "sum", 9_000), carry_over=True,
    ),
    _package(
        "region-30", "Регион 30 + 10 ГБ", "340.50", "town", 3,
        ("30000", "0.012", "sum", 21_000), ("10000", "0.006", "sum", 14_000), ratio="2",
    ),
    _unlimited("village-30", "Посёлок 30", "650", "village", 42, 70),
    _unlimited("village-100", "Посёлок 100", "890", "village", 33, 150),
    _package(
        "dacha-20", "Дачный 20 ГБ", "299.90", "village", 18,
        ("20000", "0.015", "sum", 17_000), ("unlimited", "0.01", "sum", 12_000), carry_over=True,
    ),
    _package(
        "radio-5", "Радиоканал 5 ГБ", "450", "village", 7,
        ("5000", "0.05", "max", 4_200), ("1000", "0.02", "in", 700), ("500", "0.01", "in", 260),
    ),
    _unlimited("office-100", "Офис 100", "2900", "business", 40, 320),
    _unlimited("office-500", "Офис 500", "6500", "business", 18, 900),
    _package(
        "business-4", "Бизнес-пакет", "3490", "business", 27,
        ("200000", "0.008", "sum", 190_000), ("100000", "0.004", "max", 70_000),
        ("50000", "0.01", "out", 31_000), ("10000", "0.125", "in", 6_500),
    ),
    _package(
        "hosting", "Размещение сервера", "1850", "business", 15,
        ("500000", "0.003", "out", 380_000), ("0", "0.001", "out", 45_000), ratio="4",
        carry_over=True,
    ),
    _unlimited("staff", "Служебный", "0", "staff", 100, 260),
)  # fmt: skip

ADDONS = (
    Priced("tv-base", "ТВ Базовый", "150", 14),
    Priced("tv-max", "ТВ Максимум HD", "299.50", 6),
    Priced("cinema", "ТВ и кинозал", "449", 2),
)

SERVICES = (
    Priced("static-ip", "Статический адрес", "150", 7),
    Priced("antivirus", "Антивирус", "79.90", 9),
    Priced("parental", "Родительский контроль", "49", 3),
    Priced("router-rent", "Аренда маршрутизатора", "120", 17, "rent"),
    Priced("stb-rent", "Аренда ТВ-приставки", "100.50", 8, "rent"),
)

# code, name, charge
GROUPS = (
    ("town", "Частные лица", "yes"),
    ("village", "Частный сектор", "yes"),
    ("business", "Организации", "yes"),
    ("staff", "Сотрудники", "no"),
)


def plans_for(audience: Audience) -> tuple[DemoPlan, ...]:
    """The plans that are sold to an audience."""
    return tuple(plan for plan in PLANS if plan.audience == audience)


def plan_by_code() -> dict[str, DemoPlan]:
    """All plans by their code."""
    return {plan.code: plan for plan in PLANS}
