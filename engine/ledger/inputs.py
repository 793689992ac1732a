"""What a command may be given. Pure; every error is an InputError before anything was written."""

from __future__ import annotations

from typing import Literal

from engine.errors import InputError
from engine.ledger.journal import MAX_KEY_LENGTH, RESERVED_KEYS
from engine.money import format_amount, parse_amount
from engine.text import safe

MAX_AMOUNT = 10**13
MAX_COMMENT_LENGTH = 300


def require_amount(amount: int) -> int:
    """The amount itself (minor units), which must be positive and not absurd."""
    if not 0 < amount <= MAX_AMOUNT:
        raise InputError(
            f"an amount is more than 0 and at most {format_amount(MAX_AMOUNT)}."
            " Nothing was changed."
        )
    return amount


def parse_vat(text: str | None) -> Literal["standard"] | int | None:
    """The VAT of a payment as typed: none, `standard` for the rate of the payment's date, or
    percent, which become basis points."""
    if text is None:
        return None
    if text == "standard":
        return "standard"
    try:
        return parse_amount(text)
    except InputError:
        raise InputError(
            f"'{safe(text, 40)}' is not a VAT rate: write percent, such as --vat 20, or --vat"
            " standard for the rate of the payment's date. Nothing was changed."
        ) from None


def parse_entry(text: str) -> int:
    """The number of an entry as typed."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InputError(f"'{safe(text, 40)}' is not the number of an entry")
    return int(text)


def require_comment(comment: str) -> None:
    """A comment that fits its column whole."""
    if len(comment) > MAX_COMMENT_LENGTH:
        raise InputError(
            f"the comment has {len(comment)} characters; at most {MAX_COMMENT_LENGTH} are kept."
            " Nothing was changed."
        )
    if not storable(comment):
        raise InputError("the comment is not valid text. Nothing was changed.")


def require_key(key: str) -> None:
    """A key of a person or a hook: not empty, fitting, and none of those we make ourselves."""
    if not key or len(key) > MAX_KEY_LENGTH or not storable(key):
        raise InputError(
            f"'{safe(key, 160)}' cannot be a key: it must be valid text of 1 to {MAX_KEY_LENGTH}"
            " characters. Nothing was changed."
        )
    if key.startswith(RESERVED_KEYS):
        raise InputError(
            f"'{safe(key, 160)}' cannot be a key: billdeck itself makes the keys that begin with"
            f" {', '.join(RESERVED_KEYS)}. Nothing was changed."
        )


def storable(text: str) -> bool:
    """Whether a database takes the text: no half of a character, no NUL."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text
