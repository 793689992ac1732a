"""What tells two commands apart, and which keys, comments and amounts are taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.ledger.inputs import MAX_AMOUNT, require_amount, require_comment, require_key
from engine.ledger.journal import RESERVED_KEYS, content_hash, opening_key

parts = st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=4)), max_size=4)


@given(parts, parts)
def test_only_equal_content_has_an_equal_hash(one: list[object], other: list[object]) -> None:
    same = content_hash("payment", *one) == content_hash("payment", *other)  # type: ignore[arg-type]
    assert same == (one == other)


def test_the_parts_of_content_do_not_run_together() -> None:
    assert content_hash("payment", "ab", "c") != content_hash("payment", "a", "bc")
    assert content_hash("payment", 1) != content_hash("payment", "1")
    assert content_hash("payment", None) != content_hash("payment", "None")
    assert content_hash("payment") != content_hash("refund")


@pytest.mark.parametrize(
    "key", ["", "x" * 151, "a\0b", "\udc80", *(f"{start}1" for start in RESERVED_KEYS)]
)
def test_a_key_that_is_refused(key: str) -> None:
    with pytest.raises(InputError, match="cannot be a key"):
        require_key(key)


def test_keys_that_are_taken() -> None:
    require_key("x" * 150)
    require_key("платёж 17")
    require_key("opening")


def test_the_opening_key_is_one_that_nobody_else_can_give() -> None:
    assert opening_key("ivan").startswith(RESERVED_KEYS)


@pytest.mark.parametrize("amount", [0, -1, MAX_AMOUNT + 1])
def test_an_amount_that_is_refused(amount: int) -> None:
    with pytest.raises(InputError, match="more than 0"):
        require_amount(amount)


def test_comments() -> None:
    require_comment("я" * 300)
    for comment in ("x" * 301, "\udc80", "\0"):
        with pytest.raises(InputError, match="comment"):
            require_comment(comment)
