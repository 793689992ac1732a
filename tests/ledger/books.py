"""Books to test with: a few subscribers, one closed period and one open, a clock that stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from engine import schema
from engine.clock import FixedClock
from engine.config import BillingConfig, DatabaseConfig
from engine.database import Database, open_database
from engine.ledger import journal
from engine.ledger.accounts import REVENUE_PLANS
from engine.ledger.operations import Ledger
from engine.period import Period, parse_when

MOSCOW = ZoneInfo("Europe/Moscow")
BILLING = BillingConfig(
    timezone=MOSCOW,
    currency="RUB",
    vat_rates=((None, 1800), (date(2019, 1, 1), 2000), (date(2026, 5, 20), 2200)),
    close_chunk=5000,
    close_latency_ms=50,
)
CLOSED, OPEN = "2026-04", "2026-05"
NOW = parse_when("2026-06-15T12:00:00", MOSCOW)
IVAN, OLGA, ALIAS = 1000, 1001, 1002
LOGINS = {"ivan": IVAN, "olga": OLGA, "ivan-tv": ALIAS}


def moment(text: str) -> int:
    """Epoch milliseconds of a local date or time."""
    return parse_when(text, MOSCOW)


def open_books(config: DatabaseConfig) -> Database:
    """A new database with the subscribers ivan (alias ivan-tv) and olga, balances 0."""
    database = open_database(config, create=True)
    schema.create(database)
    with database.transaction():
        database.execute("INSERT INTO subscriber_group (id, code, name) VALUES (1, 'home', 'Home')")
        for period, state in ((CLOSED, "closed"), (OPEN, "open")):
            database.execute(
                "INSERT INTO billing_period (period, state) VALUES (?, ?)", (period, state)
            )
        for login, number in LOGINS.items():
            add_subscriber(database, number, login, alias_of=IVAN if number == ALIAS else None)
    return database


def add_subscriber(
    database: Database, number: int, login: str, alias_of: int | None = None
) -> None:
    """A subscriber with an account, in the caller's transaction."""
    database.execute("INSERT INTO account (id, balance) VALUES (?, 0)", (number,))
    database.execute(
        "INSERT INTO subscriber (id, login, group_id, alias_of, created_at) VALUES (?, ?, 1, ?, 0)",
        (number, login, alias_of),
    )


def ledger_of(database: Database, clock: FixedClock | None = None, wait: float = 5) -> Ledger:
    """The commands in the name of anna."""
    return Ledger(database, BILLING, clock or FixedClock(NOW), "anna", wait)


def charge(database: Database, period: str, amounts: Mapping[int, int]) -> int:
    """What the close of a period leaves: a compound charge entry and its records."""
    when = Period.parse(period).charge_ms(MOSCOW)
    terms = database.integer("SELECT id FROM charge_terms") or database.insert(
        "INSERT INTO charge_terms (digest, body) VALUES ('d', '{}')"
    )
    entry = journal.new_entry(
        database, "charge", f"close:{period}:{min(amounts)}", "h", when, NOW, "anna"
    )
    lines = [(number, -amount) for number, amount in amounts.items()]
    journal.post(database, entry, [*lines, (REVENUE_PLANS, sum(amounts.values()))])
    for line, (number, amount) in enumerate(amounts.items(), start=1):
        add_record(database, period, number, "charged", amount, terms, entry, line)
    return entry


def add_record(
    database: Database,
    period: str,
    number: int,
    status: str,
    amount: int = 0,
    terms: int | None = None,
    entry: int | None = None,
    line: int | None = None,
) -> None:
    """A close record without any usage."""
    reason = "no plan" if status == "failed" else None
    database.execute(
        "INSERT INTO close_record (period, subscriber_id, status, amount, block, authorised,"
        " group_id, terms_id, entry_id, entry_line, in1, out1, in2, out2, in3, out3, in4, out4,"
        " reason) VALUES (?, ?, ?, ?, 0, 1, 1, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, ?)",
        (period, number, status, amount, terms, entry, line, reason),
    )


def count(database: Database, table: str) -> int:
    """How many rows a table has."""
    return database.integer(f"SELECT COUNT(*) FROM {table}")


def lines_of(database: Database, entry: int) -> Sequence[tuple[int, int]]:
    """An entry's postings in order: account, amount."""
    return [
        (int(account), int(amount))
        for account, amount in database.rows(
            "SELECT account_id, amount FROM posting WHERE entry_id = ? ORDER BY line", (entry,)
        )
    ]
