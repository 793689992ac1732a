"""The terms of a charge as they are kept with it: everything that explains it later, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from engine.close.catalogue import Fee, Plan
from engine.close.rating import Direction, Discount


class KeptTerms(NamedTuple):
    """Fees and prices in millionths, included bytes, as they were when the charge was made.

    `plan` has the kind plan; `ratio` is in millionths; `start_day` 0 is a full month.
    """

    plan: Fee
    directions: tuple[Direction, ...]
    ratio: int
    carry_over: bool
    addon: Fee | None
    services: tuple[Fee, ...]
    start_day: int
    discounts: tuple[Discount, ...]

    @classmethod
    def of(
        cls,
        plan: Plan,
        addon: Fee | None,
        services: Iterable[Fee],
        start_day: int,
        discounts: Iterable[Discount],
    ) -> KeptTerms:
        """From what is in force; the same terms are always the same JSON."""
        return cls(
            Fee(plan.code, plan.name, "plan", plan.fee),
            plan.directions,
            plan.ratio,
            plan.carry_over,
            addon,
            tuple(sorted(services)),
            start_day,
            tuple(sorted(discounts)),
        )

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self._asdict(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> KeptTerms:
        """Reads back what `to_json` wrote."""
        kept = json.loads(text)
        return cls(
            Fee(*kept["plan"]),
            tuple(Direction(*one) for one in kept["directions"]),
            kept["ratio"],
            kept["carry_over"],
            Fee(*kept["addon"]) if kept["addon"] else None,
            tuple(Fee(*one) for one in kept["services"]),
            kept["start_day"],
            tuple(Discount(*one) for one in kept["discounts"]),
        )
