"""What a person asks for, applied to what is known of a subscriber. Pure.

Every setting is the text that was typed; None leaves a fact as it is. `none` takes an optional
fact away, `never` the day of the first use.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from engine.birth_date import parse_birth_date, require_born
from engine.config.values import has_control
from engine.errors import InputError
from engine.money import MILLIONTHS, parse_amount
from engine.period import Period, parse_date
from engine.subscribers.facts import Facts, discount_text, discount_value
from engine.text import safe

STATES = ("active", "frozen", "blocked", "deleted")
SCOPES = ("all", "plan", "services", "rent")
KINDS = ("percent", "fixed")
_WHOLE_PERCENT = 100 * MILLIONTHS
_LENGTHS = {
    "name": 200,
    "phone": 40,
    "email": 200,
    "contract_number": 40,
    "address": 300,
    "external_uid": 40,
}


@dataclass(frozen=True, slots=True)
class Changes:
    """The settings of `billdeck subscriber add` and `set`. `services` is the whole set, `A;B`;
    `discounts` are `SCOPE:KIND:VALUE`, `remove_discounts` are `SCOPE:KIND`; `order_addon` may be
    `none` (no order) or `drop` (an order to have none); `from_period` is for both orders."""

    name: str | None = None
    group: str | None = None
    plan: str | None = None
    order_plan: str | None = None
    addon: str | None = None
    order_addon: str | None = None
    from_period: str | None = None
    services: str | None = None
    add_services: tuple[str, ...] = ()
    remove_services: tuple[str, ...] = ()
    discounts: tuple[str, ...] = ()
    remove_discounts: tuple[str, ...] = ()
    state: str | None = None
    credit_limit: str | None = None
    fee_day: str | None = None
    active_since: str | None = None
    alias_of: str | None = None
    external_uid: str | None = None
    phone: str | None = None
    email: str | None = None
    contract_number: str | None = None
    contract_date: str | None = None
    birth_date: str | None = None
    address: str | None = None


def apply(facts: Facts, changes: Changes, open_period: Period, today: date) -> Facts:
    """The facts after the changes. `open_period` is the oldest period not yet closed for this
    subscriber: an order can take effect after it at the earliest. Nobody is born after `today`.
    Raises InputError; whether the codes and logins exist is the caller's to see."""
    after = _apply_texts(facts, changes)
    after = _apply_optional(after, changes, today)
    after = _apply_orders(after, changes, open_period)
    after = replace(
        after,
        services=_services(facts.services, changes),
        discounts=_discounts(facts.discounts, changes),
    )
    return _as_alias(facts, after) if after.alias_of is not None else after


def _apply_texts(facts: Facts, changes: Changes) -> Facts:
    """The facts that are plain text, or a choice."""
    given: dict[str, Any] = {}
    for fact in ("name", "phone", "email", "contract_number", "address"):
        text = getattr(changes, fact)
        if text is not None:
            given[fact] = _text(fact, text)
    if changes.group is not None:
        given["group"] = changes.group
    if changes.plan is not None:
        given["plan"] = changes.plan
    if changes.state is not None:
        if changes.state not in STATES:
            raise InputError(f"there is no state '{safe(changes.state, 40)}': {', '.join(STATES)}")
        given["state"] = changes.state
    if changes.credit_limit is not None:
        given["credit_limit"] = parse_amount(changes.credit_limit)
        if given["credit_limit"] < 0:
            raise InputError("a credit limit is 0 or more")
    return replace(facts, **given)


def _apply_optional(facts: Facts, changes: Changes, today: date) -> Facts:
    """The facts that `none` takes away."""
    given: dict[str, Any] = {}
    if changes.addon is not None:
        given["addon"] = _or_none(changes.addon)
    if changes.alias_of is not None:
        given["alias_of"] = _or_none(changes.alias_of)
    if changes.external_uid is not None:
        text = _or_none(changes.external_uid)
        given["external_uid"] = text and _text("external_uid", text)
    if changes.fee_day is not None:
        given["fee_day"] = _fee_day(_or_none(changes.fee_day))
    if changes.contract_date is not None:
        day = _or_none(changes.contract_date)
        given["contract_date"] = day and str(parse_date(day))
    if changes.birth_date is not None:
        given["birth_date"] = _birth_date(_or_none(changes.birth_date), today)
    if changes.active_since is not None:
        never = changes.active_since == "never"
        given["active_since"] = None if never else str(parse_date(changes.active_since))
        given["first_month_day"] = None
    return replace(facts, **given)


