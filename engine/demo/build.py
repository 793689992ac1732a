"""Making the demonstration's database: a bundle imported, three months lived through and closed.

It is built in a file beside the wanted one, which it takes the place of when it is complete.
"""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from engine.bundle.load import import_bundle
from engine.clock import FixedClock
from engine.close.hooks import Hooks
from engine.close.run import PeriodClose
from engine.config import Config
from engine.database import Database, open_database
from engine.demo import place
from engine.demo.bundle import MONTHS, Operator, Row, make_operator
from engine.demo.events import add_events
from engine.demo.incidents import add_incidents
from engine.demo.months import ACTOR, add_payments, add_usage
from engine.demo.numbers import make_numbers
from engine.demo.reports import add_reports
from engine.demo.usage import usage_by_login
from engine.errors import InputError, JobFailed
from engine.period import Period, parse_when
from engine.schema import create

FEWEST = 20
MOST = 100_000
# A subscriber of twelve years must not have come before 1970, where our dates begin.
EARLIEST = date(1985, 1, 1)
# A close begins at 00:01 on the 1st.
_CLOSE_AFTER_MS = 60_000
_AFTER_MIDNIGHT_MS = 5 * 60_000

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: how many subscribers, which seed, and the day that is today in it."""

    subscribers: int
    seed: int
    today: date


def demo_config(config: Config, path: Path) -> Config:
    """The configuration with the demonstration at `path` for its database.

    Chunks grow in a way that does not depend on how fast the machine is, so that the same entries
    come out everywhere.
    """
    return replace(
        config,
        database=replace(config.database, engine="sqlite", path=path),
        billing=replace(config.billing, close_chunk=250, close_latency_ms=60_000),
        month_close=replace(config.month_close, settle_minutes=1),
    )


def demo_clock(config: Config, today: date) -> FixedClock:
    """Five minutes after midnight of the demonstration's day: when today is the 1st, the month
    before may be closed already, and nothing is dated in the future."""
    return FixedClock(parse_when(str(today), config.billing.timezone) + _AFTER_MIDNIGHT_MS)


def build_demo(path: Path, config: Config, wanted: Wanted, progress: Progress) -> Operator:
    """Makes the demonstration at `path`, over an older one if there is one.

    `progress` is told each step. InputError when something else is at `path` or the sizes are out
    of range; then nothing was changed.
    """
    if not FEWEST <= wanted.subscribers <= MOST:
        raise InputError(f"a demonstration has {FEWEST} to {MOST} subscribers")
    if wanted.today < EARLIEST:
        raise InputError(f"the day of a demonstration is {EARLIEST} or later. Nothing was changed.")
    place.require_replaceable(path)
    first = Period.of_date(wanted.today)
    for _ in range(MONTHS):
        first = first.previous()
    operator = make_operator(wanted.subscribers, wanted.seed, first)
    new = place.new_file(path)
    place.discard(new)
    try:
        _make_private(new)
        _fill(demo_config(config, new), operator, wanted, progress)
        place.put_in_place(new, path)
    finally:
        place.discard(new)
    return operator


def _make_private(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _fill(config: Config, operator: Operator, wanted: Wanted, progress: Progress) -> None:
    database = open_database(config.database, create=True)
    try:
        # A file that is thrown away when anything fails need not survive a power cut.
        database.execute("PRAGMA synchronous = OFF")
        create(database)
        _mark(database, config, wanted)
        progress(f"importing {wanted.subscribers} subscribers")
        _import(database, config, operator, wanted.seed)
        period = operator.first
        while period < operator.last:
            progress(f"{period}: usage, payments, close")
            _live_through(database, config, operator, wanted.seed, period)
            _close(database, config, period)
            period = period.next()
        progress(f"{period}: usage and payments")
        _live_through(database, config, operator, wanted.seed, period)
        if wanted.today.day > 1:
            until = wanted.today.day - 1
            add_payments(database, config.billing, operator, wanted.seed, period.next(), until)
        progress("balance reports of the numbers")
        numbers = make_numbers(operator.subscribers, wanted.seed)
        add_reports(database, config, numbers, wanted.today)
        progress("events and what followed them")
        add_events(database, config, wanted.seed, wanted.today)
    finally:
        database.close()


def _mark(database: Database, config: Config, wanted: Wanted) -> None:
    """Says that this database is a demonstration, and of what."""
    details = {
        "subscribers": wanted.subscribers,
        "seed": wanted.seed,
        "today": wanted.today.isoformat(),
    }
    with database.transaction():
        database.execute(
            "INSERT INTO system_event (id, at, kind, subject, details) VALUES (1, ?, ?, ?, ?)",
            (demo_clock(config, wanted.today).now_ms(), place.MARK, "", json.dumps(details)),
        )


def _live_through(
    database: Database, config: Config, operator: Operator, seed: int, period: Period
) -> None:
    """A month: usage (the first one's came with the bundle), payments, exceptions."""
    if period != operator.first:
        add_usage(database, operator, seed, period)
    add_payments(database, config.billing, operator, seed, period, period.days)
    add_incidents(database, config, operator, seed, period)


def _close(database: Database, config: Config, period: Period) -> None:
    """The close of a month, as it ran on the 1st of the next one."""
    clock = FixedClock(period.end_ms(config.billing.timezone) + _CLOSE_AFTER_MS)
    summary = PeriodClose(database, config, clock, ACTOR, period, Hooks()).run()
    if summary.state != "complete":
        raise JobFailed(f"the demonstration's period {period} could not be closed")


def _import(database: Database, config: Config, operator: Operator, seed: int) -> None:
    with tempfile.TemporaryDirectory(prefix="billdeck-demo-") as folder:
        write_bundle(Path(folder), operator, seed)
        clock = FixedClock(operator.first.start_ms(config.billing.timezone))
        import_bundle(database, Path(folder), config.billing, clock, ACTOR)


def write_bundle(folder: Path, operator: Operator, seed: int) -> None:
    """Writes the operator as a bundle of CSV files, with the usage of its first period."""
    subscribers = [subscriber.row for subscriber in operator.subscribers]
    _write(folder / "plans.csv", operator.plans)
    _write(folder / "addons.csv", operator.addons)
    _write(folder / "services.csv", operator.services)
    _write(folder / "groups.csv", operator.groups)
    _write(folder / "subscribers.csv", subscribers)
    _write(folder / "usage.csv", _usage_rows(operator, seed))
    numbers = make_numbers(operator.subscribers, seed)
    _write(folder / "numbers.csv", [number.row for number in numbers])


def _usage_rows(operator: Operator, seed: int) -> Iterable[Row]:
    plans = {subscriber.login: subscriber.row["plan"] for subscriber in operator.subscribers}
    used = usage_by_login(operator, seed, operator.first, plans)
    for login, counts in used.items():
        for direction in (1, 2, 3, 4):
            bytes_in, bytes_out = counts[2 * direction - 2], counts[2 * direction - 1]
            if bytes_in or bytes_out:
                yield {
                    "login": login,
                    "period": str(operator.first),
                    "direction": str(direction),
                    "bytes_in": str(bytes_in),
                    "bytes_out": str(bytes_out),
                }


def _write(file: Path, rows: Iterable[Row]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer: csv.DictWriter[str] | None = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(stream, list(row), restval="")
                writer.writeheader()
            writer.writerow(row)
