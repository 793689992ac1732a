"""The demonstration's operator as the rows of a bundle. Pure: the same for a seed and a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

from engine.demo import catalogue, people
from engine.demo.catalogue import Audience, DemoPlan
from engine.money import format_amount
from engine.period import Period

Row = dict[str, str]
# steady: pays the last charge, early; round: in whole 500 roubles; ahead: three months at once;
# careless: every other month; debtor: hardly ever.
Payer = Literal["steady", "round", "ahead", "careless", "debtor"]

MONTHS = 4
"""How many months the operator's books have: three closed ones and the one to close."""
MAX_TROUBLED = 3
_ALIAS_EVERY = 80

# A subscriber without anything special; every row has all columns of the bundle.
_PLAIN: Row = {
    "login": "", "name": "", "group": "town", "plan": "", "next_plan": "", "addon": "",
    "next_addon": "", "services": "", "start_day": "0", "discount_percent": "0",
    "balance": "0.00", "external_uid": "", "phone": "", "email": "", "contract_number": "",
    "contract_date": "", "birth_date": "", "address": "", "credit_limit": "0.00", "fee_day": "",
    "active_since": "", "state": "active", "alias_of": "",
}  # fmt: skip

_AUDIENCES: tuple[Audience, ...] = ("town", "village", "business", "staff")
_AUDIENCE_SHARES = (74, 19, 5, 2)
_PAYERS: tuple[Payer, ...] = ("steady", "round", "ahead", "careless", "debtor")
_PAYER_SHARES = (52, 26, 9, 9, 4)
_DISCOUNTS = ("0", "5", "10", "15", "20", "50", "100")
_DISCOUNT_SHARES = (9200, 280, 250, 80, 120, 50, 20)
_STATES = ("active", "blocked", "frozen", "deleted")
_STATE_SHARES = (952, 22, 16, 10)


@dataclass(frozen=True, slots=True)
class DemoSubscriber:
    """A subscriber: its row in the bundle, and how it behaves. `appetite` is its usage in percent
    of what is typical for a plan."""

    row: Row
    appetite: int
    payer: Payer

    @property
    def login(self) -> str:
        return self.row["login"]

    def uses_in(self, period: Period) -> bool:
        """Whether the service may have been used in a period: started, and not switched off."""
        if self.row["start_day"] == "-1" or self.row["state"] in ("frozen", "deleted"):
            return False
        return self.row["active_since"] <= period.last_day().isoformat()


@dataclass(frozen=True, slots=True)
class Operator:
    """All rows of the bundle but the usage; `first` is the first period of the books. `troubled`
    are the logins that the last month's close cannot rate."""

    first: Period
    plans: list[Row]
    addons: list[Row]
    services: list[Row]
    groups: list[Row]
    subscribers: list[DemoSubscriber]
    troubled: list[str]

    @property
    def last(self) -> Period:
        """The month that is to be closed."""
        period = self.first
        for _ in range(MONTHS - 1):
            period = period.next()
        return period


