"""The database itself refuses to change or delete what is in the journal and the audit."""

from __future__ import annotations

import peewee
import pytest

from engine.database import Database
from engine.ledger.operations import Ledger
from tests.ledger.books import count

TABLES = {
    "journal_entry": "id, kind, entry_key, content_hash, effective_at, recorded_at, actor, comment",
    "posting": "entry_id, line, account_id, amount",
    "reversal": "entry_id, reversed_entry, reversed_line",
    "audit": "id, at, actor, action, object, state_before, state_after",
}
CHANGES = {
    "journal_entry": "comment = 'x'",
    "posting": "amount = amount + 1",
    "reversal": "reversed_line = 2",
    "audit": "actor = 'nobody'",
}


@pytest.fixture
def written(ledger: Ledger, database: Database) -> Database:
    """At least one row in each table."""
    ledger.reverse(ledger.payment("ivan", 100).entry_id)
    database.execute("INSERT INTO audit (at, actor, action, object) VALUES (1, 'a', 'set', 'ivan')")
    return database


def attempts(database: Database, table: str) -> dict[str, str]:
    columns, change = TABLES[table], CHANGES[table]
    same = f"({columns}) SELECT {columns} FROM (SELECT * FROM {table}) AS t"
    found = {
        "update": f"UPDATE {table} SET {change}",
        "delete": f"DELETE FROM {table}",
        "replace": f"REPLACE INTO {table} {same}",
    }
    if database.dialect.name == "sqlite":
        found["insert or replace"] = f"INSERT OR REPLACE INTO {table} {same}"
        found["update or replace"] = f"UPDATE OR REPLACE {table} SET {change}"
        found["upsert"] = (
            f"INSERT INTO {table} {same} WHERE true ON CONFLICT DO UPDATE SET {change}"
        )
    else:
        found["update ignore"] = f"UPDATE IGNORE {table} SET {change}"
        found["upsert"] = f"INSERT INTO {table} {same} ON DUPLICATE KEY UPDATE {change}".replace(
            "= amount", f"= {table}.amount"
        )
        if table in ("journal_entry", "posting"):
            found["truncate"] = f"TRUNCATE TABLE {table}"
    return found


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_changed_or_deleted(table: str, written: Database) -> None:
    before = written.rows(f"SELECT * FROM {table}")
    assert before
    for name, statement in attempts(written, table).items():
        with pytest.raises(peewee.PeeweeException):
            written.execute(statement)
        assert written.rows(f"SELECT * FROM {table}") == before, name
    assert count(written, table) == len(before)


def test_the_refusal_says_what_to_do(written: Database) -> None:
    with pytest.raises(peewee.PeeweeException, match="reverse it"):
        written.execute("UPDATE journal_entry SET comment = 'x'")
    with pytest.raises(peewee.PeeweeException, match="reverse its entry"):
        written.execute("DELETE FROM posting")


def test_the_triggers_are_what_refuses(written: Database) -> None:
    """Without its trigger an update goes through: so the tests above test the triggers."""
    written.execute("DROP TRIGGER journal_entry_no_update")
    written.execute("UPDATE journal_entry SET comment = 'x'")
    assert written.value("SELECT MIN(comment) FROM journal_entry") == "x"
