"""Exports about numbers: their balances, and the mails that could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from engine.database import Database
from engine.money import format_amount
from engine.period import format_ms
from engine.queries.export import Cell, Table

_BALANCES = (
    "number", "operator", "personal_account", "tariff", "login", "status", "balance",
    "last_report", "status_since",
)  # fmt: skip
_SKIPPED = ("taken_at", "size", "reason", "text")


def balances(database: Database, tz: tzinfo) -> Table:
    """All numbers with the balance of their newest report (`last_report` is its day), in the order
    of their ids."""
    found = database.stream(
        "SELECT n.number, o.name, a.code, t.title, s.login, n.status, b.balance, b.day,"
        " n.status_since FROM number n JOIN operator o ON o.id = n.operator_id"
        " LEFT JOIN personal_account a ON a.id = n.personal_account_id"
        " LEFT JOIN operator_tariff t ON t.id = n.tariff_id"
        " LEFT JOIN subscriber s ON s.id = n.subscriber_id"
        " LEFT JOIN number_balance b ON b.number_id = n.id AND b.day ="
        " (SELECT MAX(l.day) FROM number_balance l WHERE l.number_id = n.id) ORDER BY n.id"
    )

    def rows() -> Iterator[tuple[Cell, ...]]:
        for *names, balance, day, since in found:
            yield (
                *names,
                None if balance is None else format_amount(balance),
                day,
                None if since is None else format_ms(since, tz),
            )

    return Table(_BALANCES, rows())


def skipped_mails(database: Database, tz: tzinfo) -> Table:
    """The mails that could not be read, with why and what could be read of them, the newest
    first."""
    found = database.stream(
        "SELECT taken_at, size, reason, body FROM balance_mail WHERE state = 'skipped'"
        " ORDER BY id DESC"
    )
    return Table(_SKIPPED, ((format_ms(at, tz), *rest) for at, *rest in found))
