"""Numbers of actions, receipts and runs that cannot be any."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell


@pytest.mark.parametrize("number", ["9" * 23, "-5", "1.0", "٣", "1_0", " 1", "abc", ""])
@pytest.mark.parametrize(
    "words",
    [
        ("action", "show"),
        ("action", "retry", "--yes"),
        ("action", "cancel", "--yes"),
        ("action", "mark-done", "--yes", "--reason", "x"),
        ("action", "resend", "--dry-run"),
        ("receipt", "show"),
        ("receipt", "again", "--yes"),
        ("jobs", "show"),
    ],
    ids="-".join,
)
def test_what_is_no_number_is_wrong_use(ivan: Shell, words: tuple[str, ...], number: str) -> None:
    answer = ivan(*words, number)
    assert (answer.status, "is not a number of 1 to 18 digits" in answer.err) == (2, True)
