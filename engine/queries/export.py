"""Exports: charges of a period, the ledger; subscribers and other lists are in `listing`.

Each is a `Table`: its columns and its rows, which come one by one from the database, so memory
stays flat. Small tables are read first: while rows stream, the connection takes no other query.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal, TextIO

from engine.database import Database, Row
from engine.errors import InputError
from engine.money import format_amount
from engine.period import Period, format_ms
from engine.periods import period_state
from engine.text import csv_cell

Cell = str | int | None

_CHARGES = (
    "login", "status", "amount", "plan_after", "addon_after", "block", "dir1_carried_bytes",
    "dir2_carried_bytes", "dir3_carried_bytes", "dir4_carried_bytes", "reason",
)  # fmt: skip
_LEDGER = (
    "entry", "line", "at", "kind", "key", "account_number", "account", "amount", "comment",
    "actor", "reverses",
)  # fmt: skip
# Numbers, amounts and dates: a minus at their beginning is no formula.
_NOT_TEXT = {"amount", "balance", "start_day", "credit_limit", "discount_percent"}


@dataclass(frozen=True)
class Table:
    """Columns and rows. An amount is text with two decimals, an empty cell None."""

    columns: tuple[str, ...]
    rows: Iterable[tuple[Cell, ...]]


def charges(database: Database, period: Period) -> Table:
    """What the close did in a period, in the order of subscriber numbers; aliases have no row.

    `dirN_carried_bytes` are what a charged subscriber takes into the next period. Raises
    InputError for a period that the books do not have.
    """
    if period_state(database, period) is None:
        raise InputError(
            f"there is no period {period} in the books, so nothing was exported."
            " Give one that was imported or closed."
        )
    plans, addons = codes(database, "plan"), codes(database, "addon")
    join = database.dialect.ordered_join
    found = database.stream(
        "SELECT s.login, r.status, r.amount, r.plan_after, r.addon_after, r.block, c.bytes1,"
        f" c.bytes2, c.bytes3, c.bytes4, r.reason FROM close_record r {join} subscriber s"
        " ON s.id = r.subscriber_id LEFT JOIN carried_usage c ON c.period = ?"
        " AND c.subscriber_id = r.subscriber_id WHERE r.period = ? ORDER BY r.subscriber_id",
        (str(period.next()), str(period)),
    )
    return Table(_CHARGES, (_charge(row, plans, addons) for row in found))


def _charge(row: Row, plans: dict[int, str], addons: dict[int, str]) -> tuple[Cell, ...]:
    login, status, amount, plan, addon, block, *carried, reason = row
    carried = [count or 0 for count in carried] if status == "charged" else [None] * 4
    return (
        login,
        status,
        format_amount(amount),
        plans.get(plan),
        addons.get(addon),
        "yes" if block else "no",
        *carried,
        reason,
    )


def ledger(database: Database, tz: tzinfo, period: Period | None = None) -> Table:
    """Every posting in the order of entries; with `period`, those of entries dated in it.

    `account` is a subscriber's login or the code of an account of ours; `account_number` tells
    the two apart (below 1000 ours). `reverses` is `ENTRY:LINE` of what a reversal takes back.
    Raises InputError for a period that the books do not have, unless there are entries dated in it.
    """
    where, parameters = "", []
    if period is not None:
        where = "WHERE e.effective_at >= ? AND e.effective_at < ?"
        parameters = [period.start_ms(tz), period.end_ms(tz)]
        # Months after the oldest open one have entries before they have a period of their own.
        if period_state(database, period) is None and not database.rows(
            f"SELECT 1 FROM journal_entry e {where} LIMIT 1", parameters
        ):
            raise InputError(f"there is no period {period} in the books, and no entry dated in it.")
    join = database.dialect.ordered_join
    found = database.stream(
        "SELECT e.id, p.line, e.effective_at, e.kind, e.entry_key, p.account_id,"
        " COALESCE(s.login, a.code), p.amount, e.comment, e.actor, r.reversed_entry,"
        f" r.reversed_line FROM journal_entry e {join} posting p ON p.entry_id = e.id"
        f" {join} account a ON a.id = p.account_id LEFT JOIN subscriber s ON s.id = p.account_id"
        f" LEFT JOIN reversal r ON r.entry_id = e.id {where} ORDER BY e.id, p.line",
        parameters,
    )

    def rows() -> Iterator[tuple[Cell, ...]]:
        for entry, line, at, kind, key, number, account, amount, comment, actor, *reverses in found:
            yield (
                entry,
                line,
                format_ms(at, tz),
                kind,
                key,
                number,
                account,
                format_amount(amount),
                comment,
                actor,
                f"{reverses[0]}:{reverses[1]}" if reverses[0] is not None else None,
            )

    return Table(_LEDGER, rows())


def codes(database: Database, table: str) -> dict[int, str]:
    """The codes of a small table by number."""
    return {int(number): code for number, code in database.rows(f"SELECT id, code FROM {table}")}


class Counted:
    """Rows, counted as they go by: `count` is right at any time."""

    def __init__(self, rows: Iterable[tuple[Cell, ...]]) -> None:
        self.count = 0
        self._rows = rows

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        for row in self._rows:
            self.count += 1
            yield row


def write(table: Table, form: Literal["csv", "json"], out: TextIO) -> None:
    """Writes a table: CSV with a header row, in which no cell of text can be taken for a formula by
    a spreadsheet; or JSON, one object a line, null for empty."""
    if form == "json":
        for row in table.rows:
            out.write(json.dumps(dict(zip(table.columns, row, strict=True))) + "\n")
        return
    text = [column not in _NOT_TEXT for column in table.columns]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    for row in table.rows:
        writer.writerow(
            csv_cell(cell) if protect and isinstance(cell, str) else cell
            for protect, cell in zip(text, row, strict=True)
        )
