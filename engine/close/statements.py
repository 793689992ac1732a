"""The SQL of a chunk. Each statement touches the subscribers of one range and nothing else.

Joins are made in the order written and what is written to is bound to the range, so that no engine
can choose to scan a whole table for a chunk; a test reads the plans of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.dialect import Dialect

DIRECTIONS = (1, 2, 3, 4)
BYTES = tuple(f"{way}{n}" for n in DIRECTIONS for way in ("in", "out"))

# The start day of a subscriber `s` in a period (see `Facts` of engine.close.conditions).
# Parameters: the period's last day and first day.
START_DAY = (
    "CASE WHEN s.active_since IS NULL OR s.active_since > ? THEN '-1'"
    " WHEN s.active_since < ? THEN '0'"
    " ELSE COALESCE(s.first_month_day, SUBSTR(s.active_since, 9)) END"
)

# The columns that are filled from Python, in order, with their types. `outcome` is NULL for who is
# charged, else exempt, not_started or the reason of a failure.
WORK_COLUMNS = {
    "subscriber_id": "BIGINT",
    "amount": "BIGINT",
    "block": "SMALLINT",
    "switches": "SMALLINT",
    "terms_id": "BIGINT",
    "outcome": "VARCHAR(40)",
}
CARRIED_COLUMNS = {
    "period": "CHAR(7)",
    "subscriber_id": "BIGINT",
    **{f"bytes{n}": "BIGINT" for n in DIRECTIONS},
}


class Statements(NamedTuple):
    """One engine's statements; the parameters of each are named in `make`."""

    create_work: str
    clear_work: str
    read: str
    services: str
    discounts: str
    credits: str
    forget_failed: str
    balances: str
    postings: str
    records: str
    switch: str
    any_alias: str
    switch_aliases: str


def make(dialect: Dialect) -> Statements:
    """The statements for an engine."""
    lock = dialect.lock_rows
    return Statements(
        create_work="CREATE TEMPORARY TABLE IF NOT EXISTS close_work ("
        f"subscriber_id {dialect.work_key} PRIMARY KEY, amount BIGINT NOT NULL,"
        " block SMALLINT NOT NULL, switches SMALLINT NOT NULL, terms_id BIGINT,"
        f" outcome VARCHAR(40)) {dialect.work_options}",
        clear_work="DELETE FROM close_work",
        read=_read(dialect),
        # range
        services="SELECT subscriber_id, service_id FROM subscriber_service"
        f" WHERE {_in_range('subscriber_id')} ORDER BY subscriber_id, service_id {lock}",
        # range
        discounts="SELECT subscriber_id, scope, kind, value FROM discount"
        f" WHERE {_in_range('subscriber_id')} ORDER BY subscriber_id, scope, kind {lock}",
        # period, range
        credits="SELECT subscriber_id, bytes1, bytes2, bytes3, bytes4 FROM carried_usage"
        f" WHERE period = ? AND {_in_range('subscriber_id')} {lock}",
        # period, range
        forget_failed="DELETE FROM close_record WHERE period = ?"
        f" AND {_in_range('subscriber_id')} AND status = 'failed'",
        # range, range
        balances=dialect.update_from(
            "account",
            "close_work w",
            "account.id = w.subscriber_id",
            ["balance = account.balance - w.amount"],
            f"{_in_range('w.subscriber_id')} AND {_in_range('account.id')}",
        ),
        # entry, start of the range: a line's number is the place in the range
        postings="INSERT INTO posting (entry_id, line, account_id, amount)"
        " SELECT ?, subscriber_id - ?, subscriber_id, -amount FROM close_work"
        " WHERE outcome IS NULL ORDER BY subscriber_id",
        records=_records(dialect),
        # period, range
        switch=_switch(dialect, "subscriber.id", [*_NEW_PLANS, *_ORDERS_DONE]),
        # range
        any_alias=f"SELECT 1 FROM subscriber WHERE {_in_range('alias_of')} LIMIT 1",
        # period, range
        switch_aliases=_switch(dialect, "subscriber.alias_of", _NEW_PLANS),
    )


def _in_range(column: str) -> str:
    return f"{column} > ? AND {column} <= ?"


