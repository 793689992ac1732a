"""What the demonstration's subscribers use in a month. Pure, and in whole numbers throughout."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from engine.demo.bundle import Operator
from engine.demo.catalogue import DemoPlan, plan_by_code
from engine.period import Period

BYTES_OF_MB = 1_000_000

# Bytes in and out by direction: in1, out1, in2, out2, ... out4.
Usage = tuple[int, int, int, int, int, int, int, int]

# Those without a plan use what comes through the cable all the same.
_WITHOUT_PLAN = "start-50"


def usage_by_login(
    operator: Operator, seed: int, period: Period, plan_of: Mapping[str, str]
) -> dict[str, Usage]:
    """Who used what in a period; `plan_of` is the plan's code by login in that period."""
    rng = Random(f"billdeck usage {seed} {period}")
    plans = plan_by_code()
    found: dict[str, Usage] = {}
    for subscriber in operator.subscribers:
        plan = plans[plan_of.get(subscriber.login) or _WITHOUT_PLAN]
        usage = month_of_usage(rng, plan, subscriber.appetite)
        if usage is not None and subscriber.uses_in(period):
            found[subscriber.login] = usage
    return found


def month_of_usage(rng: Random, plan: DemoPlan, appetite: int) -> Usage | None:
    """A month's usage on a plan, None for one who was not there at all.

    `appetite` is percent of what is typical for the plan. Most comes in, little goes out; on a
    plan that counts what goes out (a server's) it is the other way round.
    """
    if rng.random() < 0.03:
        return None
    mood = rng.randint(55, 145) * appetite
    counts: list[int] = []
    for typical, (_, _, counted) in zip(plan.typical_mb, plan.directions, strict=True):
        mb = typical * mood // 10_000
        most = mb * BYTES_OF_MB + rng.randrange(BYTES_OF_MB) if mb else 0
        least = most * rng.randint(3, 14) // 100
        counts.extend((least, most) if counted == "out" else (most, least))
    return (counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6], counts[7])
