"""Subscribers full of ties, prefixes of one another and odd letters; and what a filter means, said
a second time in Python."""

from __future__ import annotations

import random
from typing import Any

from engine.database import Database, Row
from engine.queries.columns import Column, Sort
from engine.queries.filters import Condition
from engine.queries.subscribers import SUBSCRIBERS

NAMES = ("", "Иван", "Иванов", "Иванова Мария", "иван", "ООО Иван", "Ёлкин", "ivan", "Ivan", "я",
         "\U0010ffff", "\U0010ffffа", "😀", "a%b", "a_b", "Zoe")  # fmt: skip
PHONES = ("", "+79001234567", "79001234567", "+7900", "8")
CONTRACTS = ("", "12/34", "12", "№7", "12/35")
BALANCES = (0, 0, 0, -1, 1, -50_000, 50_000, 10**15, -(10**15))
STATES = ("active", "active", "active", "frozen", "blocked", "deleted")
DATES = (None, "2026-10-01", "2026-10-31", "2026-09-30", "1900-01-01", "2025-02-28")


def fill(database: Database, seed: int, count: int = 600) -> None:
    """Makes `count` subscribers, a tenth of them aliases, and the close of a period."""
    dice = random.Random(seed)
    with database.transaction():
        database.execute("INSERT INTO subscriber_group VALUES (1, 'main', 'Main', 1)")
        database.execute("INSERT INTO subscriber_group VALUES (2, 'staff', 'Staff', 0)")
        database.execute("INSERT INTO addon VALUES (1, 'tv', 'TV', 0)")
        for plan in (1, 2, 3):
            database.execute("INSERT INTO plan VALUES (?, ?, 'A plan', 0, 0, 0)",
                             (plan, f"p{plan}"))  # fmt: skip
        for period, state in (("2026-08", "closed"), ("2026-09", "closing"), ("2026-10", "open")):
            database.execute("INSERT INTO billing_period (period, state) VALUES (?, ?)",
                             (period, state))  # fmt: skip
        for number in range(1000, 1000 + count):
            _subscriber(database, dice, number)
        _close(database, dice, range(1000, 1000 + count))


def _subscriber(database: Database, dice: random.Random, number: int) -> None:
    ordered = dice.choice((None, None, 3))
    row = {
        "id": number,
        "login": dice.choice(("ivan", "Ivan", "u", "Иван", "+7", "12")) + str(number * 7919 % 9973),
        "name": dice.choice(NAMES),
        "group_id": dice.choice((1, 1, 2)),
        "plan_id": dice.choice((None, 1, 1, 2)),
        "ordered_plan_id": ordered,
        "ordered_plan_from": "2026-11" if ordered else None,
        "addon_id": dice.choice((None, 1)),
        "active_since": dice.choice(DATES),
        "state": dice.choice(STATES),
        "alias_of": dice.randrange(1000, number) if number > 1000 and number % 10 == 0 else None,
        "credit_limit": dice.choice((0, 0, 100, 60_000)),
        "external_uid": dice.choice((None, f"uid{number}")),
        "phone": dice.choice(PHONES),
        "contract_number": dice.choice(CONTRACTS),
        "address": dice.choice(("", "ул. Ленина, 5", "ленина")),
        "created_at": 0,
    }
    database.execute("INSERT INTO account (id, balance) VALUES (?, ?)",
                     (number, dice.choice(BALANCES)))  # fmt: skip
    database.execute(
        f"INSERT INTO subscriber ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})",
        list(row.values()),
    )


def _close(database: Database, dice: random.Random, numbers: range) -> None:
    database.execute("INSERT INTO charge_terms (id, digest, body) VALUES (1, 'none', '{}')")
    entry = database.insert(
        "INSERT INTO journal_entry (kind, entry_key, content_hash, effective_at, recorded_at,"
        " actor) VALUES ('charge', 'close', '', 0, 0, 'test')"
    )
    for period in ("2026-08", "2026-09"):
        database.write_many(
            "INSERT INTO close_record (period, subscriber_id, status, amount, block, authorised,"
            " group_id, terms_id, entry_id, reason, in1, out1, in2, out2, in3, out3, in4, out4)"
            " VALUES (?, ?, ?, ?, ?, 1, 1, 1, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0)",
            [
                (period, number, "failed", 0, 0, entry, "no_plan")
                if dice.random() < 0.1
                else (period, number, "charged", number, dice.random() < 0.1, entry, None)
                for number in numbers
                if number % 10
            ],
        )


