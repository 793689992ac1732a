"""Exports: charges of a period, subscribers as a bundle has them, the ledger.

Each is a `Table`: its columns and its rows, which come one by one from the database, so memory
stays flat. Small tables are read first: while rows stream, the connection takes no other query.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Literal, TextIO

from engine.bundle.subscribers import BEFORE_OUR_BOOKS
from engine.database import Database, Row
from engine.errors import InputError
from engine.money import format_amount, format_price
from engine.period import Period, format_ms
from engine.periods import first_open_period, period_state
from engine.text import csv_cell

Cell = str | int | None

_CHARGES = (
    "login", "status", "amount", "plan_after", "addon_after", "block", "dir1_carried_bytes",
    "dir2_carried_bytes", "dir3_carried_bytes", "dir4_carried_bytes", "reason",
)  # fmt: skip
_SUBSCRIBERS = (
    "login", "name", "group", "plan", "next_plan", "addon", "next_addon", "services", "start_day",
    "discount_percent", "balance", "external_uid", "phone", "email", "contract_number",
    "contract_date", "address", "credit_limit", "fee_day", "active_since", "state", "alias_of",
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
    rows: Iterator[tuple[Cell, ...]]


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
    plans, addons = _codes(database, "plan"), _codes(database, "addon")
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


def subscribers(database: Database) -> Table:
    """All subscribers in the columns of a bundle, aliases included, as they are now.

    Importing them into an empty database whose first period is the oldest open one here gives the
    same subscribers, but for what a bundle cannot say: orders for later periods or for no add-on,
    discounts other than a percentage on everything, and the account of a balance.
    """
    plans, addons = _codes(database, "plan"), _codes(database, "addon")
    services = _codes(database, "service")
    first = first_open_period(database)
    found = database.stream(
        "SELECT s.login, s.name, g.code, s.plan_id, s.ordered_plan_id, s.ordered_plan_from,"
        " s.addon_id, s.ordered_addon_id, s.ordered_addon_from,"
        " (SELECT GROUP_CONCAT(v.service_id) FROM subscriber_service v"
        " WHERE v.subscriber_id = s.id), s.active_since, s.first_month_day, d.value, a.balance,"
        " s.external_uid, s.phone, s.email, s.contract_number, s.contract_date, s.address,"
        " s.credit_limit, s.fee_day, s.state, m.login FROM subscriber s"
        " LEFT JOIN account a ON a.id = s.id LEFT JOIN subscriber_group g ON g.id = s.group_id"
        " LEFT JOIN subscriber m ON m.id = s.alias_of"
        " LEFT JOIN discount d ON d.subscriber_id = s.id AND d.scope = 'all'"
        " AND d.kind = 'percent' ORDER BY s.id"
    )

    def rows() -> Iterator[tuple[Cell, ...]]:
        for (
            login, name, group, plan, next_plan, plan_from, addon, next_addon, addon_from, taken,
            active_since, first_day, discount, balance, uid, phone, email, contract_number,
            contract_date, address, credit_limit, fee_day, state, alias_of,
        ) in found:  # fmt: skip
            start_day, since = start_columns(active_since, first_day, first)
            yield (
                login,
                name,
                group,
                plans.get(plan),
                plans.get(next_plan) if _is_next(plan_from, first) else None,
                addons.get(addon),
                addons.get(next_addon) if _is_next(addon_from, first) else None,
                _service_codes(taken, services),
                start_day,
                format_percent(discount or 0),
                format_amount(balance),
                uid,
                phone,
                email,
                contract_number,
                contract_date,
                address,
                format_amount(credit_limit),
                fee_day,
                since,
                state,
                alias_of,
            )

    return Table(_SUBSCRIBERS, rows())


def start_columns(
    active_since: str | None, first_day: int | None, first: Period | None
) -> tuple[int, str | None]:
    """`start_day` and `active_since` as a bundle has them, for a first period."""
    if active_since is None:
        return -1, None
    if active_since == BEFORE_OUR_BOOKS:
        return 0, None
    if first is not None and active_since[:7] == str(first):
        return first_day or int(active_since[8:]), active_since
    return 0, active_since


def format_percent(value: int) -> str:
    """Millionths of a percent in the shortest form: 10000000 is `10`."""
    return format_price(value).rstrip("0").rstrip(".")


def _is_next(ordered_from: str | None, first: Period | None) -> bool:
    """Whether an order takes effect by the next close."""
    return ordered_from is not None and first is not None and ordered_from <= str(first.next())


def _service_codes(taken: Any, codes: dict[int, str]) -> str | None:
    if taken is None:
        return None
    return ";".join(codes[number] for number in sorted(map(int, str(taken).split(","))))


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


def _codes(database: Database, table: str) -> dict[int, str]:
    return {int(number): code for number, code in database.rows(f"SELECT id, code FROM {table}")}


def write(table: Table, form: Literal["csv", "json"], out: TextIO) -> int:
    """Writes a table; returns the number of rows. CSV with a header row, in which no cell of text
    can be taken for a formula by a spreadsheet; JSON is one object per line, null for empty."""
    count = 0
    if form == "json":
        for row in table.rows:
            count += 1
            out.write(json.dumps(dict(zip(table.columns, row, strict=True))) + "\n")
        return count
    text = [column not in _NOT_TEXT for column in table.columns]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    for row in table.rows:
        count += 1
        writer.writerow(
            csv_cell(cell) if protect and isinstance(cell, str) else cell
            for protect, cell in zip(text, row, strict=True)
        )
    return count
