"""What a close has done or has still to do, for whoever asks before or after it."""

from __future__ import annotations

from engine.database import Database
from engine.period import Period


def left_to_close(database: Database, period: Period) -> int:
    """Main subscribers that the close of a period has not done, the failed ones included."""
    return database.integer(
        "SELECT COUNT(*) FROM subscriber s LEFT JOIN close_record c"
        " ON c.period = ? AND c.subscriber_id = s.id"
        " WHERE s.alias_of IS NULL AND (c.status IS NULL OR c.status = 'failed')",
        (str(period),),
    )


def sum_of(database: Database, period: Period) -> int:
    """All charges of a period, in minor units."""
    return database.integer("SELECT SUM(amount) FROM close_record WHERE period = ?", (str(period),))


def sums_by_plan(database: Database, period: Period) -> list[tuple[str, str, int, int]]:
    """Plan, status, subscribers and minor units of what a close has done; a second or so for a
    million subscribers."""
    return [
        (str(plan), str(status), int(count), int(amount))
        for plan, status, count, amount in database.rows(
            "SELECT COALESCE(p.code, ''), x.status, x.n, x.amount FROM"
            " (SELECT plan_id, status, COUNT(*) AS n, SUM(amount) AS amount FROM close_record"
            " WHERE period = ? GROUP BY plan_id, status) x LEFT JOIN plan p ON p.id = x.plan_id",
            (str(period),),
        )
    ]
