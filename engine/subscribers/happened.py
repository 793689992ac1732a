"""The events that a change of a subscriber is. Pure: from the facts before and after."""

from __future__ import annotations

from uuid import uuid4

from engine.events.facts import Happened
from engine.events.kinds import EventKind
from engine.subscribers.facts import Facts, discount_value

_INTO: dict[str, EventKind] = {"frozen": "freeze", "blocked": "block", "deleted": "delete"}


def events_of(
    number: int, before: Facts, after: Facts, now_ms: int, actor: str
) -> list[Happened]:  # fmt: skip
    """What happened to the subscriber, in the order in which people think of it."""
    kinds: list[tuple[EventKind, int | None]] = []
    if before.state != after.state:
        kinds.append((_INTO.get(after.state, "unblock"), None))
    # The plan of an alias is its main subscriber's.
    if before.plan != after.plan and after.alias_of is None:
        kinds.append(("tariff_change", None))
    if before.credit_limit != after.credit_limit:
        kinds.append(("limit", after.credit_limit))
    stayed = tuple(_row(one) for one in before.discounts if one in after.discounts)
    return [
        Happened(
            kind, number, f"change:{uuid4()}", now_ms, "change", actor, amount, discounts=stayed
        )
        for kind, amount in kinds
    ]


def _row(text: str) -> tuple[str, str, int]:
    scope, kind, worth = text.split(":")
    return scope, kind, discount_value(kind, worth)
