"""What the database knows of the numbers, accounts, tariffs and reports that a chunk of mails
speaks of: read in a handful of queries, changed in memory, written in as many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.balances.profile import Facts
from engine.database import Database, Row


@dataclass
class NumberRow:
    """A number as the database has it, or as the mails of the chunk leave it."""

    id: int
    operator: int
    account: int | None
    account_code: str | None
    tariff: int | None
    tariff_title: str | None
    reported_at: int | None
    status: str | None
    changed: bool = False


@dataclass
class BalanceRow:
    """A number's balance of a day. `is_new` when the database has none yet."""

    number: int
    day: str
    report: int
    balance: int
    at: int
    is_new: bool
    changed: bool = True

    @property
    def key(self) -> tuple[int, str]:
        return self.number, self.day

    @property
    def said(self) -> tuple[int, int, int]:
        return self.report, self.balance, self.at


@dataclass(frozen=True)
class Note:
    """A line of a number's history."""

    number: int
    what: str
    before: str | None
    after: str | None
    mail_key: str


class Books:
    """The rows in question, by what mails call them. `now` in epoch milliseconds; all within the
    caller's transaction."""

    def __init__(self, database: Database, facts: list[Facts], aliases: dict[str, str]) -> None:
        self._database = database
        self._aliases = aliases
        self.names: dict[int, str] = dict(database.rows("SELECT id, name FROM operator"))
        self.operators = self._find_operators({one.operator for one in facts})
        self.numbers = self._read_numbers({one.number for one in facts})
        known = [one for one in facts if one.number in self.numbers]
        self.accounts = self._read_accounts(known)
        self.tariffs = self._read_tariffs(known)
        self.reports: dict[tuple[int, str], int] = {}
        self.balances = self._read_balances(known)
        self.notes: list[Note] = []

    def operator(self, name: str) -> int:
        """The number of the operator of a profile, whose name may be written in other letters."""
        return self.operators[self._canonical(name)]

    def _canonical(self, name: str) -> str:
        folded = name.casefold()
        return self._aliases.get(folded, folded)

    def _find_operators(self, wanted: Iterable[str]) -> dict[str, int]:
        """The operators by canonical name, the one made first where several are called so."""
        found = {self._canonical(self.names[one]): one for one in sorted(self.names, reverse=True)}
        for name in sorted(wanted):
            if self._canonical(name) not in found:
                number = self._database.insert("INSERT INTO operator (name) VALUES (?)", (name,))
                found[self._canonical(name)] = number
                self.names[number] = name
        return found

    def _read_numbers(self, wanted: set[str]) -> dict[str, NumberRow]:
        if not wanted:
            return {}
        rows = self._database.rows(
            "SELECT n.number, n.id, n.operator_id, n.personal_account_id, a.code, n.tariff_id,"
            " t.title, n.reported_at, n.status FROM number n"
            " LEFT JOIN personal_account a ON a.id = n.personal_account_id"
            " LEFT JOIN operator_tariff t ON t.id = n.tariff_id"
            f" WHERE n.number IN ({_marks(wanted)}) {self._database.dialect.lock_rows}",
            sorted(wanted),
        )
        return {number: NumberRow(*rest) for number, *rest in rows}

    def _read_accounts(self, facts: list[Facts]) -> dict[tuple[int, str], int]:
        """The personal accounts that the mails name; those that are new are made."""
        wanted = {(self.operator(one.operator), one.personal_account) for one in facts}
        if not wanted:
            return {}
        found = self._accounts_called(wanted)
        fresh = sorted(wanted - found.keys())
        if fresh:
            self._database.write_many(
                "INSERT INTO personal_account (operator_id, code) VALUES (?, ?)", fresh
            )
            found = self._accounts_called(wanted)
        return found

    def _accounts_called(self, wanted: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
        codes = {code for _, code in wanted}
        rows = self._database.rows(
            "SELECT operator_id, code, id FROM personal_account"
            f" WHERE operator_id IN ({_marks(self.names)}) AND code IN ({_marks(codes)})",
            (*self.names, *sorted(codes)),
        )
        return {(operator, code): number for operator, code, number in rows}

    def _read_tariffs(self, facts: list[Facts]) -> dict[tuple[int, str], int]:
        titles = {one.tariff for one in facts}
        if not titles:
            return {}
        rows = self._database.rows(
            f"SELECT operator_id, title, id FROM operator_tariff WHERE title IN ({_marks(titles)})",
            sorted(titles),
        )
        return {(operator, title): number for operator, title, number in rows}

    def add_tariffs(self, facts: Iterable[Facts]) -> None:
        """Makes the tariffs that the mails about known numbers name and nobody knows yet."""
        known = [one for one in facts if one.number in self.numbers]
        wanted = {(self.operator(one.operator), one.tariff) for one in known}
        fresh = sorted(wanted - self.tariffs.keys())
        if fresh:
            self._database.write_many(
                "INSERT INTO operator_tariff (operator_id, title) VALUES (?, ?)", fresh
            )
            self.tariffs = self._read_tariffs(known)

    def open_reports(self, facts: Iterable[Facts], now: int) -> None:
        """The reports that the mails about known numbers belong to; the first mail of a day makes
        its report."""
        wanted = {
            (self.operator(one.operator), one.day) for one in facts if one.number in self.numbers
        }
        if not wanted:
            return
        self.reports = self._reports_of(wanted)
        fresh = sorted(wanted - self.reports.keys())
        if fresh:
            self._database.write_many(
                "INSERT INTO balance_report (operator_id, day, created_at) VALUES (?, ?, ?)",
                [(*one, now) for one in fresh],
            )
            self.reports = self._reports_of(wanted)

    def _reports_of(self, wanted: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
        days = {day for _, day in wanted}
        rows = self._database.rows(
            "SELECT operator_id, day, id FROM balance_report"
            f" WHERE operator_id IN ({_marks(self.names)}) AND day IN ({_marks(days)})",
            (*self.names, *sorted(days)),
        )
        return {(operator, day): number for operator, day, number in rows}

    def _read_balances(self, facts: list[Facts]) -> dict[tuple[int, str], BalanceRow]:
        wanted = {self.numbers[one.number].id for one in facts}
        days = {one.day for one in facts}
        if not wanted:
            return {}
        rows: list[Row] = self._database.rows(
            "SELECT number_id, day, report_id, balance, at FROM number_balance"
            f" WHERE number_id IN ({_marks(wanted)}) AND day IN ({_marks(days)})",
            (*sorted(wanted), *sorted(days)),
        )
        return {
            (number, day): BalanceRow(number, day, report, balance, at, is_new=False, changed=False)
            for number, day, report, balance, at in rows
        }

    def write(self, now: int) -> None:
        """Writes balances, numbers and histories: only what is different."""
        database = self._database
        rows = [row for row in self.balances.values() if row.changed]
        fresh = sorted((*row.key, *row.said) for row in rows if row.is_new)
        if fresh:
            database.fill("number_balance", _KEY | _SAID, fresh)
        later = sorted((*row.key, *row.said) for row in rows if not row.is_new)
        if later:
            database.amend("number_balance", _KEY, _SAID, later)
        numbers = sorted(
            (row.id, row.operator, row.account, row.tariff, row.reported_at)
            for row in self.numbers.values()
            if row.changed
        )
        if numbers:
            database.amend("number", {"id": "BIGINT"}, _NUMBER, numbers)
        if self.notes:
            database.write_many(
                "INSERT INTO number_history (number_id, at, what, value_before, value_after,"
                " mail_key) VALUES (?, ?, ?, ?, ?, ?)",
                [(n.number, now, n.what, n.before, n.after, n.mail_key) for n in self.notes],
            )


_KEY = {"number_id": "BIGINT", "day": "CHAR(10)"}
_SAID = {"report_id": "BIGINT", "balance": "BIGINT", "at": "BIGINT"}
_NUMBER = {
    "operator_id": "BIGINT", "personal_account_id": "BIGINT", "tariff_id": "BIGINT",
    "reported_at": "BIGINT",
}  # fmt: skip


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)
