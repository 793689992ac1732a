"""What a close left behind, in a form that must be equal however it came about."""

from __future__ import annotations

import hashlib

from engine.database import Database, Row
from engine.ledger.accounts import FIRST_SUBSCRIBER
from engine.ledger.proof import prove
from engine.period import Period
from tests.close.books import BYTES, MOSCOW

_BYTES = ", ".join(BYTES)

# Numbers that the database gives (entries, terms) differ between runs that are equal.
_QUESTIONS = {
    "records": "SELECT c.period, c.subscriber_id, c.status, c.amount, c.block, c.authorised,"
    " c.group_id, c.plan_id, c.addon_id, c.plan_after, c.addon_after, t.digest, c.reason,"
    f" {', '.join(f'c.{one}' for one in BYTES)} FROM close_record c"
    " LEFT JOIN charge_terms t ON t.id = c.terms_id ORDER BY c.period, c.subscriber_id",
    "postings": "SELECT p.account_id, e.kind, e.effective_at, SUM(p.amount) FROM posting p"
    " JOIN journal_entry e ON e.id = p.entry_id"
    " GROUP BY p.account_id, e.kind, e.effective_at ORDER BY 1, 2, 3",
    "balances": "SELECT id, balance FROM account ORDER BY id",
    "plans": "SELECT id, plan_id, ordered_plan_id, ordered_plan_from, addon_id, ordered_addon_id,"
    " ordered_addon_from, active_since FROM subscriber ORDER BY id",
    "carried": "SELECT period, subscriber_id, bytes1, bytes2, bytes3, bytes4 FROM carried_usage"
    " ORDER BY period, subscriber_id",
    "usage": f"SELECT period, subscriber_id, {_BYTES} FROM period_usage"
    " ORDER BY period, subscriber_id",
    "late": f"SELECT subscriber_id, from_period, to_period, {_BYTES} FROM late_usage"
    " ORDER BY subscriber_id, from_period, to_period, in1, out1, in2, out2",
    "periods": "SELECT period, state FROM billing_period ORDER BY period",
}

Look = dict[str, list[Row]]


def look(database: Database) -> Look:
    """All rows that a close has to do with, without the numbers that the database gives."""
    return {
        name: [tuple(_plain(cell) for cell in row) for row in database.rows(question)]
        for name, question in _QUESTIONS.items()
    }


def digest(database: Database) -> str:
    """SHA-256 over `look`."""
    return hashlib.sha256(repr(look(database)).encode()).hexdigest()


def _plain(cell: object) -> object:
    """MariaDB gives sums as Decimal."""
    return cell if cell is None or isinstance(cell, str | int) else int(str(cell))


def every_row(database: Database) -> dict[str, list[Row]]:
    """All rows of all tables, as they are."""
    return {
        table: sorted(database.rows(f"SELECT * FROM {table}"), key=repr)
        for table in sorted(database.handle.get_tables())
    }


def faults(database: Database, period: Period) -> list[str]:
    """What is wrong after the close of a period: the ledger's proof, and that every main subscriber
    has one record and every charged one exactly one posting."""
    found = [f"{one.kind}: {one.subject}: {one.detail}" for one in prove(database)]
    without = database.rows(
        "SELECT s.login FROM subscriber s LEFT JOIN close_record c ON c.period = ?"
        " AND c.subscriber_id = s.id WHERE s.alias_of IS NULL AND c.status IS NULL",
        (str(period),),
    )
    found += [f"{login} has no record" for (login,) in without]
    aliases = database.rows(
        "SELECT s.login FROM subscriber s JOIN close_record c ON c.period = ?"
        " AND c.subscriber_id = s.id WHERE s.alias_of IS NOT NULL",
        (str(period),),
    )
    found += [f"the alias {login} has a record" for (login,) in aliases]
    charged = database.rows(
        "SELECT c.subscriber_id, COUNT(e.id) FROM close_record c"
        " LEFT JOIN posting p ON p.account_id = c.subscriber_id"
        " LEFT JOIN journal_entry e ON e.id = p.entry_id AND e.kind = 'charge'"
        " AND e.effective_at = ? WHERE c.period = ? AND c.status = 'charged'"
        " GROUP BY c.subscriber_id HAVING COUNT(e.id) <> 1",
        (period.charge_ms(MOSCOW), str(period)),
    )
    found += [f"{who} was charged {times} times" for who, times in charged]
    others = database.integer(
        "SELECT COUNT(*) FROM posting p JOIN journal_entry e ON e.id = p.entry_id"
        " LEFT JOIN close_record c ON c.period = ? AND c.subscriber_id = p.account_id"
        " AND c.status = 'charged' WHERE e.kind = 'charge' AND e.effective_at = ?"
        " AND p.account_id >= ? AND c.status IS NULL",
        (str(period), period.charge_ms(MOSCOW), FIRST_SUBSCRIBER),
    )
    return found + ([f"{others} charges of subscribers that have none"] if others else [])
