"""The conditions a subscriber is closed under: charged (and on what terms), exempt, not started,
or failed. Thousands of subscribers share the same conditions, so each is worked out once.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from engine.close.catalogue import Catalogue, Plan
from engine.close.kept import KeptTerms
from engine.close.rating import Discount, Rating, Terms
from engine.period import Period

Services = tuple[int, ...]
Discounts = tuple[Discount, ...]

# Bits of `Conditions.switches`: the ordered plan or add-on plan takes effect with this close.
SWITCH_PLAN = 1
SWITCH_ADDON = 2

# Conditions and tariffs held in memory at most; beyond that they are worked out anew.
_CONDITIONS = 100_000
_TARIFFS = 20_000

# Why a subscriber cannot be rated, as kept in close_record.reason.
REASONS = {
    "no_plan": "has no plan",
    "plan_missing": "the plan is gone or lacks a direction",
    "addon_missing": "the add-on plan is gone",
    "service_missing": "a service is gone",
    "group_missing": "the group is gone",
    "ordered_plan_missing": "the ordered plan is gone or lacks a direction",
    "ordered_addon_missing": "the ordered add-on plan is gone",
    "amount_too_large": "the charge would be beyond all measure: a price or the usage is wrong",
}


class Facts(NamedTuple):
    """A subscriber's facts that decide. `start_day` is -1 before the first use, 1 to 31 in the
    month of it, else 0."""

    group_id: int
    state: str
    plan_id: int | None
    ordered_plan_id: int | None
    ordered_plan_from: str
    addon_id: int | None
    ordered_addon_id: int | None
    ordered_addon_from: str
    start_day: int

    @classmethod
    def unpack(cls, packed: str) -> Facts:
        """From the text that the chunk's query makes: fields with '|' between, '' for none."""
        group, state, plan, next_plan, plan_from, addon, next_addon, addon_from, start = (
            packed.split("|")
        )
        return cls(
            int(group),
            state,
            int(plan) if plan else None,
            int(next_plan) if next_plan else None,
            plan_from,
            int(addon) if addon else None,
            int(next_addon) if next_addon else None,
            addon_from,
            int(start),
        )


class Tariff:
    """Terms in force for many subscribers: their rating, and how they are kept.

    `terms` is JSON (see `engine.close.kept`), dropped once stored; `terms_id` is its number then.
    """

    __slots__ = ("digest", "rating", "terms", "terms_id")

    def __init__(self, rating: Rating, terms: str) -> None:
        self.rating = rating
        self.terms = terms
        self.digest = hashlib.sha256(terms.encode()).hexdigest()
        self.terms_id: int | None = None


class Conditions(NamedTuple):
    """What a close does with everybody under the same conditions.

    `status` is charged (then there is a `tariff`), exempt, not_started or failed (then there is a
    `reason`). `plan_id` and `addon_id` are those of the period; `plan_after` and `addon_after`
    hold from the next one on.
    """

    status: str
    plan_id: int | None
    plan_after: int | None
    addon_id: int | None
    addon_after: int | None
    reason: str | None = None
    tariff: Tariff | None = None
    switches: int = 0

    def failing(self, reason: str) -> Conditions:
        """The same, but for somebody who cannot be charged after all: the orders stay."""
        plan, addon = self.plan_id, self.addon_id
        return Conditions("failed", plan, plan, addon, addon, reason)


class ConditionsBook:
    """Works out conditions for one period and remembers them."""

    def __init__(self, catalogue: Catalogue, period: Period, exempt_states: frozenset[str]) -> None:
        self.catalogue = catalogue
        self._exempt_states = exempt_states
        self._next = str(period.next())
        self._known: dict[str | tuple[str, Services, Discounts], Conditions] = {}
        self._tariffs: dict[tuple[object, ...], Tariff] = {}

    def of(self, packed: str, services: Services = (), discounts: Discounts = ()) -> Conditions:
        """The conditions for packed facts (see `Facts.unpack`), services and discounts."""
        key = (packed, services, discounts) if services or discounts else packed
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _CONDITIONS or len(self._tariffs) >= _TARIFFS:
                self._known.clear()
                self._tariffs.clear()
            found = self._known[key] = self._work_out(Facts.unpack(packed), services, discounts)
        return found

    def _work_out(self, facts: Facts, services: Services, discounts: Discounts) -> Conditions:
        plan_id, addon_id = facts.plan_id, facts.addon_id
        as_they_are = Conditions("", plan_id, plan_id, addon_id, addon_id)
        charged = self.catalogue.groups.get(facts.group_id, True)
        if not charged or facts.state in self._exempt_states:
            return as_they_are._replace(status="exempt")
        if facts.start_day < 0:
            return as_they_are._replace(status="not_started")
        plan_due = facts.ordered_plan_from != "" and facts.ordered_plan_from <= self._next
        addon_due = facts.ordered_addon_from != "" and facts.ordered_addon_from <= self._next
        plan = self.catalogue.plans.get(facts.plan_id or 0)
        reason = self._reason(facts, services, plan_due, addon_due)
        if plan is None or reason:
            return as_they_are.failing(reason or "plan_missing")
        return Conditions(
            "charged",
            plan_id,
            facts.ordered_plan_id if plan_due else plan_id,
            addon_id,
            facts.ordered_addon_id if addon_due else addon_id,
            tariff=self._tariff(plan, facts, services, discounts),
            switches=SWITCH_PLAN * plan_due + SWITCH_ADDON * addon_due,
        )

    def _reason(
        self, facts: Facts, services: Services, plan_due: bool, addon_due: bool
    ) -> str | None:
        """Why these facts cannot be rated, None if they can."""
        catalogue = self.catalogue
        if facts.group_id not in catalogue.groups:
            return "group_missing"
        if facts.plan_id is None:
            return "no_plan"
        if facts.addon_id is not None and facts.addon_id not in catalogue.addons:
            return "addon_missing"
        if any(service not in catalogue.services for service in services):
            return "service_missing"
        if plan_due and facts.ordered_plan_id not in catalogue.plans:
            return "ordered_plan_missing"
        # An order of no add-on plan is an order too.
        if addon_due and facts.ordered_addon_id not in (None, *catalogue.addons):
            return "ordered_addon_missing"
        return None

    def _tariff(self, plan: Plan, facts: Facts, services: Services, discounts: Discounts) -> Tariff:
        key = (facts.plan_id, facts.addon_id, facts.start_day, services, discounts)
        found = self._tariffs.get(key)
        if found is None:
            found = self._tariffs[key] = self._new_tariff(plan, facts, services, discounts)
        return found

    def _new_tariff(
        self, plan: Plan, facts: Facts, services: Services, discounts: Discounts
    ) -> Tariff:
        addon = self.catalogue.addons[facts.addon_id] if facts.addon_id is not None else None
        fees = [self.catalogue.services[service] for service in services]
        rating = Rating(
            Terms(
                fee=plan.fee,
                directions=plan.directions,
                ratio=plan.ratio,
                carry_over=plan.carry_over,
                addon_fee=addon.fee if addon else 0,
                services=sum(fee.fee for fee in fees if fee.kind == "service"),
                rents=sum(fee.fee for fee in fees if fee.kind == "rent"),
                start_day=facts.start_day,
                discounts=discounts,
            )
        )
        return Tariff(rating, KeptTerms.of(plan, addon, fees, facts.start_day, discounts).to_json())
