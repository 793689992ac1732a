"""Importing usage records into the periods of their time. Records have keys: a repeat is harmless.

The whole file is read and checked first, in a staging database on disk. Then it is written in
batches, each one transaction; a run that was cut off is simply started again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from engine.bundle import fields as f
from engine.bundle.columns import LOGIN, Column
from engine.bundle.problems import Problems
from engine.bundle.reader import read
from engine.bundle.staging import Staging, fetch_known, open_staging
from engine.clock import Clock
from engine.config import BillingConfig
from engine.database import Database, Row
from engine.errors import InputError, Interrupted
from engine.period import Period, format_ms, parse_when
from engine.periods import first_period
from engine.text import safe
from engine.usage_batch import Counts, write_batch

BATCH = 2_000
# A record may be dated this much after our clock: collectors' clocks differ.
FUTURE_MS = 86_400_000

_STAGED = "line, login, at, period, direction, bytes_in, bytes_out, record_key"


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """Records by what became of them: `rows` = `added` + `skipped`. Of the skipped, whose key was
    known, `differing` have other content than the record that stands; of the added, `late` lie in
    a closed period (the next month close moves those of charged subscribers to the open one)."""

    rows: int
    added: int
    skipped: int
    differing: int
    late: int


def import_usage(
    database: Database,
    file: Path,
    billing: BillingConfig,
    clock: Clock,
    progress: Callable[[str, int, int], None] | None = None,
    wait_seconds: float = 60,
    stop: threading.Event | None = None,
) -> UsageSummary:
    """Imports the CSV file `login,time,direction,bytes_in,bytes_out,record_key`.

    Raises WrongFiles (an InputError) naming line and column of what is wrong, before anything was
    written; Interrupted between batches once `stop` is set: what was added stays, and the same
    file may be imported again.
    """
    if not file.is_file():
        raise InputError(f"there is no file {safe(file)}. Nothing was imported.")
    begin = first_period(database)
    if begin is None:
        raise InputError(
            "the database has no billing period yet, so usage has no place to go."
            " Nothing was imported. Import a bundle or add the first subscriber before."
        )
    with open_staging() as staging:
        problems = Problems(f"the file {safe(file)}")
        rows = _stage(staging, file, begin, clock.now_ms(), billing.timezone, problems)
        _resolve(staging, database, file.name, problems)
        problems.raise_if_any()
        repeats, differing = _repeats_within(staging)
        total = Counts(skipped=repeats, differing=differing)
        for batch in staging.batches(
            "SELECT r.record_key, k.id, at, period, direction, bytes_in, bytes_out, k.main, r.login"
            " FROM record r JOIN known k ON k.login = r.login"
            " JOIN first_of_key USING (line) ORDER BY line",
            (),
            BATCH,
        ):
            if stop is not None and stop.is_set():
                raise Interrupted(
                    f"stopped after {total.added} of {rows} usage records. They stay; import the"
                    " same file again for the rest."
                )
            total.take(write_batch(database, batch, wait_seconds, stop))
            if progress:
                progress("usage records", total.added + total.skipped, rows)
    return UsageSummary(rows, total.added, total.skipped, total.differing, total.late)


def _columns(tz: tzinfo, first: Period, now: int) -> tuple[Column, ...]:
    start = first.start_ms(tz)
    latest = now + FUTURE_MS

    def moment(cell: str) -> int:
        at = parse_when(cell, tz)
        if at < start:
            raise InputError(f"'{safe(cell, 40)}' lies before the first period, {first}")
        if at > latest:
            raise InputError(
                f"'{safe(cell, 40)}' lies more than a day in the future; it is"
                f" {format_ms(now, tz)} now"
            )
        return at

    return (
        Column("login", LOGIN),
        Column("time", moment),
        Column("direction", f.direction),
        Column("bytes_in", f.byte_count),
        Column("bytes_out", f.byte_count),
        Column("record_key", f.code(100)),
    )


def _stage(
    staging: Staging, file: Path, first: Period, now: int, tz: tzinfo, problems: Problems
) -> int:
    staging.run(f"CREATE TABLE record ({_STAGED.replace('line', 'line INTEGER PRIMARY KEY', 1)})")
    count = 0

    def rows() -> Iterator[Row]:
        nonlocal count
        for line, _, values in read(file, _columns(tz, first, now), problems):
            count += 1
            if values is not None:
                login, at, direction, bytes_in, bytes_out, key = values
                period = str(Period.of_ms(int(str(at)), tz))
                yield line, login, at, period, direction, bytes_in, bytes_out, key

    staging.write("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows())
    return count


def _resolve(staging: Staging, database: Database, file: str, problems: Problems) -> None:
    fetch_known(staging, database, "SELECT DISTINCT login FROM record")
    staging.run("CREATE INDEX known_login ON known (login)")
    for line, login in staging.rows(
        "SELECT r.line, r.login FROM record r LEFT JOIN known k ON k.login = r.login"
        " WHERE k.id IS NULL ORDER BY r.line"
    ):
        problems.add(file, line, "login", f"there is no subscriber '{safe(login, 64)}'")


def _repeats_within(staging: Staging) -> tuple[int, int]:
    """Keeps the first record of each key; returns how many come later, and how many of those
    differ from the first."""
    staging.run(
        "CREATE TABLE first_of_key AS SELECT record_key, MIN(line) AS line, COUNT(*) AS times"
        " FROM record GROUP BY record_key"
    )
    staging.run("CREATE UNIQUE INDEX first_line ON first_of_key (line)")
    repeats = staging.value("SELECT SUM(times - 1) FROM first_of_key") or 0
    if not repeats:
        return 0, 0
    same = " AND ".join(
        f"r.{column} = a.{column}"
        for column in ("login", "at", "direction", "bytes_in", "bytes_out")
    )
    differing = staging.value(
        "SELECT COUNT(*) FROM first_of_key g JOIN record a ON a.line = g.line"
        " JOIN record r ON r.record_key = g.record_key AND r.line > g.line"
        f" WHERE g.times > 1 AND NOT ({same})"
    )
    return repeats, differing