def _read(dialect: Dialect) -> str:
    """Who in the range is not closed yet: id, facts (see `Facts.unpack`), bytes
    (NULL: not authorised).

    Parameters: last day and first day of the period, period, period, range.
    """
    facts = dialect.packed(
        (
            "s.group_id",
            "s.state",
            "s.plan_id",
            "s.ordered_plan_id",
            "s.ordered_plan_from",
            "s.addon_id",
            "s.ordered_addon_id",
            "s.ordered_addon_from",
            START_DAY,
        )
    )
    numbers = dialect.numbers([f"u.{column}" for column in BYTES])
    primary = dialect.by_primary
    return (
        f"SELECT s.id, {facts}, {numbers} FROM subscriber s {primary}"
        f" LEFT JOIN close_record c {primary} ON c.period = ? AND c.subscriber_id = s.id"
        f" LEFT JOIN period_usage u {primary} ON u.period = ? AND u.subscriber_id = s.id"
        f" WHERE {_in_range('s.id')} AND s.alias_of IS NULL"
        " AND (c.status IS NULL OR c.status = 'failed')"
        f" ORDER BY s.id {dialect.lock_rows}"
    )


def _records(dialect: Dialect) -> str:
    """The close records of all in the work table. Parameters: entry, start of the range, period.

    The period comes from a row and there is no range: with a constant or a range on a table that is
    looked up for each row, SQLite (once ANALYZE has run) builds a filter over all usage of the
    period, anew for every chunk, and the close turns quadratic.
    """
    join, primary = dialect.ordered_join, dialect.by_primary
    billed = ", ".join(f"COALESCE(u.{column}, 0)" for column in BYTES)
    return (
        "INSERT INTO close_record (period, subscriber_id, status, amount, block, authorised,"
        " group_id, plan_id, addon_id, plan_after, addon_after, terms_id, entry_id, entry_line,"
        f" {', '.join(BYTES)}, reason)"
        " SELECT b.period, s.id, CASE WHEN w.outcome IS NULL THEN 'charged'"
        " WHEN w.outcome IN ('exempt', 'not_started') THEN w.outcome ELSE 'failed' END,"
        " w.amount, w.block,"
        " CASE WHEN u.subscriber_id IS NULL THEN 0 ELSE 1 END, s.group_id, s.plan_id, s.addon_id,"
        " CASE WHEN w.switches & 1 THEN s.ordered_plan_id ELSE s.plan_id END,"
        " CASE WHEN w.switches & 2 THEN s.ordered_addon_id ELSE s.addon_id END,"
        " w.terms_id, CASE WHEN w.outcome IS NULL THEN ? END,"
        f" CASE WHEN w.outcome IS NULL THEN w.subscriber_id - ? END, {billed},"
        " CASE WHEN w.outcome NOT IN ('exempt', 'not_started') THEN w.outcome END"
        f" FROM billing_period b {join} close_work w {join} subscriber s {primary}"
        f" ON s.id = w.subscriber_id LEFT JOIN period_usage u {primary}"
        " ON u.period = b.period AND u.subscriber_id = w.subscriber_id"
        " WHERE b.period = ?"
    )


_NEW_PLANS = ("plan_id = c.plan_after", "addon_id = c.addon_after")
# The bits of `switches` are those of engine.close.conditions.
_ORDERS_DONE = tuple(
    f"{column} = CASE WHEN w.switches & {bit} THEN NULL ELSE subscriber.{column} END"
    for bit, column in (
        (1, "ordered_plan_id"),
        (1, "ordered_plan_from"),
        (2, "ordered_addon_id"),
        (2, "ordered_addon_from"),
    )
)


def _switch(dialect: Dialect, column: str, values: Sequence[str]) -> str:
    """Gives the subscribers whose `column` is a switching one their new plans. Parameters: period,
    range."""
    return dialect.update_from(
        "subscriber",
        f"close_work w {dialect.ordered_join} close_record c {dialect.by_primary}"
        " ON c.period = ? AND c.subscriber_id = w.subscriber_id",
        f"{column} = w.subscriber_id",
        values,
        f"w.switches > 0 AND {_in_range(column)}",
    )
