"""The facts about one subscriber, in words: codes and logins in place of numbers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from engine.database import Database
from engine.models.plans import Service
from engine.models.subscribers import Discount, SubscriberService
from engine.money import format_amount, format_price, parse_amount, parse_price

# The least number of a subscriber; our own accounts stand below it.
FIRST_NUMBER = 1000


@dataclass(frozen=True, slots=True)
class Facts:
    """What is kept of a subscriber. Plans, groups and services are codes, `alias_of` is a login,
    `credit_limit` minor units, periods and dates text as in the tables. An order is present when
    its `..._from` is; `ordered_addon` None then means: no add-on from that period on. A discount
    is written `scope:kind:value`."""

    name: str = ""
    group: str = ""
    plan: str | None = None
    ordered_plan: str | None = None
    ordered_plan_from: str | None = None
    addon: str | None = None
    ordered_addon: str | None = None
    ordered_addon_from: str | None = None
    services: tuple[str, ...] = ()
    discounts: tuple[str, ...] = ()
    active_since: str | None = None
    first_month_day: int | None = None
    state: str = "active"
    alias_of: str | None = None
    credit_limit: int = 0
    fee_day: int | None = None
    external_uid: str | None = None
    phone: str = ""
    email: str = ""
    contract_number: str = ""
    contract_date: str | None = None
    birth_date: str | None = None
    address: str = ""

    def as_json(self) -> dict[str, Any]:
        """All facts as JSON values; the credit limit as an amount with a point."""
        return {field.name: _json(field.name, getattr(self, field.name)) for field in fields(self)}


def _json(name: str, value: Any) -> Any:
    if name == "credit_limit":
        return format_amount(value)
    return list(value) if isinstance(value, tuple) else value


def difference(before: Facts | None, after: Facts) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only the facts that differ, as they were and as they are. Without a `before` (a new
    subscriber): nothing, and all facts that are set."""
    new = after.as_json()
    if before is None:
        empty = Facts().as_json()
        return {}, {name: value for name, value in new.items() if value != empty[name]}
    old = before.as_json()
    changed = [name for name in new if new[name] != old[name]]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def find(database: Database, login: str, lock: bool = False) -> tuple[int, Facts] | None:
    """The number and the facts of a subscriber, None without one. `lock` keeps them as they are
    until the transaction ends."""
    row = database.row(
        "SELECT s.id, s.name, g.code, p.code, op.code, s.ordered_plan_from, a.code, oa.code,"
        " s.ordered_addon_from, s.active_since, s.first_month_day, s.state, m.login,"
        " s.credit_limit, s.fee_day, s.external_uid, s.phone, s.email, s.contract_number,"
        " s.contract_date, s.birth_date, s.address FROM subscriber s"
        " JOIN subscriber_group g ON g.id = s.group_id"
        " LEFT JOIN plan p ON p.id = s.plan_id"
        " LEFT JOIN plan op ON op.id = s.ordered_plan_id"
        " LEFT JOIN addon a ON a.id = s.addon_id"
        " LEFT JOIN addon oa ON oa.id = s.ordered_addon_id"
        " LEFT JOIN subscriber m ON m.id = s.alias_of"
        f" WHERE s.login = ? {database.dialect.lock_rows if lock else ''}",
        (login,),
    )
    if row is None:
        return None
    number = int(row[0])
    values: list[Any] = [*row[1:9], _services(database, number), _discounts(database, number)]
    return number, Facts(*values, *row[9:])


def _services(database: Database, number: int) -> tuple[str, ...]:
    had = Service.select().join(SubscriberService).where(SubscriberService.subscriber == number)
    return tuple(sorted(service.code for service in database.objects(had)))


def _discounts(database: Database, number: int) -> tuple[str, ...]:
    rows = database.objects(Discount.select().where(Discount.subscriber == number))
    return tuple(
        sorted(f"{row.scope}:{row.kind}:{discount_text(row.kind, row.value)}" for row in rows)
    )


def discount_text(kind: str, value: int) -> str:
    """The value of a discount: percent with as few decimals as it needs, or an amount."""
    if kind == "fixed":
        return format_amount(value)
    return format_price(value).rstrip("0").removesuffix(".")


def discount_value(kind: str, text: str) -> int:
    """Millionths of a percent, or minor units. Raises InputError; the bounds are the caller's."""
    return parse_amount(text) if kind == "fixed" else parse_price(text)
