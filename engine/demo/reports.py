"""The reports of the demonstration's numbers in the database, as the mails would have left them:
balances, the balance status with its history day by day, the last mails, a few that were skipped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine.balances.trend import TrendRules, status_of
from engine.config import Config
from engine.database import Database
from engine.demo.numbers import DAYS, OPERATOR, DemoNumber
from engine.money import format_amount
from engine.period import day_start_ms, wall_ms

_MINUTE_MS = 60_000
_LETTER = """\
Уважаемый абонент!
Л/С: {account}
Номер: {number}
Время: {time}
На счете {balance} руб.
Тарифный план: {tariff} с 01.02.2024.
"""
_SKIPPED = (
    ("its balance cannot be read", "Номер: 9430000001\nНа счете 1.2.3 руб.\n"),
    ("it has no number", "Уважаемый абонент!\nВаш счёт пополнен. Спасибо!\n"),
    (
        "it has two values for the balance",
        "Номер: 9430000002\nНа счете 10.00 руб.\nНа счете 12.00 руб.\n",
    ),
)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number with its id in the database."""

    id: int
    demo: DemoNumber


def add_reports(
    database: Database, config: Config, numbers: Iterable[DemoNumber], today: date
) -> None:
    """Writes the reports of the days before `today`, in one transaction."""
    zone = config.billing.timezone
    days = [today - timedelta(days=ago) for ago in reversed(range(1, DAYS + 1))]
    ids: dict[str, int] = dict(database.rows("SELECT number, id FROM number"))
    known = [_Number(ids[one.row["number"]], one) for one in numbers]
    operator = database.integer("SELECT id FROM operator WHERE name = ?", (OPERATOR,))
    starts = [day_start_ms(day, zone) for day in days]
    rules = config.balance_status
    with database.transaction():
        database.write_many(
            "INSERT INTO balance_report (id, operator_id, day, created_at) VALUES (?, ?, ?, ?)",
            [(number, operator, str(day), wall_ms(day, 6, 0, zone))
             for number, day in enumerate(days, 1)],
        )  # fmt: skip
        database.write_many(
            "INSERT INTO number_balance (number_id, day, report_id, balance, at)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                (one.id, str(day), place + 1, balance, _said(one, starts[place]))
                for one in known
                for place, (day, balance) in enumerate(zip(days, one.demo.balances, strict=True))
                if balance is not None
            ],
        )
        for one in known:
            _history(database, one, starts, rules)
        _mails(database, config, operator, known, days)


def _said(one: _Number, start: int) -> int:
    """The mails of a day come in the order of the numbers, from six o'clock on."""
    return start + 6 * 60 * _MINUTE_MS + one.id % 240 * _MINUTE_MS


def _history(database: Database, one: _Number, starts: list[int], rules: TrendRules) -> None:
    """What its status was after each day, as far as it changed."""
    notes: list[tuple[int, int, str, str | None, str | None]] = []
    status: str | None = None
    newest_first = one.demo.balances[::-1]
    for day in range(DAYS):
        so_far = newest_first[DAYS - 1 - day :][: rules.window]
        ever = sum(balance is not None for balance in one.demo.balances[: day + 1])
        found = status_of(so_far, ever, rules)
        if found != status:
            # A mail changes it at once, a missing one by the end of the day.
            said = one.demo.balances[day] is not None
            at = _said(one, starts[day]) if said else starts[day] + 23 * 60 * _MINUTE_MS
            notes.append((one.id, at, "status", status, found))
            status = found
    database.write_many(
        "INSERT INTO number_history (number_id, at, what, value_before, value_after)"
        " VALUES (?, ?, ?, ?, ?)",
        notes,
    )
    reported = [day for day in range(DAYS) if one.demo.balances[day] is not None]
    database.execute(
        "UPDATE number SET status = ?, status_since = ?, reported_at = ? WHERE id = ?",
        (
            status,
            notes[-1][1] if notes else None,
            _said(one, starts[reported[-1]]) if reported else None,
            one.id,
        ),
    )


def _mails(
    database: Database, config: Config, operator: int, known: list[_Number], days: list[date]
) -> None:
    """The mails of the last day, and those that could not be read."""
    zone = config.billing.timezone
    start = day_start_ms(days[-1], zone)
    tariffs: dict[str, int] = dict(database.rows("SELECT title, id FROM operator_tariff"))

    def mails() -> Iterator[tuple[object, ...]]:
        for one in known:
            balance = one.demo.balances[-1]
            if balance is None:
                continue
            row, said = one.demo.row, _said(one, start)
            body = _LETTER.format(
                account=row["personal_account"],
                number=row["number"],
                time=datetime.fromtimestamp(said / 1000, zone).strftime("%d.%m.%Y %H:%M"),
                balance=format_amount(balance),
                tariff=row["tariff"],
            )
            yield (_key(body), _key(body), "processed", None, said + _MINUTE_MS,
                   len(body.encode()), operator, row["number"], one.id, row["personal_account"],
                   said, balance, row["tariff"], tariffs[row["tariff"]], body)  # fmt: skip
        for place, (reason, body) in enumerate(_SKIPPED):
            at = start + (7 * 60 + 11 * place) * _MINUTE_MS
            yield (_key(reason), _key(body), "skipped", reason, at, len(body.encode()) + 900,
                   *[None] * 8, body)  # fmt: skip

    database.write_many(
        "INSERT INTO balance_mail (mail_key, content_hash, state, reason, taken_at, size,"
        " operator_id, number, number_id, personal_account, said_at, balance, tariff, tariff_id,"
        " body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        list(mails()),
    )


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
