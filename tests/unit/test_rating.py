"""Rating against the table of known charges, the golden bundle and a second computation."""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from engine.close.rating import Direction, Discount, Rating, Terms, share_of_month
from engine.money import format_amount, parse_price

GOLDEN = Path(__file__).parents[1] / "data" / "golden-month-close"
MB = 1_000_000
RUB = 1_000_000
NONE = Direction(0, 0, "sum")


def direction(included: int | None, price: str, counts: str = "sum") -> Direction:
    return Direction(None if included is None else included * MB, parse_price(price), counts)


def terms(fee: str, *directions: Direction, **more: object) -> Terms:
    four = (*directions, NONE, NONE, NONE, NONE)[:4]
    return Terms(parse_price(fee), four, **more)  # type: ignore[arg-type]


def used(*megabytes: int) -> list[int]:
    """Bytes in by direction, none out."""
    found = [0] * 8
    for n, number in enumerate(megabytes):
        found[2 * n] = number * MB
    return found


TABLE = [
    (terms("30", direction(50, "0.5")), used(70), "40.00"),
    (terms("50", direction(100, "0.48"), direction(333, "0.05")), used(120, 400), "62.95"),
    (
        terms("50", direction(100, "1"), direction(200, "0.1"), ratio=4 * RUB),
        used(70, 400),
        "58.00",
    ),
    (
        terms("10", direction(10, "1"), direction(0, "0"), direction(5, "0.2")),
        used(5, 3, 10),
        "11.00",
    ),
    (terms("200", direction(None, "0.01")), used(5000), "200.00"),
    (
        terms(
            "50",
            direction(100, "0.48"),
            direction(333, "0.05"),
            start_day=16,
            discounts=(Discount("all", "percent", 10 * RUB),),
        ),
        used(60, 100),
        "26.86",
    ),
    (
        terms("30", direction(50, "0.5"), services=45 * RUB, addon_fee=7_500_000),
        used(10),
        "82.50",
    ),
    (
        terms("30", direction(50, "0.5"), discounts=(Discount("all", "percent", 100 * RUB),)),
        used(15),
        "0.00",
    ),
    (
        terms("5", direction(10, "1", "max")),
        [7 * MB, 12 * MB, 0, 0, 0, 0, 0, 0],
        "7.00",
    ),
]


@pytest.mark.parametrize(("given", "usage", "charge"), TABLE)
def test_known_charges(given: Terms, usage: list[int], charge: str) -> None:
    assert format_amount(Rating(given).rate(usage).amount) == charge


def test_over_a_limit_without_a_price_is_marked_and_not_charged() -> None:
    charge = Rating(terms("100", direction(1000, "0"))).rate(used(1500))
    assert (charge.amount, charge.block) == (100_00, True)


def test_exactly_at_the_limit_is_not_over_it() -> None:
    charge = Rating(terms("100", direction(1000, "0"))).rate(used(1000))
    assert (charge.amount, charge.block) == (100_00, False)


def test_unused_megabytes_are_carried_and_last_one_month() -> None:
    rating = Rating(terms("40", direction(100, "1"), carry_over=True))
    first = rating.rate(used(60))
    assert (first.amount, first.carried) == (40_00, (40 * MB, 0, 0, 0))
    # The credit is spent first: of 150 MB, 40 are credit and 110 meet an allowance of 100.
    second = rating.rate(used(150), first.carried)
    assert (second.amount, second.carried) == (50_00, (0, 0, 0, 0))
    # Unspent credit is not carried a second time.
    idle = rating.rate(used(10), first.carried)
    assert (idle.amount, idle.carried) == (40_00, (100 * MB, 0, 0, 0))


def test_what_is_carried_is_scaled_by_the_share_of_the_month_and_rounded_down() -> None:
    given = terms("40", Direction(101, RUB, "in"), carry_over=True, start_day=16)
    assert Rating(given).rate([0] * 8).carried == (52, 0, 0, 0)  # 101 * 0.52 = 52.52


def test_a_folded_direction_carries_nothing() -> None:
    given = terms("40", direction(100, "1"), direction(500, "0"), carry_over=True)
    assert Rating(given).rate(used(60, 30)).carried == (10 * MB, 0, 0, 0)


def test_the_share_of_the_month_at_its_ends() -> None:
    assert [share_of_month(day) for day in (0, 1, 2, 16, 31)] == [100, 100, 97, 52, 3]


def test_a_full_discount_is_never_below_zero() -> None:
    """100 % of 357.225 takes 357.23 off: that would leave -0.01."""
    given = terms("357.225", discounts=(Discount("all", "percent", 100 * RUB),))
    assert Rating(given).rate([0] * 8).amount == 0


def test_scoped_discounts_come_first_and_each_is_rounded() -> None:
    given = terms(
        "100.01",
        services=50 * RUB,
        rents=30 * RUB,
        discounts=(
            Discount("all", "percent", 10 * RUB),
            Discount("plan", "percent", 50 * RUB),
            Discount("services", "fixed", 20_00),
            Discount("rent", "fixed", 99_00),
        ),
    )
    charge = Rating(given).rate([0] * 8)
    # 100.01 / 2 = 50.005 -> 50.01 off; 20.00 off; rent at most 30.00 off; 10 % of 80.00.
    assert charge.discounts == 50_01 + 20_00 + 30_00 + 8_00
    assert charge.amount == 180_01 - charge.discounts


