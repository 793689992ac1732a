"""A database of N subscribers ready to close, the same for the same N: what the benchmarks run on.

Sixty plans (a third with carry-over), half of the subscribers on the ten that are sold now, 10 %
with an ordered plan, 20 % with services, 20 % with a discount, 5 % started within the month, 80 %
with usage. It is written with the bare
statements of the driver, for it is not what is measured.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from engine.database import Database, Row
from engine.period import Period

PERIOD = Period(2026, 10)
_AT_ONCE = 5_000


def fill(database: Database, subscribers: int, seed: int = 1) -> None:
    """Fills an empty schema. Subscribers have the numbers from 1000 on."""
    dice = random.Random(seed)
    _catalogue(database, dice)
    for start in range(0, subscribers, _AT_ONCE):
        part = range(1000 + start, 1000 + min(start + _AT_ONCE, subscribers))
        with database.transaction():
            _subscribers(database, dice, part)
    if database.dialect.name == "sqlite":
        database.execute("ANALYZE")
    else:
        database.execute("ANALYZE TABLE subscriber, account, period_usage, close_record, posting")


def _catalogue(database: Database, dice: random.Random) -> None:
    fees = (0, 100_000_000, 350_000_000, 499_990_000, 1_200_000_000)
    prices = (0, 3_000, 50_000, 500_000, 1_250_000)
    sizes = (0, 10**8, 5 * 10**8, 10**9, 5 * 10**9, None)
    counts = ("in", "out", "sum", "max")
    with database.transaction():
        database.execute(
            "INSERT INTO billing_period (period, state) VALUES (?, 'open')", (str(PERIOD),)
        )
        database.execute("INSERT INTO subscriber_group VALUES (1, 'main', 'Main', 1)")
        database.execute("INSERT INTO subscriber_group VALUES (2, 'staff', 'Staff', 0)")
        database.execute("INSERT INTO addon VALUES (1, 'tv', 'TV', 150000000)")
        for number, fee in enumerate((50_000_000, 120_000_000), start=1):
            database.execute(
                "INSERT INTO service VALUES (?, ?, 'A service', 'service', ?)",
                (number, f"s{number}", fee),
            )
        for plan in range(1, 61):
            database.execute(
                "INSERT INTO plan VALUES (?, ?, 'A plan', ?, ?, ?)",
                (plan, f"p{plan}", dice.choice(fees), dice.choice((0, 0, 4_000_000)), plan % 3 < 1),
            )
            for direction in (1, 2, 3, 4):
                database.execute(
                    "INSERT INTO plan_direction VALUES (?, ?, ?, ?, ?)",
                    (plan, direction, dice.choice(sizes), dice.choice(prices), dice.choice(counts)),
                )


def _subscribers(database: Database, dice: random.Random, numbers: range) -> None:
    database.write_many(
        "INSERT INTO account (id, balance) VALUES (?, ?)",
        [(number, 0) for number in numbers],
    )
    database.write_many(
        "INSERT INTO subscriber (id, login, name, group_id, plan_id, ordered_plan_id,"
        " ordered_plan_from, addon_id, active_since, phone, address, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        list(_people(dice, numbers)),
    )
    database.write_many(
        "INSERT INTO subscriber_service VALUES (?, ?)",
        [(number, dice.choice((1, 2))) for number in numbers if dice.random() < 0.2],
    )
    database.write_many(
        "INSERT INTO discount VALUES (?, 'all', 'percent', ?)",
        [(n, dice.choice((5, 10, 50)) * 10**6) for n in numbers if dice.random() < 0.2],
    )
    database.write_many(
        f"INSERT INTO period_usage VALUES ({', '.join('?' * 10)})",
        [
            (str(PERIOD), number, *(dice.choice((0, dice.randrange(10**10))) for _ in range(8)))
            for number in numbers
            if dice.random() < 0.8
        ],
    )


def _people(dice: random.Random, numbers: range) -> Iterator[Row]:
    for number in numbers:
        ordered = dice.randint(1, 10) if dice.random() < 0.1 else None
        started = dice.random() < 0.05
        yield (
            number,
            f"u{number}",
            f"Иванова Мария Сергеевна {number}",
            2 if dice.random() < 0.02 else 1,
            dice.randint(1, 10) if dice.random() < 0.5 else dice.randint(11, 60),
            ordered,
            str(PERIOD.next()) if ordered else None,
            dice.choice((None, None, 1)),
            f"{PERIOD}-{dice.randint(1, 28):02d}" if started else "2024-05-17",
            f"+7900{number:07d}",
            "г. Зареченск, ул. Садовая, д. 5, кв. 17",
            0,
        )
