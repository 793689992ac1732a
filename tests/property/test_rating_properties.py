"""What holds for every charge, whatever the terms and the usage."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.close.rating import (
    Charge,
    Direction,
    Discount,
    Four,
    Rating,
    Terms,
    share_of_month,
)

PRICES = st.one_of(st.just(0), st.integers(0, 5_000_000))
BYTES = st.one_of(st.just(0), st.integers(0, 2**45))
COUNTS = st.sampled_from(("in", "out", "sum", "max"))
SIZES = st.one_of(st.none(), st.just(0), st.integers(0, 2**44))
DIRECTIONS = st.builds(Direction, SIZES, PRICES, COUNTS)
PERCENTS = st.integers(1, 100_000_000)
SCOPES = st.sampled_from(("all", "plan", "services", "rent"))
DISCOUNTS = st.one_of(
    st.builds(Discount, SCOPES, st.just("percent"), PERCENTS),
    st.builds(Discount, SCOPES, st.just("fixed"), st.integers(1, 10**6)),
)
FEES = st.integers(0, 10**10)
USAGE = st.lists(BYTES, min_size=8, max_size=8)
CREDIT = st.tuples(BYTES, BYTES, BYTES, BYTES)


@st.composite
def every_terms(draw: st.DrawFn, discounts: bool = True) -> Terms:
    some = st.lists(DISCOUNTS, max_size=4, unique_by=lambda one: (one.scope, one.kind))
    return Terms(
        fee=draw(FEES),
        directions=draw(st.tuples(DIRECTIONS, DIRECTIONS, DIRECTIONS, DIRECTIONS)),
        ratio=draw(st.one_of(st.just(0), st.integers(0, 20_000_000))),
        carry_over=draw(st.booleans()),
        addon_fee=draw(FEES),
        services=draw(FEES),
        rents=draw(FEES),
        start_day=draw(st.integers(0, 31)),
        discounts=tuple(draw(some)) if discounts else (),
    )


def parts(charge: Charge) -> int:
    return charge.plans + charge.services + charge.rent + charge.usage - charge.discounts


@given(every_terms(), USAGE, CREDIT)
def test_never_negative_and_the_parts_add_up(terms: Terms, usage: list[int], credit: Four) -> None:
    charge = Rating(terms).rate(usage, credit)
    assert charge.amount >= 0
    assert parts(charge) == charge.amount
    assert min(charge.carried) >= 0


@given(every_terms(), USAGE, st.integers(0, 7), st.integers(1, 2**40))
def test_more_usage_never_costs_less(terms: Terms, usage: list[int], where: int, more: int) -> None:
    rating = Rating(terms)
    larger = [*usage]
    larger[where] += more
    assert rating.rate(larger).amount >= rating.rate(usage).amount


@given(every_terms(), USAGE, CREDIT)
def test_credit_never_costs(terms: Terms, usage: list[int], credit: Four) -> None:
    rating = Rating(terms)
    assert rating.rate(usage, credit).amount <= rating.rate(usage).amount


@given(every_terms(discounts=False), USAGE, DISCOUNTS)
def test_a_discount_takes_something_between_nothing_and_all(
    terms: Terms, usage: list[int], discount: Discount
) -> None:
    full = Rating(terms).rate(usage)
    less = Rating(terms._replace(discounts=(discount,))).rate(usage)
    assert 0 <= less.amount <= full.amount
    scoped = {"plan": full.plans, "services": full.services, "rent": full.rent}
    # A kopeck of rounding, on the part and on the amount.
    assert full.amount - less.amount <= scoped.get(discount.scope, full.amount) + 1
    if discount.scope == "all" and discount.value == 100_000_000 and discount.kind == "percent":
        assert less.amount == 0


@given(every_terms(), USAGE)
def test_a_month_from_its_first_day_is_a_full_month(terms: Terms, usage: list[int]) -> None:
    full = Rating(terms._replace(start_day=0)).rate(usage)
    assert Rating(terms._replace(start_day=1)).rate(usage) == full


@given(st.integers(1, 30))
def test_the_later_the_start_the_smaller_the_share(day: int) -> None:
    assert 3 <= share_of_month(day + 1) < share_of_month(day) <= 100


@given(every_terms(), USAGE, CREDIT)
def test_carried_usage_never_exceeds_the_allowance(
    terms: Terms, usage: list[int], credit: Four
) -> None:
    charge = Rating(terms).rate(usage, credit)
    k = share_of_month(terms.start_day)
    for direction, carried in zip(terms.directions, charge.carried, strict=True):
        if not terms.carry_over or direction.included is None:
            assert carried == 0
        else:
            assert carried <= direction.included * k // 100
