"""A command cut at every statement, before and after it: whole or not at all, and once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.errors import DatabaseUnavailable
from engine.ledger.answers import Recorded
from engine.ledger.operations import Ledger
from engine.ledger.proof import prove
from tests.ledger.books import IVAN, charge, count, ledger_of
from tests.ledger.cutting import CuttingDatabase, Mode, UnguardedDatabase, cutting

Command = Callable[[Ledger, str], Recorded]

COMMANDS: dict[str, Command] = {
    "payment": lambda ledger, key: ledger.payment("ivan", 12_200, "standard", key=key),
    "refund": lambda ledger, key: ledger.refund("ivan", 100, key=key),
    "correct": lambda ledger, key: ledger.correct("ivan", -7, key=key),
    "writeoff": lambda ledger, key: ledger.writeoff("ivan", 1, key=key, confirmed=True),
    "reverse": lambda ledger, key: ledger.reverse(1, key=key),
    "reverse a charge": lambda ledger, key: ledger.reverse(2, "ivan", key=key),
}


@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.parametrize("name", COMMANDS)
def test_cut_at_every_statement_and_repeated(
    name: str, mode: Mode, database: Database, database_config: DatabaseConfig
) -> None:
    command = COMMANDS[name]
    assert ledger_of(database).payment("ivan", 1_000_000, "standard").entry_id == 1
    with database.transaction():
        assert charge(database, "2026-05", {IVAN: 900, 1001: 0}) == 2
    connection = cutting(database_config)
    k = unfinished = 0
    while True:
        k += 1
        if name.startswith("reverse") and count(database, "reversal"):
            return  # an entry is reversed once; the cuts up to here were survived
        connection.arm(k, mode)
        before = count(database, "journal_entry")
        try:
            command(ledger_of(connection, wait=0), f"key {k}")
        except DatabaseUnavailable:
            unfinished += 1
        else:
            break
        assert prove(database) == []
        written = count(database, "journal_entry") - before
        assert written in (0, 1)
        connection.arm(0, mode)
        if name.startswith("reverse") and not written:
            continue  # try the next cut with the entry still unreversed
        answer = command(ledger_of(connection), f"key {k}")
        assert answer.repeated == bool(written)
        assert count(database, "journal_entry") == before + 1
        assert prove(database) == []
    assert unfinished >= 8
    connection.close()


def test_a_cut_commit_is_found_by_the_same_command(
    database: Database, database_config: DatabaseConfig
) -> None:
    """A command without a key that loses its COMMIT's answer does not pay twice."""
    connection = cutting(database_config)
    commits = statements_of(connection)
    connection.arm(commits, "after")
    answer = ledger_of(connection).payment("ivan", 500)
    assert (answer.repeated, answer.balance) == (False, 600)
    assert count(database, "journal_entry") == 2
    connection.close()


def test_without_transactions_the_cuts_do_damage(
    books: Database, database_config: DatabaseConfig
) -> None:
    """The proof of this very method: where statements stand alone, it finds that they do."""
    connection = UnguardedDatabase(open_database(database_config))
    damaged = 0
    for k in range(1, 30):
        connection.arm(k, "after")
        findings = len(prove(books))
        try:
            ledger_of(connection, wait=0).payment("ivan", 12_200, "standard")
        except DatabaseUnavailable:
            damaged += len(prove(books)) > findings
        else:
            break
    assert damaged >= 2
    connection.close()


def statements_of(connection: CuttingDatabase) -> int:
    """How many statements a payment takes; its last is the COMMIT."""
    connection.arm(0, "after")
    ledger_of(connection).payment("ivan", 100)
    return connection.statements
