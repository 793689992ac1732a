"""The operator as a bundle: of the size asked for, of every kind, the same for a seed."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.bundle.columns import FILES
from engine.demo.bundle import MAX_TROUBLED, Operator, make_operator
from engine.demo.catalogue import PLANS
from engine.period import Period

FIRST = Period(2026, 7)


@pytest.fixture(scope="module")
def operator() -> Operator:
    return make_operator(5000, 1, FIRST)


@pytest.mark.parametrize("count", [20, 99, 300, 5000, 30_000])
def test_it_has_the_size_asked_for_and_every_login_once(count: int) -> None:
    made = make_operator(count, 4, FIRST)
    assert len(made.subscribers) == count
    assert len({one.login for one in made.subscribers}) == count
    assert 1 <= len(made.troubled) <= MAX_TROUBLED


def test_the_same_seed_makes_the_same_operator_and_another_seed_another() -> None:
    assert make_operator(200, 9, FIRST) == make_operator(200, 9, FIRST)
    assert make_operator(200, 9, FIRST) != make_operator(200, 10, FIRST)


def test_every_cell_is_one_that_the_import_takes(operator: Operator) -> None:
    files = {
        "plans": operator.plans,
        "addons": operator.addons,
        "services": operator.services,
        "groups": operator.groups,
        "subscribers": [one.row for one in operator.subscribers],
    }
    for name, rows in files.items():
        columns = {column.name: column for column in FILES[name]}
        for row in rows:
            assert row.keys() <= columns.keys()
            assert {one.name for one in FILES[name] if one.required} <= row.keys()
            for key, cell in row.items():
                columns[key].parse(cell)


def test_there_is_every_kind_of_plan(operator: Operator) -> None:
    assert any(plan.directions[0][0] == "unlimited" for plan in PLANS)
    assert any(plan.carry_over for plan in PLANS)
    assert any(plan.ratio != "0" for plan in PLANS)
    assert any(plan.directions[0][1] == "0" and plan.directions[0][0] != "unlimited"
               for plan in PLANS)  # fmt: skip
    assert {sum(mb > 0 for mb in plan.typical_mb) for plan in PLANS} == {1, 2, 3, 4}
    assert {way[2] for plan in PLANS for way in plan.directions} == {"in", "out", "sum", "max"}
    sold = Counter(one.row["plan"] for one in operator.subscribers)
    assert all(sold[plan.code] for plan in PLANS)


def test_there_is_every_kind_of_subscriber(operator: Operator) -> None:
    rows = [one.row for one in operator.subscribers]
    assert {row["group"] for row in rows} == {"town", "village", "business", "staff"}
    assert {row["state"] for row in rows} == {"active", "blocked", "frozen", "deleted"}
    assert {"-1", "0"} < {row["start_day"] for row in rows}
    assert {"0", "50", "100"} < {row["discount_percent"] for row in rows}
    for column in ("next_plan", "addon", "next_addon", "services", "alias_of", "fee_day"):
        assert any(row[column] for row in rows), column
    balances = [row["balance"] for row in rows]
    assert any(text.startswith("-") for text in balances)
    joined = {row["active_since"][:7] for row in rows if row["active_since"] >= "2026-07"}
    assert joined == {"2026-08", "2026-09", "2026-10"}


def test_the_troubled_ones_joined_in_the_last_month_and_have_no_plan(operator: Operator) -> None:
    assert operator.last == Period(2026, 10)
    without = {one.login: one.row for one in operator.subscribers if not one.row["plan"]}
    assert set(without) == set(operator.troubled)
    assert all(row["active_since"].startswith("2026-10") for row in without.values())
