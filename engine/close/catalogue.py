"""What we sell, read once for a whole close: plans, add-ons, services, groups."""

from __future__ import annotations

from typing import NamedTuple

from engine.close.rating import Direction
from engine.database import Database


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
    """Everything by its id. `groups` says whether a group is charged."""

    plans: dict[int, Plan]
    addons: dict[int, Fee]
    services: dict[int, Fee]
    groups: dict[int, bool]

    def plan_code(self, plan_id: int | None) -> str:
        """The code of a plan, '' for none; a plan that is gone shows its id."""
        if plan_id is None:
            return ""
        return self.plans[plan_id].code if plan_id in self.plans else f"#{plan_id}"

    def addon_code(self, addon_id: int | None) -> str:
        """The code of an add-on plan, '' for none; one that is gone shows its id."""
        if addon_id is None:
            return ""
        return self.addons[addon_id].code if addon_id in self.addons else f"#{addon_id}"


def load_catalogue(database: Database) -> Catalogue:
    """Reads all of it. A plan without its four directions is left out: it cannot be rated."""
    directions: dict[int, dict[int, Direction]] = {}
    for plan_id, number, included, price, counts in database.rows(
        "SELECT plan_id, direction, included_bytes, overage_price, counts FROM plan_direction"
    ):
        directions.setdefault(plan_id, {})[number] = Direction(included, price, counts)
    plans = {}
    for plan_id, code, name, fee, ratio, carry_over in database.rows(
        "SELECT id, code, name, monthly_fee, direction2_ratio, carry_over FROM plan"
    ):
        found = directions.get(plan_id, {})
        if len(found) == 4:
            four = (found[1], found[2], found[3], found[4])
            plans[plan_id] = Plan(code, name, fee, ratio, bool(carry_over), four)
    addons = {
        addon_id: Fee(code, name, "addon", fee)
        for addon_id, code, name, fee in database.rows(
            "SELECT id, code, name, monthly_fee FROM addon"
        )
    }
    services = {
        service_id: Fee(code, name, kind, fee)
        for service_id, code, name, kind, fee in database.rows(
            "SELECT id, code, name, kind, monthly_fee FROM service"
        )
    }
    groups = {
        group_id: bool(charge)
        for group_id, charge in database.rows("SELECT id, charge FROM subscriber_group")
    }
    return Catalogue(plans, addons, services, groups)