def everybody(database: Database) -> list[Row]:
    """All subscribers as rows of the list, by a query of its own."""
    return database.rows(
        "SELECT s.id, s.login, s.name, s.state, a.balance, s.credit_limit, p.code, op.code,"
        " s.ordered_plan_from, ad.code, g.code, s.phone, s.contract_number, s.contract_date,"
        " s.active_since, m.login, s.address, s.email, s.external_uid, s.id"
        " FROM subscriber s LEFT JOIN account a ON a.id = s.id"
        " LEFT JOIN subscriber_group g ON g.id = s.group_id LEFT JOIN plan p ON p.id = s.plan_id"
        " LEFT JOIN plan op ON op.id = s.ordered_plan_id LEFT JOIN addon ad ON ad.id = s.addon_id"
        " LEFT JOIN subscriber m ON m.id = s.alias_of"
    )


def of_last_close(database: Database) -> dict[str, set[int]]:
    """Who failed and who is to be blocked by the last close."""
    rows = database.rows(
        "SELECT subscriber_id, status, block FROM close_record WHERE period = '2026-09'"
    )
    return {
        "failed": {number for number, status, _ in rows if status == "failed"},
        "to_block": {number for number, _, block in rows if block},
    }


def expected(
    people: list[Row],
    close: dict[str, set[int]],
    conditions: tuple[Condition, ...],
    sorts: tuple[Sort, ...],
) -> list[Row]:
    """The rows that fulfil all conditions, in order."""
    chosen = [row for row in people if all(fulfils(row, close, one) for one in conditions)]
    chosen.sort(key=lambda row: row[0], reverse=bool(sorts) and sorts[0].descending)
    for sort in reversed(sorts):
        chosen.sort(key=lambda row: value(row, sort.column), reverse=sort.descending)
    return [tuple(row) for row in chosen]


def value(row: Row, column: str) -> Any:
    names = [one.name for one in SUBSCRIBERS.columns]
    return row[1 + names.index(column)]


def fulfils(row: Row, close: dict[str, set[int]], condition: Condition) -> bool:
    """A condition, without SQL."""
    return _plainly(row, close, condition) != condition.negated


def _plainly(row: Row, close: dict[str, set[int]], condition: Condition) -> bool:
    wanted = condition.value
    if not condition.column:
        return _has_word(row, str(wanted))
    if condition.column == "is":
        if wanted == "beyond_limit":
            return bool(value(row, "balance") < -value(row, "credit_limit"))
        return row[0] in close[str(wanted)]
    column = next(one for one in SUBSCRIBERS.columns if one.name == condition.column)
    return _compares(value(row, column.name), column, condition)


def _compares(given: Any, column: Column, condition: Condition) -> bool:
    operator, wanted = condition.operator, condition.value
    if wanted == "" and operator in (":", "="):
        return given in (None, "")
    if given is None:
        return False
    if operator == "~":
        return any(text in given for text in _spelled(str(wanted), column.capitalised))
    if operator == ":":
        return any(given.startswith(text) for text in _spelled(str(wanted), column.capitalised))
    if column.kind in ("date", "period") and wanted and operator != "=":
        given = given[: len(str(wanted))]
    return bool({"=": given == wanted, "<": given < wanted, "<=": given <= wanted,
                 ">": given > wanted, ">=": given >= wanted}[operator])  # fmt: skip


def _has_word(row: Row, text: str) -> bool:
    phones = [text, "+" + text] if text[0].isdigit() else [text]
    return (
        value(row, "login").startswith(text)
        or value(row, "contract_number").startswith(text)
        or any(value(row, "phone").startswith(phone) for phone in phones)
        or any(value(row, "name").startswith(name) for name in _spelled(text, True))
    )


def _spelled(text: str, capitalised: bool) -> set[str]:
    if not capitalised:
        return {text}
    return {text, text.upper(), " ".join(w[:1].upper() + w[1:].lower() for w in text.split(" "))}
