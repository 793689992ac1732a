"""The demonstration's numbers and what their operator reported of them. Pure: the same for a seed.

Every balance status occurs, each by a way of life that leads to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from engine.demo.bundle import DemoSubscriber, Row

DAYS = 100
"""How many days of reports there are."""
OPERATOR = "Megafon"
TARIFFS = ("Единый", "Всё включено S", "Умный модем", "Телематика 2024")

# trading: falls, is paid up again, now and then below zero; paid: falls and is paid in time; idle:
# nobody uses it; debtor: falls and is hardly ever paid; dead: idle and in debt; gone: its reports
# ended weeks ago; lost: days ago; fresh: one report so far.
Life = Literal["trading", "paid", "idle", "debtor", "dead", "gone", "lost", "fresh"]
LIVES: tuple[Life, ...] = (
    "trading", "paid", "idle", "debtor", "dead", "gone", "lost", "fresh",
)  # fmt: skip
_SHARES = (30, 34, 9, 7, 5, 6, 5, 4)
_OF_EVERY, _FEWEST, _MOST = 25, 16, 400
_MISSING = 0.03

Balances = list[int | None]
"""By day, the oldest first, in minor units; None where the report lacks the number."""


@dataclass(frozen=True, slots=True)
class DemoNumber:
    """A number: its row in the bundle, and its balances of `DAYS` days."""

    row: Row
    life: Life
    balances: Balances


def make_numbers(subscribers: Sequence[DemoSubscriber], seed: int) -> list[DemoNumber]:
    """One for every twenty-fifth subscriber; a few of them nobody has."""
    rng = Random(f"billdeck numbers {seed}")
    count = max(_FEWEST, min(_MOST, len(subscribers) // _OF_EVERY))
    owners = rng.sample([one.login for one in subscribers], min(count, len(subscribers)))
    found = []
    for place in range(count):
        # The first eight are one of each.
        life = LIVES[place] if place < len(LIVES) else rng.choices(LIVES, _SHARES)[0]
        nobodys = place % 9 == 8 or place >= len(owners)
        row = {
            "number": f"943{rng.randint(100, 999)}{place:04}",
            "personal_account": str(41_000_000 + place // 40),
            "operator": OPERATOR,
            "tariff": rng.choice(TARIFFS),
            "login": "" if nobodys else owners[place],
        }
        found.append(DemoNumber(row, life, _balances(rng, life)))
    return found


def _balances(rng: Random, life: Life) -> Balances:
    if life == "fresh":
        return [None] * (DAYS - 1) + [rng.randint(100, 900) * 100]
    if life in ("idle", "dead"):
        amount = rng.randint(0, 40_000) if life == "idle" else -rng.randint(100, 30_000)
        found: Balances = [amount] * DAYS
    else:
        found = _used(rng, life)
    ended = {"gone": rng.randint(10, 40), "lost": rng.randint(3, 9)}.get(life, 0)
    # Not the last one before the end: then it would be missing for longer.
    for day in range(DAYS - ended - 1):
        if rng.random() < _MISSING:
            found[day] = None
    for day in range(DAYS - ended, DAYS):
        found[day] = None
    return found


def _used(rng: Random, life: Life) -> Balances:
    """A balance that falls day by day and is paid up at a limit of its own."""
    fee = rng.randint(300, 1_900)
    paid_at, paid_to = {
        "trading": (-4 * fee, 9 * fee),
        "debtor": (-40 * fee, -25 * fee),
    }.get(life, (2 * fee, 20 * fee))
    balance, found = rng.randint(paid_at, paid_to), []
    for _ in range(DAYS):
        balance -= rng.randint(fee // 2, 2 * fee)
        if balance < paid_at:
            balance = paid_to - rng.randint(0, fee)
        found.append(balance)
    return list(found)