def make_operator(count: int, seed: int, first: Period) -> Operator:
    """An operator with `count` subscribers, second logins (aliases) included."""
    rng = Random(f"billdeck operator {seed}")
    aliases = count // _ALIAS_EVERY
    troubled = min(MAX_TROUBLED, max(1, count // 100))
    logins = _Logins()
    mains = [_main(rng, logins, number, first) for number in range(count - aliases - troubled)]
    newcomers = [
        _newcomer(rng, logins, number, first)
        for number in range(count - aliases - troubled, count - aliases)
    ]
    second = [_alias(rng, logins, main) for main in _with_alias(rng, mains, aliases)]
    return Operator(
        first=first,
        plans=[_plan_row(plan) for plan in catalogue.PLANS],
        addons=[_fee_row("addon", item) for item in catalogue.ADDONS],
        services=[_fee_row("service", item) | {"kind": item.kind} for item in catalogue.SERVICES],
        groups=[
            {"group": code, "name": name, "charge": charge}
            for code, name, charge in catalogue.GROUPS
        ],
        subscribers=mains + newcomers + second,
        troubled=[newcomer.login for newcomer in newcomers],
    )


class _Logins:
    """Makes logins unique: ivanov.ai, ivanov.ai2, ivanov.ai3; school-1, school-1.2."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def make(self, stem: str) -> str:
        self._seen[stem] = number = self._seen.get(stem, 0) + 1
        if number == 1:
            return stem
        return f"{stem}.{number}" if stem[-1].isdecimal() else f"{stem}{number}"


def _main(rng: Random, logins: _Logins, number: int, first: Period) -> DemoSubscriber:
    audience = rng.choices(_AUDIENCES, _AUDIENCE_SHARES)[0]
    if audience == "business":
        who = people.company(rng)
    else:
        who = people.person(rng, village=audience == "village")
    plan = _drawn_plan(rng, audience)
    signed, start = _start(rng, first)
    never_used = start["start_day"] == "-1"
    joins_later = start.get("active_since", "") >= first.next().first_day().isoformat()
    row = _contact_row(logins.make(who.stem), who, number, signed) | start
    row |= {
        "group": audience,
        "plan": plan.code,
        "next_plan": _other_plan(rng, plan) if rng.random() < 0.015 else "",
        "addon": _addon(rng, audience),
        "next_addon": "tv-max" if rng.random() < 0.008 else "",
        "services": _services(rng, audience),
        "discount_percent": rng.choices(_DISCOUNTS, _DISCOUNT_SHARES)[0],
        "balance": "0.00" if joins_later or never_used else _opening_balance(rng, plan),
        "credit_limit": _credit_limit(rng, audience),
        "fee_day": str(rng.randint(1, 28)) if rng.random() < 0.1 else "",
        "state": "active" if joins_later else rng.choices(_STATES, _STATE_SHARES)[0],
    }
    return DemoSubscriber(row, _appetite(rng), rng.choices(_PAYERS, _PAYER_SHARES)[0])


def _newcomer(rng: Random, logins: _Logins, number: int, first: Period) -> DemoSubscriber:
    """A troubled one: connected in the last month, and nobody has entered a plan yet."""
    last = first
    for _ in range(MONTHS - 1):
        last = last.next()
    start = last.first_day() + timedelta(days=rng.randint(3, 20))
    who = people.person(rng, village=False)
    row = _contact_row(logins.make(who.stem), who, number, start - timedelta(days=2))
    row["active_since"] = start.isoformat()
    return DemoSubscriber(row, _appetite(rng), "steady")


def _with_alias(rng: Random, mains: list[DemoSubscriber], count: int) -> list[DemoSubscriber]:
    """The subscribers that get a second login: active ones."""
    active = [main for main in mains if main.row["state"] == "active"]
    return rng.sample(active, min(count, len(active)))


def _alias(rng: Random, logins: _Logins, main: DemoSubscriber) -> DemoSubscriber:
    """A second login of a subscriber: the router at the office, the parents' flat."""
    kept = ("name", "group", "plan", "start_day", "active_since", "contract_number")
    row = _PLAIN | {key: main.row[key] for key in kept}
    row |= {
        "login": logins.make(f"{main.login}-b"),
        "alias_of": main.login,
        "address": people.town_address(rng),
        "phone": main.row["phone"],
    }
    return DemoSubscriber(row, main.appetite // 2, main.payer)


def _start(rng: Random, first: Period) -> tuple[date, Row]:
    """The date of the contract, and the columns that say since when the subscriber is charged."""
    chance = rng.random()
    if chance < 0.025:
        day = rng.randint(1, first.days)
        return first.first_day() + timedelta(days=day - 1), {"start_day": str(day)}
    if chance < 0.035:
        return people.contract_date(rng, first.first_day()), {"start_day": "-1"}
    if chance < 0.095:
        period = first
        for _ in range(rng.randint(1, MONTHS - 1)):
            period = period.next()
        since = period.first_day() + timedelta(days=rng.randint(0, period.days - 1))
        signed = since - timedelta(days=rng.randint(0, 6))
        return signed, {"start_day": "0", "active_since": since.isoformat()}
    signed = people.contract_date(rng, first.first_day())
    since = signed + timedelta(days=rng.randint(0, 9))
    return signed, {"start_day": "0", "active_since": since.isoformat()}


def _contact_row(login: str, who: people.Person, number: int, signed: date) -> Row:
    return _PLAIN | {
        "login": login,
        "name": who.name,
        "external_uid": str(20_001 + number),
        "phone": who.phone,
        "email": who.email,
        "contract_number": f"ВР-{signed.year % 100:02d}/{10_001 + number}",
        "contract_date": signed.isoformat(),
        "address": who.address,
    }


def _drawn_plan(rng: Random, audience: Audience) -> DemoPlan:
    plans = catalogue.plans_for(audience)
    return rng.choices(plans, [plan.share for plan in plans])[0]


def _other_plan(rng: Random, plan: DemoPlan) -> str:
    others = [other.code for other in catalogue.plans_for(plan.audience) if other != plan]
    return rng.choice(others) if others else ""


def _addon(rng: Random, audience: Audience) -> str:
    """An add-on plan's code; companies and staff have none."""
    if audience in ("business", "staff"):
        return ""
    point = rng.randint(1, 100)
    for addon in catalogue.ADDONS:
        point -= addon.share
        if point <= 0:
            return addon.code
    return ""


def _services(rng: Random, audience: Audience) -> str:
    taken = [item.code for item in catalogue.SERVICES if rng.randint(1, 100) <= item.share]
    if audience == "business" and "static-ip" not in taken and rng.random() < 0.6:
        taken.append("static-ip")
    return ";".join(taken)


def _opening_balance(rng: Random, plan: DemoPlan) -> str:
    """Mostly some money for the month; now and then a debt of up to three months."""
    fee = int(plan.monthly_fee.partition(".")[0]) * 100
    if rng.random() < 0.07:
        return format_amount(-rng.randint(1_500, 30_000 + 2 * fee))
    return format_amount(rng.randint(0, 20_000 + fee))


def _credit_limit(rng: Random, audience: Audience) -> str:
    if audience == "business":
        return rng.choice(("5000.00", "10000.00", "20000.00"))
    return "300.00" if rng.random() < 0.1 else "0.00"


def _appetite(rng: Random) -> int:
    """Most use about what is typical, a few several times that."""
    percent = (rng.randint(10, 150) + rng.randint(10, 150)) // 2
    return percent * rng.randint(2, 5) if rng.random() < 0.03 else percent


def _plan_row(plan: DemoPlan) -> Row:
    row = {"plan": plan.code, "name": plan.name, "monthly_fee": plan.monthly_fee}
    for number, (included, price, counts) in enumerate(plan.directions, start=1):
        row[f"dir{number}_included_mb"] = included
        row[f"dir{number}_overage_price"] = price
        row[f"dir{number}_counts"] = counts
    row["dir2_to_dir1_ratio"] = plan.ratio
    row["carry_over"] = "yes" if plan.carry_over else "no"
    return row


def _fee_row(kind: str, item: catalogue.Priced) -> Row:
    return {kind: item.code, "name": item.name, "monthly_fee": item.monthly_fee}
