"""VAT within a sum, against exact fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ledger.inputs import MAX_AMOUNT
from engine.ledger.vat import vat_within


@pytest.mark.parametrize(
    ("amount", "basis_points", "vat"),
    [
        (12_000, 2000, 2_000),
        (11_800, 1800, 1_800),
        (12_200, 2200, 2_200),
        (100, 2000, 17),  # 16.67
        (1, 2000, 0),  # 0.17 of a kopeck
        (3, 2000, 1),  # exactly half a kopeck: up
        (9, 2000, 2),  # 1.5: up
        (100_000, 0, 0),
        (200, 10_000, 100),
        (110, 1000, 10),
        (12_345, 1250, 1_372),  # 1371.67
    ],
)
def test_known_sums(amount: int, basis_points: int, vat: int) -> None:
    assert vat_within(amount, basis_points) == vat


@given(st.integers(0, MAX_AMOUNT), st.integers(0, 10_000))
def test_it_is_the_nearest_whole_amount(amount: int, basis_points: int) -> None:
    exact = Fraction(amount * basis_points, 10_000 + basis_points)
    vat = vat_within(amount, basis_points)
    assert vat - Fraction(1, 2) <= exact < vat + Fraction(1, 2)
    assert 0 <= vat <= amount
