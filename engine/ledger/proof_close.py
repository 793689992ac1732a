"""The proof that charges and close records are the same set, counted both ways.

`charge-posting` shows that each charged record has its posting. Here it is shown that no charge
posting is left without one: an entry has as many records as postings to subscribers, all of one
period, and in a period a subscriber has one record. So the records and the postings pair off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.database import Database
from engine.ledger.accounts import FIRST_SUBSCRIBER
from engine.ledger.proof_checks import Finding
from engine.money import format_amount


@dataclass(slots=True)
class _Records:
    """What the close records say of one entry."""

    periods: list[str] = field(default_factory=list)
    count: int = 0
    amount: int = 0


def entry_findings(database: Database) -> Iterator[Finding]:
    """Charge entries whose postings and close records differ in number or sum, or whose records
    are of several periods. Memory: a few words per entry of the closes, not per subscriber."""
    records = _records_by_entry(database)
    postings = database.stream(
        "SELECT e.id, COUNT(p.line), COALESCE(-SUM(p.amount), 0) FROM journal_entry e"
        " LEFT JOIN posting p ON p.entry_id = e.id AND p.account_id >= ?"
        " WHERE e.kind = 'charge' GROUP BY e.id",
        (FIRST_SUBSCRIBER,),
    )
    for entry_id, count, amount in postings:
        recorded = records.pop(entry_id, _Records())
        if (int(count), int(amount)) != (recorded.count, recorded.amount):
            yield Finding(
                "charge-records",
                f"entry {entry_id}",
                f"it charges {count} subscribers {format_amount(int(amount))}; the close records"
                f" of {_named(recorded.periods)} hold {recorded.count} with"
                f" {format_amount(recorded.amount)}",
            )
        elif len(recorded.periods) > 1:
            yield Finding(
                "charge-records",
                f"entry {entry_id}",
                f"close records of several periods name it: {_named(recorded.periods)}",
            )
    for entry_id, recorded in records.items():
        yield Finding(
            "charge-records",
            f"entry {entry_id}",
            f"{recorded.count} close records of {_named(recorded.periods)} name it, and it is no"
            " charge entry",
        )


def _records_by_entry(database: Database) -> dict[int | None, _Records]:
    records: dict[int | None, _Records] = {}
    # Period by period, so that a database that sorts for GROUP BY sorts one period at a time.
    for (period,) in database.rows("SELECT DISTINCT period FROM close_record ORDER BY period"):
        rows = database.stream(
            "SELECT entry_id, COUNT(*), SUM(amount) FROM close_record"
            " WHERE period = ? AND status = 'charged' GROUP BY entry_id",
            (period,),
        )
        for entry_id, count, amount in rows:
            of_entry = records.setdefault(entry_id, _Records())
            of_entry.periods.append(str(period))
            of_entry.count += int(count)
            of_entry.amount += int(amount)
    return records


def _named(periods: list[str]) -> str:
    return ", ".join(periods[:5]) + (", ..." if len(periods) > 5 else "") or "no period"
