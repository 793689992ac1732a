"""One batch of usage records: one transaction, safe to repeat."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass

import peewee

from engine.bundle.fields import MAX_SUM
from engine.database import Database, Row
from engine.dialect import is_duplicate, is_lost
from engine.errors import InputError
from engine.period import Period
from engine.periods import note_usage, period_state
from engine.retry import run_unit
from engine.text import safe

_BYTES = tuple(f"{way}{n}" for n in (1, 2, 3, 4) for way in ("in", "out"))
_CONFLICT_TRIES = 20


@dataclass
class Counts:
    """What became of records; see `engine.usage_import.UsageSummary`."""

    added: int = 0
    skipped: int = 0
    differing: int = 0
    late: int = 0

    def take(self, other: Counts) -> None:
        """Adds other counts to these."""
        self.added += other.added
        self.skipped += other.skipped
        self.differing += other.differing
        self.late += other.late


def write_batch(
    database: Database,
    rows: list[Row],
    wait_seconds: float,
    stop: threading.Event | None = None,
) -> Counts:
    """Writes records, however often that takes.

    Rows: record_key, subscriber, at, period, direction, bytes_in, bytes_out, main subscriber,
    login; no key twice. Raises InputError when a sum of bytes would not fit, with nothing of the
    batch written.
    """
    batch = _Batch(database, rows)

    def unit() -> Counts:
        try:
            with database.transaction():
                return batch.write()
        except peewee.PeeweeException as error:
            if not is_lost(error):
                batch.was_undone()
            raise

    for _ in range(_CONFLICT_TRIES):
        try:
            return run_unit(database, unit, wait_seconds, stop)
        except peewee.IntegrityError as error:
            # Somebody imported the same key at the same moment: the next try finds it.
            if not is_duplicate(error):
                raise
    return run_unit(database, unit, wait_seconds, stop)


class _Batch:
    """The work of one transaction, and what the try before meant to write."""

    def __init__(self, database: Database, rows: list[Row]) -> None:
        self._database = database
        self._rows = rows
        self._tried: tuple[set[str], Counts] | None = None

    def write(self) -> Counts:
        """In the caller's transaction."""
        for period in sorted({row[3] for row in self._rows}):
            note_usage(self._database, Period.parse(period))
        known = self._known()
        if self._tried and self._tried[0] and self._tried[0] <= known.keys():
            # The try before was committed and only its answer was lost.
            return self._tried[1]
        fresh = [row for row in self._rows if row[0] not in known]
        repeats = [row for row in self._rows if row[0] in known]
        counts = Counts(
            added=len(fresh),
            skipped=len(repeats),
            differing=sum(known[row[0]] != (*row[1:3], *row[4:7]) for row in repeats),
            late=self._late(fresh),
        )
        self._tried = ({row[0] for row in fresh}, counts)
        self._add_up(fresh)
        self._database.write_many(
            "INSERT INTO usage_record (record_key, subscriber_id, at, period, direction, bytes_in,"
            " bytes_out) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [row[:7] for row in fresh],
        )
        return counts

    def was_undone(self) -> None:
        """The try before is known to have left nothing: what is found now is another's work."""
        self._tried = None

    def _known(self) -> dict[str, Row]:
        """The records that are there already: subscriber, at, direction, bytes by key."""
        found = self._database.rows(
            "SELECT record_key, subscriber_id, at, direction, bytes_in, bytes_out"
            f" FROM usage_record WHERE record_key IN ({', '.join('?' * len(self._rows))})"
            f" {self._database.dialect.lock_rows}",
            [row[0] for row in self._rows],
        )
        return {row[0]: row[1:] for row in found}

    def _late(self, fresh: list[Row]) -> int:
        closed = {
            period
            for period in {row[3] for row in fresh}
            if period_state(self._database, Period.parse(period)) == "closed"
        }
        return sum(row[3] in closed for row in fresh)

    def _add_up(self, fresh: list[Row]) -> None:
        sums: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0] * len(_BYTES))
        logins: dict[tuple[str, int], str] = {}
        for _, _, _, period, direction, bytes_in, bytes_out, main, login in fresh:
            own = sums[period, main]
            own[2 * direction - 2] += bytes_in
            own[2 * direction - 1] += bytes_out
            logins[period, main] = login
        there = self._there(sorted(sums))
        for key, own in sums.items():
            if sum(own) + there.get(key, 0) > MAX_SUM:
                raise InputError(
                    f"the usage of '{safe(logins[key], 64)}' in {key[0]}, aliases included, would"
                    f" be more than {MAX_SUM} bytes. The batch with it was not imported; what came"
                    " before it in the file stays. Correct the file and import it again."
                )
        self._database.write_many(
            self._database.dialect.add_up("period_usage", ("period", "subscriber_id"), _BYTES),
            [(*key, *sums[key]) for key in sorted(sums)],
        )

    def _there(self, keys: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The bytes that are there already, all directions together."""
        found: dict[tuple[str, int], int] = {}
        for period in sorted({period for period, _ in keys}):
            mains = [main for of_period, main in keys if of_period == period]
            for main, *counts in self._database.rows(
                f"SELECT subscriber_id, {', '.join(_BYTES)} FROM period_usage WHERE period = ?"
                f" AND subscriber_id IN ({', '.join('?' * len(mains))})"
                f" {self._database.dialect.lock_rows}",
                (period, *mains),
            ):
                found[period, main] = sum(counts)
        return found
