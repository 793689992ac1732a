"""Copies of books on either engine, as the tests of the close have them."""

from __future__ import annotations

from tests.close.conftest import make_copies, refilled

__all__ = ["make_copies", "refilled"]
