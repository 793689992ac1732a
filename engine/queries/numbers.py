"""Numbers and their balances: one number for who asks about it, and whether mails go wrong."""

from __future__ import annotations

from dataclasses import dataclass

from engine.config import BalanceImportConfig
from engine.database import Database
from engine.errors import InputError
from engine.text import safe

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Report:
    """A report of the number's operator; `balance` in minor units, None where it lacks the number;
    `at` is the time of the mail."""

    day: str
    balance: int | None
    at: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the number's history."""

    at: int
    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class NumberCard:
    """A number; `reports` and `changes` are the newest first, `mail` is the text of its last mail,
    times are epoch milliseconds."""

    number: str
    operator: str
    personal_account: str | None
    tariff: str | None
    login: str | None
    status: str | None
    status_since: int | None
    reports: list[Report]
    changes: list[Change]
    mail: str | None


def number_card(database: Database, number: str, days: int) -> NumberCard:
    """The number with the operator's last `days` reports. InputError for an unknown number."""
    row = database.row(
        "SELECT n.id, n.operator_id, n.number, o.name, a.code, t.title, s.login, n.status,"
        " n.status_since FROM number n JOIN operator o ON o.id = n.operator_id"
        " LEFT JOIN personal_account a ON a.id = n.personal_account_id"
        " LEFT JOIN operator_tariff t ON t.id = n.tariff_id"
        " LEFT JOIN subscriber s ON s.id = n.subscriber_id WHERE n.number = ?",
        (number,),
    )
    if row is None:
        raise InputError(
            f"there is no number {safe(number, 40)}: give it as the operator's mails write it,"
            " such as 9261234567. Numbers come by `billdeck import DIR` (numbers.csv)."
        )
    key, operator, called, name, account, tariff, login, status, since = row
    reports = database.rows(
        "SELECT r.day, b.balance, b.at FROM balance_report r LEFT JOIN number_balance b"
        " ON b.number_id = ? AND b.day = r.day AND b.report_id = r.id"
        " WHERE r.operator_id = ? ORDER BY r.day DESC LIMIT ?",
        (key, operator, days),
    )
    changes = database.rows(
        "SELECT at, what, value_before, value_after FROM number_history WHERE number_id = ?"
        " ORDER BY at DESC, id DESC LIMIT 50",
        (key,),
    )
    mail = database.value(
        "SELECT body FROM balance_mail WHERE number_id = ? ORDER BY said_at DESC LIMIT 1", (key,)
    )
    return NumberCard(
        called,
        name,
        account,
        tariff,
        login,
        status,
        since,
        reports=[Report(*one) for one in reports],
        changes=[Change(*one) for one in changes],
        mail=mail,
    )


@dataclass(frozen=True, slots=True)
class MailCounts:
    """Mails of the last 24 hours; `unknown` numbers and tariffs are among the processed."""

    processed: int
    skipped: int
    unknown_numbers: int
    unknown_tariffs: int


def mail_counts(database: Database, now_ms: int) -> MailCounts:
    """What became of the mails that were taken in the last 24 hours."""
    rows = database.rows(
        "SELECT state, COUNT(*), SUM(CASE WHEN number_id IS NULL THEN 1 ELSE 0 END),"
        " SUM(CASE WHEN number_id IS NOT NULL AND tariff_id IS NULL THEN 1 ELSE 0 END)"
        " FROM balance_mail WHERE taken_at > ? GROUP BY state",
        (now_ms - _DAY_MS,),
    )
    found = {state: tuple(map(int, counts)) for state, *counts in rows}
    processed = found.get("processed", (0, 0, 0))
    return MailCounts(processed[0], found.get("skipped", (0,))[0], processed[1], processed[2])


def too_many_skipped(database: Database, now_ms: int, settings: BalanceImportConfig) -> str | None:
    """A sentence when so many mails are skipped that an operator may have changed their form; None
    when all is well."""
    counts = mail_counts(database, now_ms)
    total = counts.processed + counts.skipped
    if counts.skipped < settings.alert_skipped:
        return None
    if counts.skipped * 100 <= settings.alert_percent * total:
        return None
    reason, often = database.row(
        "SELECT reason, COUNT(*) FROM balance_mail WHERE state = 'skipped' AND taken_at > ?"
        " GROUP BY reason ORDER BY COUNT(*) DESC, reason LIMIT 1",
        (now_ms - _DAY_MS,),
    ) or ("", 0)
    return (
        f"{counts.skipped} of {total} balance mails of the last 24 hours were skipped, {often} of"
        f" them because: {reason}. If the operator writes in another form now, mend its profile"
        " ([operator NAME] in the configuration) and run"
        " `billdeck run balance-import --retry-skipped`."
    )
