"""The balance status of a number, from its balances in the operator's last reports. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.errors import InputError

Status = Literal[
    "new",
    "ok",
    "positive_dynamics",
    "positive_static",
    "negative_dynamics",
    "negative_static",
    "no_data",
    "terminated",
]

STATUSES: tuple[Status, ...] = (
    "ok",
    "positive_dynamics",
    "positive_static",
    "negative_dynamics",
    "negative_static",
    "new",
    "no_data",
    "terminated",
)
TITLES: dict[str, str] = {
    "ok": "OK",
    "positive_dynamics": "positive dynamics",
    "positive_static": "positive static",
    "negative_dynamics": "negative dynamics",
    "negative_static": "negative static",
    "new": "new",
    "no_data": "no data",
    "terminated": "terminated",
}


@dataclass(frozen=True, slots=True)
class TrendRules:
    """`window`: how many of the newest reports are looked at; `no_data` and `terminated`: how many
    of the newest must lack a number; `today_from`: the hour from which today's report may lack it.
    Raises InputError unless 0 < no_data < terminated <= window."""

    window: int = 14
    no_data: int = 3
    terminated: int = 10
    today_from: int = 12

    def __post_init__(self) -> None:
        if not 0 < self.no_data < self.terminated <= self.window:
            raise InputError("no_data must be less than terminated, and that at most window")


def status_of(
    balances: Sequence[int | None], ever: int, rules: TrendRules, *, first_counts: bool = True
) -> Status | None:
    """The status of a number.

    `balances`, in minor units, stand for the reports that exist up to today, newest first, as many
    as `rules.window` or more; None where a report lacks the number, which is unknown and not 0.
    `ever` is how many balances of the number were reported up to today, 2 standing for more.
    `first_counts` is False while the first report, today's, may still lack a number that comes
    later. None: nothing can be said yet.
    """
    if balances and balances[0] is None and not first_counts:
        balances = balances[1:]
    missing = 0
    for balance in balances:
        if balance is not None:
            break
        missing += 1
    if missing >= rules.terminated:
        return "terminated"
    if missing >= rules.no_data:
        return "no_data"
    if ever == 1:
        return "new"
    return _dynamics([balance for balance in balances[: rules.window] if balance is not None])


def _dynamics(known: list[int]) -> Status | None:
    if not known:
        return None
    low, high = min(known), max(known)
    if low == high:
        return "positive_static" if low >= 0 else "negative_static"
    if low >= 0:
        return "positive_dynamics"
    return "negative_dynamics" if high < 0 else "ok"
