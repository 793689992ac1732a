"""Books to close: an operator of forty subscribers with everything that a close must mind.

September 2026 is closed, October has ended and is open. There are ordered plans and add-on plans,
an add-on given up, services, rents, discounts of all scopes, aliases, exempt and frozen ones, some
not started and some that start within the month, some that cannot be rated, usage carried into
October and out of it, and usage that came late to September.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine import schema
from engine.clock import FixedClock
from engine.close.hooks import Hooks
from engine.config import (
    BillingConfig,
    Config,
    DatabaseConfig,
    MonthCloseConfig,
    RolesConfig,
)
from engine.database import Database, open_database
from engine.period import Period, parse_when
from engine.periods import note_usage
from jobs.close_here import CloseHere
from jobs.month_close import CloseOptions

MOSCOW = ZoneInfo("Europe/Moscow")
SEPTEMBER, OCTOBER, NOVEMBER = Period(2026, 9), Period(2026, 10), Period(2026, 11)
NOW = parse_when("2026-11-01T00:30:00", MOSCOW)
MIDDLE = parse_when("2026-10-20T12:00:00", MOSCOW)
GB = 10**9
BYTES = tuple(f"{way}{n}" for n in (1, 2, 3, 4) for way in ("in", "out"))

# Plans, by what is special about them.
OVERAGE, RATIO, CARRY, UNLIMITED, BLOCKING, BROKEN = range(1, 7)
TV, RADIO = 1, 2
PEOPLE, STAFF = 1, 2
SUBSCRIBERS = 40
# A chunk takes this many ids, and as many subscribers as stand together.
CHUNK_IDS = 250
TOGETHER = 14


def number(n: int) -> int:
    """The id of the n-th subscriber: fourteen together, then a gap up to the next chunk."""
    return 1000 + n // TOGETHER * CHUNK_IDS + n % TOGETHER


# What differs from the usual; the rest is on plans 1 to 5 in turn, since long ago.
SPECIAL: dict[int, dict[str, Any]] = {
    3: {"group_id": STAFF, "ordered_plan_id": CARRY, "ordered_plan_from": "2026-11"},
    4: {"active_since": None},
    5: {"active_since": "2026-10-16"},
    6: {"state": "frozen"},
    7: {"state": "blocked"},
    8: {"plan_id": OVERAGE, "ordered_plan_id": CARRY, "ordered_plan_from": "2026-11"},
    9: {"alias_of": number(8), "plan_id": OVERAGE},
    10: {"addon_id": TV, "ordered_addon_id": None, "ordered_addon_from": "2026-11"},
    11: {"ordered_addon_id": RADIO, "ordered_addon_from": "2026-11"},
    12: {"ordered_plan_id": RATIO, "ordered_plan_from": "2026-12"},
    13: {"active_since": "2026-11-05"},
    14: {"plan_id": BROKEN},
    15: {"plan_id": None},
    16: {"active_since": "2026-10-31"},
    17: {"active_since": "2026-10-01"},
    18: {"ordered_plan_id": BROKEN, "ordered_plan_from": "2026-11"},
    19: {"addon_id": TV, "ordered_plan_id": OVERAGE, "ordered_plan_from": "2026-10"},
    20: {"alias_of": number(0), "plan_id": OVERAGE},
    21: {"state": "deleted", "plan_id": None},
    22: {"plan_id": CARRY, "first_month_day": 31, "active_since": "2026-10-30"},
    23: {
        "plan_id": CARRY, "addon_id": TV, "ordered_addon_id": RADIO,
        "ordered_addon_from": "2026-11", "ordered_plan_id": BLOCKING,
        "ordered_plan_from": "2026-11",
    },
    24: {"alias_of": number(23), "plan_id": CARRY, "addon_id": TV},
    32: {"plan_id": None, "ordered_plan_id": RATIO, "ordered_plan_from": "2026-11"},
}  # fmt: skip
ALIASES = [n for n, facts in SPECIAL.items() if "alias_of" in facts]
MAINS = [n for n in range(SUBSCRIBERS) if n not in ALIASES]
FAILING = (14, 15, 18, 32)
EXEMPT = (3, 6, 21)
NOT_STARTED = (4, 13)
# Late usage of September: more of it for those that were charged.
LATE = (1, 2, 8, 17, 26, 39)


def config(database: DatabaseConfig, zone: ZoneInfo = MOSCOW, **billing: Any) -> Config:
    """Settings with the smallest chunks there are: 250 ids each."""
    rules = BillingConfig(
        timezone=zone,
        currency="RUB",
        vat_rates=((None, 1800), (date(2019, 1, 1), 2000)),
        close_chunk=CHUNK_IDS,
        close_latency_ms=0,
    )
    return Config(
        database=database,
        billing=replace(rules, **billing),
        month_close=MonthCloseConfig(
            settle_minutes=10, exempt_states=frozenset({"frozen", "deleted"})
        ),
        roles=RolesConfig(("*",), (), ()),
        source="a test",
    )


def job(
    database: Database, settings: Config, hooks: Hooks | None = None, now: int = NOW
) -> CloseHere:
    """The month close on a connection, at half an hour past midnight of November 1st."""
    return CloseHere(database, settings, FixedClock(now), "anna", hooks or Hooks())


def new_books(where: DatabaseConfig) -> Database:
    """A new database with tables and nothing in them."""
    database = open_database(where, create=True)
    schema.create(database)
    return database


def build(path: Path) -> DatabaseConfig:
    """Makes the books as an SQLite file."""
    where = DatabaseConfig(engine="sqlite", path=path)
    database = new_books(where)
    dice = random.Random(20261101)
    with database.transaction():
        _catalogue(database)
        _subscribers(database)
        database.execute("INSERT INTO billing_period (period, state) VALUES ('2026-09', 'open')")
        for n in MAINS:
            if n % 7:
                use(database, SEPTEMBER, number(n), *_bytes(dice))
    job(database, config(where), now=MIDDLE).run(CloseOptions(late=True, accept_failures=True))
    with database.transaction():
        for n in LATE:
            use(database, SEPTEMBER, number(n), *_bytes(dice))
        for n in MAINS:
            if n % 5 != 3:
                use(database, OCTOBER, number(n), *_bytes(dice))
    database.close()
    return where


def use(database: Database, period: Period, subscriber: int, *counts: int) -> None:
    """Usage comes in, as an import would write it; in the caller's transaction."""
    note_usage(database, period)
    counts = (*counts, *[0] * (len(BYTES) - len(counts)))
    database.write_many(
        database.dialect.add_up("period_usage", ("period", "subscriber_id"), BYTES),
        [(str(period), subscriber, *counts)],
    )


