"""The numbers of our own accounts, as billing.db.sql makes them, and where subscribers begin."""

from __future__ import annotations

CASH = 1
VAT = 2
OPENING = 3
CORRECTION = 4
WRITEOFF = 5
BONUS = 6
REVENUE_PLANS = 10
REVENUE_SERVICES = 11
REVENUE_RENT = 12
REVENUE_USAGE = 13
DISCOUNTS = 14

# A subscriber's account has the subscriber's own number, from here on, and keeps its balance.
FIRST_SUBSCRIBER = 1000


def keeps_balance(account_id: int) -> bool:
    """Whether the account is a subscriber's: its balance stands beside it."""
    return account_id >= FIRST_SUBSCRIBER
