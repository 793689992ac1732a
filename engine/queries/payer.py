"""Whom a movement of money is about, to be shown before it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from engine.database import Database
from engine.errors import InputError
from engine.ledger.accounts import FIRST_SUBSCRIBER
from engine.ledger.subjects import find_subject
from engine.text import safe


@dataclass(frozen=True, slots=True)
class Payer:
    """The subscriber who pays, the main one for an alias; `balance` in minor units."""

    login: str
    name: str
    balance: int


@dataclass(frozen=True, slots=True)
class Movement:
    """A subscriber's part of an entry; `amount` in minor units, with its sign."""

    entry: int
    kind: str
    amount: int


def payer(database: Database, login: str) -> Payer:
    """Raises InputError for an unknown login."""
    return _payer(database, find_subject(database, login).id)


def movement(database: Database, entry: int, login: str | None) -> tuple[Movement, Payer]:
    """What an entry did to one subscriber: the one of `login`, which an entry of many needs.
    Raises InputError where there is no such entry, or not of that subscriber."""
    kind = database.value("SELECT kind FROM journal_entry WHERE id = ?", (entry,))
    if kind is None:
        raise InputError(f"there is no entry {entry}. Nothing was changed.")
    if login is None and kind == "charge":
        raise InputError(
            f"entry {entry} is a charge of the month close, which holds many subscribers."
            " Say whose charge to take back, by --login. Nothing was changed."
        )
    account: int | None
    if login is None:
        account = database.value(
            "SELECT account_id FROM posting WHERE entry_id = ? AND account_id >= ?"
            " ORDER BY line LIMIT 1",
            (entry, FIRST_SUBSCRIBER),
        )
    else:
        account = find_subject(database, login).id
    amount = database.value(
        "SELECT SUM(amount) FROM posting WHERE entry_id = ? AND account_id = ?", (entry, account)
    )
    if account is None or amount is None:
        raise InputError(f"entry {entry} is not of {safe(login)}. Nothing was changed.")
    return Movement(entry, str(kind), int(amount)), _payer(database, account)


def _payer(database: Database, number: int) -> Payer:
    row = database.row(
        "SELECT s.login, s.name, a.balance FROM subscriber s JOIN account a ON a.id = s.id"
        " WHERE s.id = ?",
        (number,),
    )
    if row is None:
        raise InputError(f"there is no subscriber {number}. Nothing was changed.")
    return Payer(*row)
