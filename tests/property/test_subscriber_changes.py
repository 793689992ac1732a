"""What a person asks for, applied to what is known: bounds, orders, and that repeats change
nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.birth_date import FIRST
from engine.errors import InputError
from engine.period import Period
from engine.subscribers.changes import KINDS, SCOPES, Changes, apply
from engine.subscribers.facts import Facts, difference, discount_text, discount_value

OPEN = Period(2026, 11)
TODAY = date(2026, 11, 5)
KNOWN = Facts(group="people", plan="home")
CODES = st.sampled_from(["ip", "box", "tv", "av"])
PERCENT = st.integers(0, 100_000_000).map(lambda value: discount_text("percent", value))
FIXED = st.integers(0, 10**10).map(lambda value: discount_text("fixed", value))
DISCOUNT = st.one_of(
    st.builds("{}:percent:{}".format, st.sampled_from(SCOPES), PERCENT),
    st.builds("{}:fixed:{}".format, st.sampled_from(SCOPES), FIXED),
)
CHANGES = st.builds(
    Changes,
    name=st.none() | st.sampled_from(["", "Ян"]),
    plan=st.none() | st.sampled_from(["home", "fast"]),
    order_plan=st.none() | st.sampled_from(["none", "fast"]),
    order_addon=st.none() | st.sampled_from(["none", "drop", "tv"]),
    services=st.none() | st.lists(CODES).map(";".join),
    add_services=st.lists(CODES).map(tuple),
    discounts=st.lists(DISCOUNT).map(tuple),
    credit_limit=st.none() | st.integers(0, 10**6).map(str),
    active_since=st.none() | st.dates().map(str).filter(lambda day: "1970" <= day < "9999"),
    birth_date=st.sampled_from([None, "none"]) | st.dates(FIRST, TODAY).map(str),
)


@given(CHANGES)
def test_the_same_again_changes_nothing(changes: Changes) -> None:
    once = apply(KNOWN, changes, OPEN, TODAY)
    assert apply(once, changes, OPEN, TODAY) == once
    assert difference(once, once) == ({}, {})


@given(CHANGES)
def test_before_and_after_have_the_same_names(changes: Changes) -> None:
    after = apply(KNOWN, changes, OPEN, TODAY)
    old, new = difference(KNOWN, after)
    assert old.keys() == new.keys()
    assert all(old[name] != new[name] for name in new)
    assert bool(new) == (after != KNOWN)


@given(CHANGES)
def test_an_order_never_reaches_into_an_open_period(changes: Changes) -> None:
    after = apply(KNOWN, changes, OPEN, TODAY)
    for begin in (after.ordered_plan_from, after.ordered_addon_from):
        assert begin is None or Period.parse(begin) > OPEN
    assert after.ordered_plan is None or after.ordered_plan_from is not None


@given(CHANGES)
def test_at_most_one_discount_of_a_scope_and_kind(changes: Changes) -> None:
    names = [text.rpartition(":")[0] for text in apply(KNOWN, changes, OPEN, TODAY).discounts]
    assert len(names) == len(set(names))
    for text in apply(KNOWN, changes, OPEN, TODAY).discounts:
        scope, kind, value = text.split(":")
        assert scope in SCOPES
        assert kind in KINDS
        assert discount_value(kind, value) > 0


@given(st.sampled_from(KINDS), st.integers(0, 10**9))
def test_a_discount_reads_back_as_written(kind: str, value: int) -> None:
    assert discount_value(kind, discount_text(kind, value)) == value


@given(st.text(max_size=30))
def test_any_text_as_a_discount_is_taken_or_refused(text: str) -> None:
    try:
        after = apply(KNOWN, Changes(discounts=(text,)), OPEN, TODAY)
    except InputError:
        return
    assert len(after.discounts) <= 1


@given(st.integers(100_000_001, 10**12))
def test_more_than_all_is_refused(value: int) -> None:
    text = f"all:percent:{discount_text('percent', value)}"
    with pytest.raises(InputError, match="0 to 100 percent"):
        apply(KNOWN, Changes(discounts=(text,)), OPEN, TODAY)


@given(CHANGES)
def test_an_alias_keeps_nothing_of_its_own(changes: Changes) -> None:
    main = replace(KNOWN, services=("ip",), discounts=("all:percent:5",))
    became = apply(main, Changes(alias_of="ivan"), OPEN, TODAY)
    assert (became.services, became.discounts) == ((), ())
    try:
        after = apply(became, changes, OPEN, TODAY)
    except InputError:
        return
    own = ("plan", "services", "discounts", "ordered_plan_from", "ordered_addon_from")
    assert [getattr(after, name) for name in own] == [getattr(became, name) for name in own]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1899-12-31", "from 1900-01-01 on"),
        ("2026-11-06", "lies in the future: today is 2026-11-05"),
        ("2025-02-29", "is not a birth date"),
        ("5.11.1985", "is not a birth date"),
        ("19851105", "is not a birth date"),
        ("\u0661985-11-05", "is not a birth date"),
    ],
)
def test_birth_dates_that_cannot_be(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        apply(KNOWN, Changes(birth_date=text), OPEN, TODAY)


@pytest.mark.parametrize("text", ["1900-01-01", "2024-02-29", "2026-11-05"])
def test_birth_dates_that_can_be(text: str) -> None:
    known = apply(KNOWN, Changes(birth_date=text), OPEN, TODAY)
    assert known.birth_date == text
    assert apply(known, Changes(birth_date="none"), OPEN, TODAY) == KNOWN
