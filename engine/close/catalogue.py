"""What we sell, read once for a whole close: plans, add-ons, services, groups."""

from __future__ import annotations

from typing import NamedTuple

from engine.close.rating import Direction
from engine.database import Database
from engine.models import plans as tables
from engine.models.subscribers import SubscriberGroup


class Plan(NamedTuple):
    """`fee` and `ratio` in millionths."""

    code: str
    name: str
    fee: int
    ratio: int
    carry_over: bool
    directions: tuple[Direction, Direction, Direction, Direction]


class Fee(NamedTuple):
    """An add-on plan or a service; `kind` is addon, service or rent, `fee` in millionths."""

    code: str
    name: str
    kind: str
    fee: int


class Catalogue(NamedTuple):
    """Everything by its id. `groups` says whether a group is charged; `plan_codes` has the plans
    that cannot be rated, too."""

    plans: dict[int, Plan]
    addons: dict[int, Fee]
    services: dict[int, Fee]
    groups: dict[int, bool]
    plan_codes: dict[int, str]

    def plan_code(self, plan_id: int | None) -> str:
        """The code of a plan, '' for none; a plan that is gone shows its id."""
        if plan_id is None:
            return ""
        return self.plan_codes.get(plan_id, f"#{plan_id}")

    def addon_code(self, addon_id: int | None) -> str:
        """The code of an add-on plan, '' for none; one that is gone shows its id."""
        if addon_id is None:
            return ""
        return self.addons[addon_id].code if addon_id in self.addons else f"#{addon_id}"


def load_catalogue(database: Database) -> Catalogue:
    """Reads all of it. A plan without its four directions is left out: it cannot be rated."""
    directions: dict[int, dict[int, Direction]] = {}
    for row in database.objects(tables.PlanDirection.select()):
        rated = Direction(row.included_bytes, row.overage_price, row.counts)
        directions.setdefault(row.plan_id, {})[row.direction] = rated
    plans, plan_codes = {}, {}
    for plan in database.objects(tables.Plan.select()):
        plan_codes[plan.id] = plan.code
        found = directions.get(plan.id, {})
        if len(found) == 4:
            four = (found[1], found[2], found[3], found[4])
            fee, ratio, carry_over = plan.monthly_fee, plan.direction2_ratio, bool(plan.carry_over)
            plans[plan.id] = Plan(plan.code, plan.name, fee, ratio, carry_over, four)
    addons = database.objects(tables.Addon.select())
    services = database.objects(tables.Service.select())
    groups = database.objects(SubscriberGroup.select())
    return Catalogue(
        plans,
        {one.id: Fee(one.code, one.name, "addon", one.monthly_fee) for one in addons},
        {one.id: Fee(one.code, one.name, one.kind, one.monthly_fee) for one in services},
        {group.id: bool(group.charge) for group in groups},
        plan_codes,
    )
