"""The lowest door: writing an entry with its postings, and finding one by its key.

Everything here runs in the transaction of the caller. A writer first moves the kept balances, then
inserts postings: on MariaDB an inserted posting locks its account for reading, and two writers that
later both want to move the balance would block each other.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from engine.database import Database
from engine.ledger.accounts import keeps_balance

Line = tuple[int, int]
"""A posting to be: account number, amount in minor units (plus favours the account)."""

MAX_KEY_LENGTH = 150
# Keys that begin so are made by us; a person may not give one, for it could take the place of a
# charge that is still to come.
RESERVED_KEYS = ("auto:", "opening:", "close:", "charge:", "reversal:", "bonus:")


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry as stored. Times are epoch milliseconds UTC."""

    id: int
    kind: str
    content_hash: str
    effective_at: int
    comment: str


def opening_key(login: str) -> str:
    """The key of the entry that brings a subscriber's balance from the system before this one."""
    return f"opening:{login}"


def content_hash(kind: str, *parts: str | int | None) -> str:
    """SHA-256 (hex) over what makes two commands the same. JSON keeps 'ab','c' from 'a','bc'."""
    return hashlib.sha256(json.dumps([kind, *parts]).encode("ascii")).hexdigest()


def find_entry(database: Database, key: str) -> Entry | None:
    """The entry with this key."""
    row = database.row(
        "SELECT id, kind, content_hash, effective_at, comment FROM journal_entry"
        " WHERE entry_key = ?",
        (key,),
    )
    return Entry(*row) if row else None


def entry_by_id(database: Database, entry_id: int) -> Entry | None:
    """The entry with this number."""
    row = database.row(
        "SELECT id, kind, content_hash, effective_at, comment FROM journal_entry WHERE id = ?",
        (entry_id,),
    )
    return Entry(*row) if row else None


def new_entry(
    database: Database,
    kind: str,
    key: str,
    content_hash: str,
    effective_at: int,
    recorded_at: int,
    actor: str,
    comment: str = "",
) -> int:
    """Inserts an entry and returns its number. Its postings must follow in the same transaction.

    A key that is taken raises peewee.IntegrityError (`engine.dialect.is_duplicate`).
    """
    return database.insert(
        "INSERT INTO journal_entry (kind, entry_key, content_hash, effective_at, recorded_at,"
        " actor, comment) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (kind, key, content_hash, effective_at, recorded_at, actor, comment),
    )


def post(database: Database, entry_id: int, lines: Sequence[Line]) -> None:
    """Posts an entry's lines, numbered from 1, and moves the balances of subscriber accounts.

    ValueError, before anything is written, unless there are at least two lines that sum to zero;
    LookupError for a subscriber account that does not exist. Both are the caller's mistakes.
    """
    if len(lines) < 2 or sum(amount for _, amount in lines) != 0:
        raise ValueError(f"entry {entry_id}: {len(lines)} lines do not balance")
    changes: dict[int, int] = defaultdict(int)
    for account_id, amount in lines:
        if keeps_balance(account_id):
            changes[account_id] += amount
    # In the order of numbers: two writers that lock the same accounts in one order cannot block
    # each other.
    for account_id in sorted(changes):
        moved = database.execute(
            "UPDATE account SET balance = balance + ? WHERE id = ?",
            (changes[account_id], account_id),
        )
        if moved.rowcount != 1:
            raise LookupError(f"there is no account {account_id}")
    database.write_many(
        "INSERT INTO posting (entry_id, line, account_id, amount) VALUES (?, ?, ?, ?)",
        [(entry_id, line, account, amount) for line, (account, amount) in enumerate(lines, 1)],
    )
