"""A database with numbers, and an importer that takes letters into it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from engine import schema
from engine.balances.arrival import Reader
from engine.balances.importer import BalanceImporter, Taken
from engine.balances.profile import Profile, megafon
from engine.balances.status import StatusBook
from engine.balances.trend import TrendRules
from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database, Row, open_database
from engine.hooks import WorkHooks
from engine.period import parse_when
from tests.balances.letters import letter, mail

ZONE = ZoneInfo("Europe/Moscow")
PROFILE = megafon(ZONE)
READER = Reader([Profile(PROFILE)], 1 << 20)
NOON = parse_when("2026-10-20T12:30:00", ZONE)


def number_of(place: int) -> str:
    """The number of a place, from 0."""
    return str(9_260_000_000 + place)


def open_office(config: DatabaseConfig, numbers: int = 5, operator: str = "Megafon") -> Database:
    """A database with so many numbers of an operator that has the tariffs Единый and Свой."""
    database = open_database(config, create=True)
    if config.engine == "sqlite":
        database.execute("PRAGMA synchronous = off")
    schema.create(database)
    with database.transaction():
        database.execute("INSERT INTO operator (id, name) VALUES (1, ?)", (operator,))
        database.execute("INSERT INTO personal_account VALUES (1, 1, '1000001')")
        database.execute("INSERT INTO operator_tariff VALUES (1, 1, 'Единый'), (2, 1, 'Свой')")
        if numbers:
            database.write_many(
                "INSERT INTO number (id, number, operator_id, personal_account_id, tariff_id,"
                " created_at) VALUES (?, ?, 1, 1, 1, 0)",
                [(place + 1, number_of(place)) for place in range(numbers)],
            )
    return database


def say(place: int, day: str, balance: str, **facts: str) -> bytes:
    """A mail about the number of a place; `day` as 20.10.2026, `at` as 09:15."""
    at = facts.pop("at", "09:15")
    said = {"number": number_of(place), "account": "1000001", "tariff": "Единый", **facts}
    said |= {"time": f"{day} {at}", "balance": balance}
    key = "-".join((*said.values(),)).encode().hex()
    return mail(letter(**said), message_id=f"<{key}@operator.example>")


class Office:
    """A database and an importer. `clock` stands still at noon of 2026-10-20."""

    def __init__(self, database: Database, rules: TrendRules | None = None, **more: Any) -> None:
        self.database = database
        self.clock = FixedClock(NOON)
        self.hooks = WorkHooks()
        self.book = StatusBook(database, rules or TrendRules(), {}, ZONE)
        self.importer = BalanceImporter(self.book, [PROFILE], self.clock, self.hooks, **more)

    def take(self, mails: Iterable[bytes], again: bool = False) -> list[Taken]:
        return self.importer.take([READER.read(raw) for raw in mails], again)

    def rows(self, sql: str) -> list[Row]:
        return self.database.rows(sql)


EVERYTHING = (
    "SELECT mail_key, state, reason, taken_at, number_id, tariff_id, balance, messages"
    " FROM balance_mail ORDER BY mail_key",
    "SELECT b.number_id, b.day, r.day, b.balance, b.at FROM number_balance b"
    " JOIN balance_report r ON r.id = b.report_id ORDER BY b.number_id, b.day",
    "SELECT n.number, o.name, a.code, t.title, n.reported_at, n.status, n.status_since"
    " FROM number n JOIN operator o ON o.id = n.operator_id LEFT JOIN personal_account a"
    " ON a.id = n.personal_account_id LEFT JOIN operator_tariff t ON t.id = n.tariff_id"
    " ORDER BY n.number",
    "SELECT number_id, what, value_before, value_after, mail_key, at FROM number_history"
    " ORDER BY number_id, what, at, mail_key, value_after",
)


def everything(database: Database) -> list[list[Row]]:
    """All that an import leaves, without the numbers that the database gives."""
    return [database.rows(sql) for sql in EVERYTHING]
