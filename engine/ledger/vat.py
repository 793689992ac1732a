"""VAT taken out of a payment. Pure."""

from __future__ import annotations

from engine.money import round_half_up_div

WHOLE = 10_000
"""Basis points of the whole: a rate of 2000 is 20 %."""


def vat_within(amount: int, basis_points: int) -> int:
    """The VAT that a sum contains: sum * rate / (100 + rate), in minor units, half up.

    `amount` is not negative; a rate of 0 gives 0.
    """
    return round_half_up_div(amount * basis_points, WHOLE + basis_points)
