"""Late usage: what a closed period has beyond the bytes that were billed.

It is moved to the oldest open period, with a row in late_usage as the flag; nothing is lost, and a
period that was closed never changes its charges. Every import into a period raises the period's
`usage_version` in its own transaction, so a period whose version was seen (`swept_version`) need
not be searched again.

Usage of subscribers that the close did not charge (exempt, not started, failed and accepted) stays
where it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.close.statements import BYTES
from engine.database import Database
from engine.period import Period

_LATE_COLUMNS = ("subscriber_id", "from_period", "to_period", *BYTES, "moved_at")


def pending_periods(database: Database) -> list[tuple[str, int]]:
    """Closed periods that may hold late usage, oldest first, with their usage version now.

    The rows are locked: imports that are under way are waited for, so all usage of up to that
    version is visible afterwards. In the caller's transaction.
    """
    return [
        (str(period), int(version))
        for period, version in database.rows(
            "SELECT period, usage_version FROM billing_period"
            " WHERE state = 'closed' AND usage_version > swept_version"
            f" ORDER BY period {database.dialect.lock_rows}"
        )
    ]


def mark_swept(database: Database, periods: Sequence[tuple[str, int]]) -> None:
    """Notes up to which version periods were searched; in the caller's transaction."""
    for period, version in periods:
        database.execute(
            "UPDATE billing_period SET swept_version = ? WHERE period = ? AND swept_version < ?",
            (version, period, version),
        )


class LateUsage:
    """Moves late usage of `sources` (closed periods) to `target`, a range of ids at a time."""

    def __init__(
        self, database: Database, sources: Sequence[str], target: str, moved_at: int
    ) -> None:
        self._database = database
        self._sources = sources
        self._target = target
        self._moved_at = moved_at
        beyond = ", ".join(f"u.{column} - COALESCE(c.{column}, 0)" for column in BYTES)
        more = " OR ".join(f"u.{column} > c.{column}" for column in BYTES)
        some = " OR ".join(f"u.{column} > 0" for column in BYTES)
        primary = database.dialect.by_primary
        # Without a close record the subscriber was entered after the close: all of it is late.
        # Who has become an alias since leaves it to the main subscriber.
        self._find = (
            f"SELECT u.subscriber_id, COALESCE(s.alias_of, s.id), {beyond}"
            f" FROM period_usage u {primary}"
            f" LEFT JOIN close_record c {primary} ON c.period = u.period"
            " AND c.subscriber_id = u.subscriber_id"
            f" JOIN subscriber s {primary} ON s.id = u.subscriber_id"
            " WHERE u.period = ? AND u.subscriber_id > ? AND u.subscriber_id <= ?"
            f" AND ((c.status = 'charged' AND ({more}))"
            f" OR (c.status IS NULL AND s.active_since <= ? AND ({some})))"
            f" {database.dialect.lock_rows}"
        )

    def move(self, after: int, upto: int) -> int:
        """Moves what the subscribers with `after < id <= upto` have; returns how many had any.
        In the caller's transaction."""
        moved = 0
        for source in self._sources:
            last_day = Period.parse(source).last_day().isoformat()
            found = self._database.rows(self._find, (source, after, upto, last_day))
            if found:
                self._move(source, [tuple(int(number) for number in row) for row in found])
                moved += len(found)
        return moved

    def _move(self, source: str, found: list[tuple[int, ...]]) -> None:
        database = self._database
        # The target's rows change under subscribers that may be closed in it already.
        database.execute(
            "UPDATE billing_period SET usage_version = usage_version + 1 WHERE period = ?",
            (self._target,),
        )
        database.write_many(
            f"INSERT INTO late_usage ({', '.join(_LATE_COLUMNS)})"
            f" VALUES ({', '.join('?' for _ in _LATE_COLUMNS)})",
            [(row[1], source, self._target, *row[2:], self._moved_at) for row in found],
        )
        less = ", ".join(f"{column} = {column} - ?" for column in BYTES)
        for row in found:
            database.execute(
                f"UPDATE period_usage SET {less} WHERE period = ? AND subscriber_id = ?",
                (*row[2:], source, row[0]),
            )
        database.write_many(
            database.dialect.add_up("period_usage", ("period", "subscriber_id"), BYTES),
            [(self._target, *row[1:]) for row in found],
        )
