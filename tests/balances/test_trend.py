"""The eight statuses: the golden lines, the settings, and random histories against a second
computation."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.balances.trend import STATUSES, TITLES, TrendRules, status_of
from engine.errors import InputError
from tests.oracle.trend_opinion import Limits, opinion

GOLDEN = Path(__file__).parents[1] / "data" / "golden-trend.csv"
RULES = TrendRules()
FIRST = date(2026, 10, 1)


def golden() -> list[tuple[list[int | None], str]]:
    with GOLDEN.open() as file:
        lines = csv.DictReader(line for line in file if not line.startswith("#"))
        return [
            (
                [None if cell == "-" else int(cell) * 100 for cell in line["balances"].split()],
                line["status"].replace(" ", "_"),
            )
            for line in lines
        ]


@pytest.mark.parametrize(("balances", "status"), golden())
def test_golden(balances: list[int | None], status: str) -> None:
    ever = sum(balance is not None for balance in balances)
    assert status_of(balances, ever, RULES) == status


def test_the_golden_lines_have_all_statuses() -> None:
    assert {status for _, status in golden()} == set(STATUSES) == set(TITLES)


def test_a_kopeck_is_a_change() -> None:
    assert status_of([500, 501], 2, RULES) == "positive_dynamics"
    assert status_of([-1, -1], 2, RULES) == "negative_static"
    assert status_of([0, -1], 2, RULES) == "ok"


@pytest.mark.parametrize(
    ("reports", "status"),
    [(0, None), (2, None), (3, "no_data"), (9, "no_data"), (10, "terminated")],
)
def test_a_number_that_was_never_reported(reports: int, status: str | None) -> None:
    assert status_of([None] * reports, 0, RULES) == status


def test_todays_report_lacks_it_in_the_morning() -> None:
    balances = [None, None, None, 500, 700]
    assert status_of(balances, 2, RULES) == "no_data"
    assert status_of(balances, 2, RULES, first_counts=False) == "positive_dynamics"
    assert status_of([900, 500], 2, RULES, first_counts=False) == "positive_dynamics"


def test_new_is_once_ever_not_once_in_the_window() -> None:
    assert status_of([500, *[None] * 13], 2, RULES) == "positive_static"
    assert status_of([None, 500], 1, RULES) == "new"


@pytest.mark.parametrize(
    "settings", [(14, 10, 10), (14, 11, 10), (9, 3, 10), (14, 0, 10), (2, 1, 3)]
)
def test_settings_that_cannot_be(settings: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match="must be less"):
        TrendRules(*settings)


@st.composite
def histories(draw: st.DrawFn) -> tuple[set[date], dict[date, int], date, int, TrendRules]:
    days = [FIRST + timedelta(days=number) for number in range(draw(st.integers(0, 25)))]
    reports = {day for day in days if draw(st.integers(0, 9)) > 0}
    share = draw(st.sampled_from([0, 1, 3, 9, 10]))
    own = {
        day: draw(st.sampled_from([0, 1, -1, 500, -500]))
        for day in sorted(reports)
        if draw(st.integers(0, 9)) < share
    }
    today = FIRST + timedelta(days=draw(st.integers(0, 30)))
    no_data = draw(st.integers(1, 4))
    terminated = draw(st.integers(no_data + 1, 12))
    window = draw(st.integers(terminated, 16))
    rules = TrendRules(window, no_data, terminated, draw(st.integers(0, 23)))
    return reports, own, today, draw(st.integers(0, 23)), rules


@given(histories())
def test_a_second_computation_agrees(
    history: tuple[set[date], dict[date, int], date, int, TrendRules],
) -> None:
    reports, own, today, hour, rules = history
    counted = sorted((day for day in reports if day <= today), reverse=True)
    ever = sum(day <= today for day in own)
    found = status_of(
        [own.get(day) for day in counted],
        ever,
        rules,
        first_counts=counted[:1] != [today] or hour >= rules.today_from,
    )
    limits = Limits(rules.window, rules.no_data, rules.terminated, rules.today_from)
    assert found == opinion(reports, own, today, hour, limits)
