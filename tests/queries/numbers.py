"""Numbers of every kind, many alike; and what a filter of their list means, said a second time in
Python."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

from engine.balances.trend import STATUSES
from engine.database import Database, Row
from engine.queries.columns import Sort
from engine.queries.filters import Condition
from engine.queries.number_list import NumberList

LIST = NumberList(UTC)
DAYS = ("2026-11-01", "2026-11-02", "2026-11-03")
LOGINS = ("ivan", "Ivan", "iva", "Иван", "900")
CODES = ("12", "123", "900", "9001")
_DAY_MS = 86_400_000
_NEW_YEAR = 1_767_225_600_000  # 2026-01-01 in UTC


def fill(database: Database, seed: int, count: int = 400) -> None:
    """Makes `count` numbers of two operators with their reports of three days."""
    dice = random.Random(seed)
    with database.transaction():
        _around(database)
        database.write_many(
            "INSERT INTO number (id, number, operator_id, personal_account_id, tariff_id,"
            " subscriber_id, status, status_since, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            [_number(dice, place) for place in range(1, count + 1)],
        )
        database.write_many(
            "INSERT INTO number_balance (number_id, day, report_id, balance, at)"
            " VALUES (?, ?, ?, ?, 0)",
            [
                (number, day, report, dice.choice((-100, -1, 0, 0, 1, 10**12)))
                for number in range(1, count + 1)
                for report, day in enumerate(DAYS, 1)
                if dice.random() < 0.5
            ],
        )


def _around(database: Database) -> None:
    database.execute("INSERT INTO operator (id, name) VALUES (1, 'Megafon')")
    database.execute("INSERT INTO operator (id, name) VALUES (2, 'Two [b]')")
    database.execute("INSERT INTO operator_tariff (id, operator_id, title) VALUES (1, 1, 'Единый')")
    database.execute("INSERT INTO operator_tariff (id, operator_id, title) VALUES (2, 2, 'One')")
    for number, code in enumerate(CODES, 1):
        database.execute("INSERT INTO personal_account VALUES (?, ?, ?)",
                         (number, 1 + number % 2, code))  # fmt: skip
    database.execute("INSERT INTO subscriber_group VALUES (1, 'main', 'Main', 1)")
    for number, login in enumerate(LOGINS, 1000):
        database.execute("INSERT INTO account (id, balance) VALUES (?, 0)", (number,))
        database.execute(
            "INSERT INTO subscriber (id, login, group_id, created_at) VALUES (?, ?, 1, 0)",
            (number, login),
        )
    for report, day in enumerate(DAYS, 1):
        database.execute("INSERT INTO balance_report VALUES (?, 1, ?, 0)", (report, day))


def _number(dice: random.Random, place: int) -> tuple[Any, ...]:
    status = dice.choice((None, *STATUSES))
    since = None if status is None else _NEW_YEAR + dice.choice((0, 1, 31, 400, -1)) * _DAY_MS
    return (
        place,
        f"{dice.choice((900, 926, 12))}{place * 7919 % 9973:04}",
        dice.choice((1, 1, 2)),
        dice.choice((None, 1, 2, 3, 4)),
        dice.choice((None, 1, 2)),
        dice.choice((None, None, 1000, 1001, 1002, 1003, 1004)),
        status,
        since,
    )


def all_of(database: Database) -> list[Row]:
    """All numbers as rows of the list, put together in Python."""
    operators = dict(database.rows("SELECT id, name FROM operator"))
    codes = dict(database.rows("SELECT id, code FROM personal_account"))
    titles = dict(database.rows("SELECT id, title FROM operator_tariff"))
    logins = dict(database.rows("SELECT id, login FROM subscriber"))
    newest = {
        number: (balance, day)
        for number, day, balance in database.rows(
            "SELECT number_id, day, balance FROM number_balance ORDER BY day"
        )
    }
    found = database.rows(
        "SELECT id, number, operator_id, personal_account_id, tariff_id, subscriber_id, status,"
        " status_since FROM number"
    )
    rows = []
    for key, number, operator, account, tariff, subscriber, status, since in found:
        balance, day = newest.get(key, (None, None))
        rows.append((key, number, status, since, balance, day, operators[operator],
                     titles.get(tariff), codes.get(account), logins.get(subscriber)))  # fmt: skip
    return rows


def expected(
    rows: list[Row], conditions: tuple[Condition, ...], sorts: tuple[Sort, ...]
) -> list[Row]:
    """The rows that fulfil all conditions, in order."""
    chosen = [row for row in rows if all(_fulfils(row, one) for one in conditions)]
    chosen.sort(key=lambda row: row[0], reverse=bool(sorts) and sorts[0].descending)
    for sort in reversed(sorts):
        chosen.sort(key=lambda row: _order(value(row, sort.column)), reverse=sort.descending)
    return chosen


def value(row: Row, column: str) -> Any:
    names = [one.name for one in LIST.columns]
    return row[1 + names.index(column)]


def _order(found: Any) -> tuple[bool, Any]:
    """Empty comes before all others."""
    return (False, 0) if found is None else (True, found)


def _fulfils(row: Row, condition: Condition) -> bool:
    return _plainly(row, condition) != condition.negated


def _plainly(row: Row, condition: Condition) -> bool:
    name, operator, wanted = condition.column, condition.operator, condition.value
    if not name:
        looked_in = ("number", "personal_account", "login")
        return any((value(row, one) or "").startswith(str(wanted)) for one in looked_in)
    if name == "is":
        return str(value(row, "status")).endswith("_static")
    given = value(row, name)
    if wanted == "" and operator in (":", "="):
        return given in (None, "")
    if given is None:
        return False
    if name == "status_since":
        given = datetime.fromtimestamp(given / 1000, UTC).strftime("%Y-%m-%d")
    if name in ("status_since", "last_report") and operator != "=":
        given = given[: len(str(wanted))]
    if operator == ":":
        return bool(given.startswith(wanted))
    if operator == "~":
        return wanted in given
    return bool({"=": given == wanted, "<": given < wanted, "<=": given <= wanted,
                 ">": given > wanted, ">=": given >= wanted}[operator])  # fmt: skip
