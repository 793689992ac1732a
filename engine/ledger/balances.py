"""Reading balances, in minor units."""

from __future__ import annotations

from engine.database import Database
from engine.errors import InputError
from engine.ledger.accounts import FIRST_SUBSCRIBER


def balance_of(database: Database, subscriber_id: int) -> int:
    """The kept balance of a subscriber: plus is money that the subscriber still has."""
    balance = database.value(
        "SELECT balance FROM account WHERE id = ? AND id >= ?", (subscriber_id, FIRST_SUBSCRIBER)
    )
    if balance is None:
        raise InputError(f"there is no subscriber account {subscriber_id}")
    return int(balance)


def own_balances(database: Database) -> dict[str, int]:
    """Our own accounts by code, each the sum of its postings, in the order of their numbers.

    They are summed when asked for: a kept balance would be a row that every command writes.
    """
    rows = database.rows(
        "SELECT a.code,"
        " COALESCE((SELECT SUM(p.amount) FROM posting p WHERE p.account_id = a.id), 0)"
        " FROM account a WHERE a.id < ? ORDER BY a.id",
        (FIRST_SUBSCRIBER,),
    )
    return {str(code): int(balance) for code, balance in rows}