def test_a_percent_and_a_fixed_sum_never_take_more_than_their_scope() -> None:
    given = terms(
        "100",
        services=50 * RUB,
        discounts=(Discount("plan", "percent", 60 * RUB), Discount("plan", "fixed", 90_00)),
    )
    assert Rating(given).rate([0] * 8).amount == 50_00


def test_unlimited_direction_1_lends_direction_2_all_it_needs() -> None:
    given = terms("50", direction(None, "1"), direction(10, "2"), ratio=RUB)
    assert Rating(given).rate(used(70, 400)).amount == 50_00


def rows(name: str) -> list[dict[str, str]]:
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def included(cell: str) -> int | None:
    return None if cell == "unlimited" or int(cell) >= 999_000_000 else int(cell) * MB


def golden_terms() -> dict[str, Terms]:
    """The terms of each charged subscriber of the golden bundle by login."""
    plans = {row["plan"]: row for row in rows("plans")}
    addons = {row["addon"]: parse_price(row["monthly_fee"]) for row in rows("addons")}
    services = {row["service"]: parse_price(row["monthly_fee"]) for row in rows("services")}
    found = {}
    for row in rows("subscribers"):
        plan = plans[row["plan"]]
        percent = parse_price(row["discount_percent"])
        found[row["login"]] = Terms(
            fee=parse_price(plan["monthly_fee"]),
            directions=tuple(  # type: ignore[arg-type]
                Direction(
                    included(plan[f"dir{n}_included_mb"]),
                    parse_price(plan[f"dir{n}_overage_price"]),
                    plan[f"dir{n}_counts"],
                )
                for n in "1234"
            ),
            ratio=parse_price(plan["dir2_to_dir1_ratio"]),
            carry_over=plan["carry_over"] == "yes",
            addon_fee=addons.get(row["addon"], 0),
            services=sum(services[code] for code in row["services"].split(";") if code),
            start_day=max(0, int(row["start_day"])),
            discounts=(Discount("all", "percent", percent),) if percent else (),
        )
    return found


def golden_usage() -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in rows("usage"):
        bytes_of = found.setdefault(row["login"], [0] * 8)
        n = 2 * int(row["direction"]) - 2
        bytes_of[n] += int(row["bytes_in"])
        bytes_of[n + 1] += int(row["bytes_out"])
    return found


# Where the original's binary floats are a kopeck off exact half-up rounding.
FLOAT_ERRORS = {
    "u39": "284.90",
    "u80": "97.62",
    "u85": "290.52",
    "u133": "87.62",
    "u296": "441.57",
}


def test_the_golden_charges() -> None:
    usage, every = golden_usage(), golden_terms()
    charged = [row for row in rows("expected_charges") if row["status"] == "charged"]
    assert len(charged) == 273
    for row in charged:
        login = row["login"]
        charge = Rating(every[login]).rate(usage.get(login, [0] * 8))
        assert format_amount(charge.amount) == FLOAT_ERRORS.get(login, row["amount"]), login
        carried = tuple(int(row[f"dir{n}_carried_bytes"]) for n in "1234")
        assert charge.carried == carried, login


def rated_in_decimals(given: Terms, usage: list[int]) -> Decimal:
    """The same rules in Decimal, written a second time, for a percent discount on all."""

    def cents(value: Decimal) -> Decimal:
        return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)

    k = cents(Decimal(32 - given.start_day) / 31) if given.start_day else Decimal(1)
    count = {"in": lambda a, b: a, "out": lambda a, b: b, "sum": lambda a, b: a + b, "max": max}
    megabytes = [
        Decimal(count[one.counts](usage[2 * n], usage[2 * n + 1])) / MB
        for n, one in enumerate(given.directions)
    ]
    for n in (1, 2, 3):
        if given.directions[n].price == 0:
            megabytes[0], megabytes[n] = megabytes[0] + megabytes[n], Decimal(0)
    limits = [
        Decimal(999_000_000) if one.included is None else k * one.included / MB
        for one in given.directions
    ]
    over = [max(Decimal(0), one - limit) for one, limit in zip(megabytes, limits, strict=True)]
    if given.ratio and over[1] and megabytes[0] < limits[0]:
        over[1] -= min((limits[0] - megabytes[0]) * given.ratio / RUB, over[1])
    fees = k * (given.fee + given.addon_fee) / RUB + Decimal(given.services) / RUB
    total = fees + sum(
        (mb * one.price / RUB for mb, one in zip(over, given.directions, strict=True)), Decimal(0)
    )
    percent = sum(one.value for one in given.discounts)
    return max(Decimal(0), cents(total - cents(total * percent / 100 / RUB)))


def test_the_golden_charges_in_decimals() -> None:
    usage = golden_usage()
    for login, given in golden_terms().items():
        bytes_of = usage.get(login, [0] * 8)
        expected = rated_in_decimals(given, bytes_of)
        assert Decimal(Rating(given).rate(bytes_of).amount) / 100 == expected, login