def used(database: Database, subscriber: int) -> int:
    """All bytes of a subscriber, over all periods."""
    return database.integer(
        f"SELECT SUM({' + '.join(BYTES)}) FROM period_usage WHERE subscriber_id = ?",
        (subscriber,),
    )


def add_subscriber(database: Database, subscriber_id: int, **facts: Any) -> None:
    """A subscriber and its account, in the caller's transaction."""
    row: dict[str, Any] = {
        "id": subscriber_id,
        "login": f"u{subscriber_id}",
        "group_id": PEOPLE,
        "plan_id": OVERAGE,
        "active_since": "2020-02-02",
        "created_at": 0,
        **facts,
    }
    database.execute("INSERT INTO account (id, balance) VALUES (?, 0)", (subscriber_id,))
    database.execute(
        f"INSERT INTO subscriber ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})",
        list(row.values()),
    )


def _bytes(dice: random.Random) -> Iterator[int]:
    return (dice.choice((0, dice.randrange(GB), dice.randrange(5 * GB))) for _ in BYTES)


def _catalogue(database: Database) -> None:
    add_catalogue(database)
    for n in (1, 9):
        database.execute(
            "INSERT INTO service VALUES (?, ?, 'A device', 'rent', ?)",
            (10 + n, f"box{n}", n * 33_333_333),
        )


def add_catalogue(database: Database) -> None:
    """Plans, add-on plans, services and groups; in the caller's transaction."""
    directions: dict[int, list[tuple[int | None, int, str]]] = {
        OVERAGE: [(GB, 500_000, "sum"), (0, 0, "in"), (0, 0, "in"), (0, 0, "in")],
        RATIO: [(2 * GB, 1_000_000, "in"), (GB, 100_000, "in"), (0, 3_333, "max"), (0, 0, "in")],
        CARRY: [(4 * GB, 250_000, "max"), (GB, 120_000, "out"), (None, 0, "in"), (GB, 70, "sum")],
        UNLIMITED: [(None, 10_000, "in")] * 4,
        BLOCKING: [(GB, 0, "in"), (0, 40_000, "in"), (None, 0, "in"), (0, 0, "in")],
        BROKEN: [(GB, 500_000, "in")] * 3,
    }
    for plan, rows in directions.items():
        database.execute(
            "INSERT INTO plan VALUES (?, ?, 'A plan', ?, ?, ?)",
            (plan, f"p{plan}", plan * 50_250_000, 4_000_000 * (plan == RATIO), plan == CARRY),
        )
        for direction, row in enumerate(rows, start=1):
            database.execute("INSERT INTO plan_direction VALUES (?, ?, ?, ?, ?)",
                             (plan, direction, *row))  # fmt: skip
    for addon, code in ((TV, "tv"), (RADIO, "radio")):
        database.execute(
            "INSERT INTO addon VALUES (?, ?, 'An add-on plan', ?)",
            (addon, code, addon * 75_500_000),
        )
    for service, fee in ((1, 15_000_000), (2, 30_990_000)):
        database.execute(
            "INSERT INTO service VALUES (?, ?, 'A service', 'service', ?)",
            (service, f"s{service}", fee),
        )
    database.execute("INSERT INTO subscriber_group VALUES (1, 'people', 'People', 1)")
    database.execute("INSERT INTO subscriber_group VALUES (2, 'staff', 'Staff', 0)")


def _subscribers(database: Database) -> None:
    for n in range(SUBSCRIBERS):
        facts = {"plan_id": 1 + n % 5, **SPECIAL.get(n, {})}
        add_subscriber(database, number(n), **facts)
        if n in ALIASES:
            continue
        for service in (1, 2, 11, 19):
            if (n + service) % 4 == 0:
                database.execute("INSERT INTO subscriber_service VALUES (?, ?)",
                                 (number(n), service))  # fmt: skip
        for scope, kind, value, every in (
            ("all", "percent", 12_500_000, 4),
            ("plan", "fixed", 1_001, 5),
            ("services", "percent", 100_000_000, 6),
            ("rent", "fixed", 5_000, 7),
            ("all", "fixed", 700, 9),
        ):
            if n % every == 1:
                database.execute("INSERT INTO discount VALUES (?, ?, ?, ?)",
                                 (number(n), scope, kind, value))  # fmt: skip
