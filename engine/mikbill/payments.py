"""What MikBill has booked: payments, refunds, credit limits, the service credit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from decimal import Decimal

from engine.events.kinds import EventKind
from engine.mikbill.amounts import exact, kopecks, moment
from engine.mikbill.reader import MikbillReader

REFUND, LIMIT, API = 7, 18, 62
NOT_PAYMENTS = frozenset(
    {1, 2, 6, 7, 9, 10, *range(15, 19), *range(20, 28), 29, 30, *range(32, 37), 39, 42, 43, 46}
    | {*range(48, 52), 64, 65, *range(72, 76), 78, 79, 93, 99, 100, *range(103, 106)}
)
"""The bughtypeids that are no payments: fees, services, refunds, limits."""

_OTHER = ", ".join(map(str, sorted(NOT_PAYMENTS - {REFUND, LIMIT})))
_COLUMNS = (
    "plategid, uid, CAST(`date` AS CHAR), CAST(CAST(summa AS DECIMAL(20, 6)) AS CHAR), bughtypeid"
)
_CREDITS = (1, 2)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Booked:
    """Something that MikBill booked for a uid. `place` is its plategid, 0 of the service credit.
    `kind` is None for what no event follows from; `moved` is what it changed on the deposit."""

    key: str
    place: int
    uid: int
    at: int
    kind: EventKind | None
    moved: Decimal = Decimal(0)
    is_api: bool = False

    @property
    def amount(self) -> int:
        """Minor units, positive, of a payment or a refund."""
        return abs(kopecks(self.moved))


class Bookings:
    """Reads what was booked. Its times are those of `zone`; of `bonus_types` no event follows."""

    def __init__(self, reader: MikbillReader, zone: tzinfo, bonus_types: Collection[int]) -> None:
        self._reader = reader
        self._zone = zone
        self._bonus_types = bonus_types

    def of(self, uids: Sequence[int], since: date) -> dict[int, list[Booked]]:
        """All that was booked for these uids since the day, the oldest first."""
        found: dict[int, list[Booked]] = defaultdict(list)
        for start in range(0, len(uids), _AT_ONCE):
            part = uids[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(part))
            rows = self._reader.rows(
                f"SELECT {_COLUMNS} FROM bugh_plategi_stat WHERE uid IN ({marks})"
                f" AND `date` >= ? AND bughtypeid NOT IN ({_OTHER}) ORDER BY plategid",
                (*part, since.isoformat()),
            )
            for one in [*self._booked(rows), *self._credits(f"uid IN ({marks})", part, since)]:
                found[one.uid].append(one)
        return {
            uid: sorted(those, key=lambda one: (one.at, one.place)) for uid, those in found.items()
        }

    def page(self, after: int, since: date, most: int) -> list[Booked]:
        """Up to `most` of everybody's payments, refunds and limits with a plategid above `after`,
        in their order."""
        return self._booked(
            self._reader.rows(
                f"SELECT {_COLUMNS} FROM bugh_plategi_stat WHERE plategid > ? AND `date` >= ?"
                f" AND uid > 0 AND bughtypeid NOT IN ({_OTHER}) ORDER BY plategid LIMIT ?",
                (after, since.isoformat(), most),
            )
        )

    def credits(self, since: date) -> list[Booked]:
        """Everybody's service credits that were switched on since the day."""
        return self._credits("uid > 0", (), since)

    def _credits(self, which: str, parameters: Sequence[int], since: date) -> list[Booked]:
        marks = ", ".join("?" * len(_CREDITS))
        found = []
        for uid, began, service in self._reader.rows(
            "SELECT uid, CAST(date_start AS CHAR), usluga FROM bugh_uslugi_stat"
            f" WHERE {which} AND usluga IN ({marks}) AND date_start >= ?",
            (*parameters, *_CREDITS, since.isoformat()),
        ):
            at = moment(began, self._zone)
            if at is not None:
                found.append(Booked(f"credit:{uid}:{began}:{service}", 0, int(uid), at, "credit"))
        return found

    def _booked(self, rows: Sequence[Sequence[object]]) -> list[Booked]:
        found = []
        for place, uid, when, amount, kind in rows:
            at = moment(str(when), self._zone)
            if at is not None:
                found.append(
                    booked(int(str(place)), int(str(uid)), at, str(amount or 0), int(str(kind)),
                           self._bonus_types)
                )  # fmt: skip
        return found


def booked(
    place: int, uid: int, at: int, amount: str, kind: int, bonus_types: Collection[int]
) -> Booked:
    """A row of MikBill's payments. A refund takes from the deposit whatever its sign; what comes to
    no kopeck, and a payment below zero, is no event."""
    moved = exact(amount)
    if kind == LIMIT:
        return Booked(f"limit:{place}", place, uid, at, "limit")
    event: EventKind | None = "payment"
    if kind == REFUND:
        event, moved = "refund", -abs(moved)
    elif kind in bonus_types or moved < 0:
        event = None
    if kopecks(moved) == 0:
        event = None
    return Booked(f"{event or 'booking'}:{place}", place, uid, at, event, moved, kind == API)


def balances_before(deposit: Decimal, bookings: Sequence[Booked]) -> Mapping[str, int]:
    """The balance before each of one uid's payments and refunds, by their keys, in minor units.

    The deposit is the balance after all of them, so it is what is left of it without this one and
    all that have a higher plategid. What was charged meanwhile stays in it."""
    before: dict[str, int] = {}
    for one in sorted(bookings, key=lambda one: -one.place):
        deposit -= one.moved
        before[one.key] = kopecks(deposit)
    return before
