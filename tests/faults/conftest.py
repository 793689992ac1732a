"""The same books as the tests of the close have."""

from __future__ import annotations

from tests.close.conftest import books, copies, make_copies, original, other, refilled, where

__all__ = ["books", "copies", "make_copies", "original", "other", "refilled", "where"]
