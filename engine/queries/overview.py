"""What the first screen shows beside what needs attention (`engine.queries.attention`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

from engine.database import Database
from engine.ledger.dates import billing_day
from engine.period import day_start_ms

# The first line of a payment is the whole sum; one that was taken back does not count.
_PAYMENTS = (
    "SELECT ? AS place, COUNT(p.amount), COALESCE(SUM(p.amount), 0) FROM journal_entry e"
    " JOIN posting p ON p.entry_id = e.id AND p.line = 1"
    " LEFT JOIN reversal r ON r.reversed_entry = p.entry_id AND r.reversed_line = p.line"
    " WHERE e.effective_at >= ? AND e.effective_at < ? AND e.kind = 'payment'"
    " AND r.entry_id IS NULL"
)


@dataclass(frozen=True, slots=True)
class PaymentsOfDay:
    """The payments dated on a day of the billing zone: how many, and their sum in minor units, VAT
    included. Those taken back since are left out."""

    day: date
    count: int
    amount: int


def payments_today(database: Database, now_ms: int, tz: tzinfo) -> PaymentsOfDay:
    """The payments of the day that it is in the billing zone."""
    return payments_by_day(database, now_ms, tz, days=1)[0]


def payments_by_day(
    database: Database, now_ms: int, tz: tzinfo, days: int = 30
) -> tuple[PaymentsOfDay, ...]:
    """The payments of the last `days` days, today last; days without any are there too. It takes
    about a second for a million payments."""
    today = billing_day(now_ms, tz)
    dates = [today - timedelta(days=back) for back in reversed(range(days))]
    parameters: list[int] = []
    for place, day in enumerate(dates):
        end = day_start_ms(day + timedelta(days=1), tz)
        parameters += [place, day_start_ms(day, tz), end]
    rows = database.rows(" UNION ALL ".join([_PAYMENTS] * days), parameters)
    found = {int(place): (int(count), int(amount)) for place, count, amount in rows}
    return tuple(PaymentsOfDay(day, *found[place]) for place, day in enumerate(dates))


def subscribers_by_state(database: Database) -> dict[str, int]:
    """How many subscribers have each state, aliases included; states without any are left out."""
    rows = database.rows("SELECT state, COUNT(*) FROM subscriber GROUP BY state ORDER BY state")
    return {str(state): int(count) for state, count in rows}