def _apply_orders(facts: Facts, changes: Changes, open_period: Period) -> Facts:
    """The plan and the add-on plan that take effect with a later period."""
    if changes.order_plan in (None, "none") and changes.order_addon in (None, "none"):
        if changes.from_period is not None:
            raise InputError("a period to begin with needs an order: --order-plan or --order-addon")
        begin = ""
    else:
        begin = str(_begin(changes.from_period, open_period))
    given: dict[str, Any] = {}
    if changes.order_plan is not None:
        plan = _or_none(changes.order_plan)
        given.update(ordered_plan=plan, ordered_plan_from=begin if plan else None)
    if changes.order_addon is not None:
        cancelled = changes.order_addon == "none"
        addon = None if changes.order_addon in ("none", "drop") else changes.order_addon
        given.update(ordered_addon=addon, ordered_addon_from=None if cancelled else begin)
    return replace(facts, **given)


def _begin(text: str | None, open_period: Period) -> Period:
    first = open_period.next()
    period = first if text is None else Period.parse(text)
    if period < first:
        raise InputError(
            f"an order cannot take effect from {period}: {open_period} is still open and is"
            f" charged by the plan it has; give {first} or later"
        )
    return period


def _services(known: tuple[str, ...], changes: Changes) -> tuple[str, ...]:
    wanted = set(known)
    if changes.services is not None:
        wanted = {code for code in changes.services.split(";") if code}
    both = set(changes.add_services) & set(changes.remove_services)
    if both:
        raise InputError(f"the service {safe(min(both), 40)} is both added and removed")
    absent = set(changes.remove_services) - wanted
    if absent:
        raise InputError(f"the subscriber has no service '{safe(min(absent), 40)}'")
    return tuple(sorted((wanted | set(changes.add_services)) - set(changes.remove_services)))


def _discounts(known: tuple[str, ...], changes: Changes) -> tuple[str, ...]:
    wanted = {_scope_and_kind(text): text for text in known}
    for text in changes.discounts:
        scope, kind = name = _scope_and_kind(text)
        value = _discount_value(kind, text)
        if value:
            wanted[name] = f"{scope}:{kind}:{discount_text(kind, value)}"
        else:
            wanted.pop(name, None)
    for text in changes.remove_discounts:
        if text.count(":") != 1:
            raise InputError(f"'{safe(text, 60)}' must be SCOPE:KIND, such as all:percent")
        if wanted.pop(_scope_and_kind(text), None) is None:
            raise InputError(f"the subscriber has no discount {safe(text, 60)}")
    return tuple(sorted(wanted.values()))


def _scope_and_kind(text: str) -> tuple[str, str]:
    scope, _, rest = text.partition(":")
    kind = rest.partition(":")[0]
    if scope not in SCOPES or kind not in KINDS:
        raise InputError(
            f"'{safe(text, 60)}' is not a discount: write SCOPE:KIND:VALUE, such as all:percent:10"
            f" or rent:fixed:50.00 (scopes {', '.join(SCOPES)}; kinds {', '.join(KINDS)})"
        )
    return scope, kind


def _discount_value(kind: str, text: str) -> int:
    """Millionths of a percent or minor units; 0 takes the discount away."""
    try:
        value = discount_value(kind, text.split(":", 2)[2])
    except (InputError, IndexError):
        value = -1
    if value < 0 or (kind == "percent" and value > _WHOLE_PERCENT):
        bounds = "0 to 100 percent" if kind == "percent" else "an amount of 0 or more"
        raise InputError(f"the discount '{safe(text, 60)}' is wrong: it must be {bounds}")
    return value


def _as_alias(before: Facts, after: Facts) -> Facts:
    """An alias has nothing of its own that is charged. What it had ends when it becomes one."""
    own = ("plan", "addon", "ordered_plan", "ordered_plan_from", "ordered_addon",
           "ordered_addon_from", "services", "discounts")  # fmt: skip
    touched = [name for name in own if getattr(before, name) != getattr(after, name)]
    if touched:
        raise InputError(
            f"an alias shares the plan of its main subscriber {safe(after.alias_of, 64)} and is"
            f" not charged: set {touched[0].replace('_', ' ')} there"
        )
    if before.alias_of is not None:
        return after
    return replace(
        after,
        ordered_plan=None,
        ordered_plan_from=None,
        ordered_addon=None,
        ordered_addon_from=None,
        services=(),
        discounts=(),
    )


def _or_none(text: str) -> str | None:
    return None if text in ("none", "") else text


def _birth_date(text: str | None, today: date) -> str | None:
    if text is None:
        return None
    day = parse_birth_date(text)
    require_born(day, today)
    return str(day)


def _fee_day(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and 1 <= int(text) <= 31):
        raise InputError(f"'{safe(text, 20)}' is not a fee day: 1 to 31, or none")
    return int(text)


def _text(fact: str, text: str) -> str:
    longest = _LENGTHS[fact]
    if len(text) > longest or has_control(text):
        raise InputError(
            f"the {fact.replace('_', ' ')} must have at most {longest} characters and no control"
            f" characters: '{safe(text, 60)}'"
        )
    return text
