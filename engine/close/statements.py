"""The SQL of a chunk. Each statement touches the subscribers of one range and nothing else.

The range stands at both ends of every join, and joins are made in the order written, so that no
plan of any engine can scan a whole table for a chunk; a test reads the plans. In the one statement
that joins the work table with a whole-period key, the period comes from a row and not from a
parameter: with a constant, SQLite (once ANALYZE has run) builds a filter over all usage of the
period for every chunk, and the close turns quadratic.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.dialect import Dialect

DIRECTIONS = (1, 2, 3, 4)
BYTES = tuple(f"{way}{n}" for n in DIRECTIONS for way in ("in", "out"))


def bytes_of(table: str, default: str = "") -> str:
    """The eight columns of bytes of a table; with `default` in place of NULL."""
    columns = (f"{table}.{column}" for column in BYTES)
    return ", ".join(f"COALESCE({column}, {default})" if default else column for column in columns)


class Statements(NamedTuple):
    """One engine's statements; the parameters of each are named in `make`."""

    create_work: str
    clear_work: str
    fill_work: str
    read: str
    services: str
    discounts: str
    credits: str
    forget_failed: str
    balances: str
    postings: str
    records: str
    carry: str
    switch: str
    switch_aliases: str


def make(dialect: Dialect) -> Statements:
    """The statements for an engine."""
    join = dialect.ordered_join
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
            # last day and first day of the period
            "CASE WHEN s.active_since IS NULL OR s.active_since > ? THEN '-1'"
            " WHEN s.active_since < ? THEN '0'"
            " ELSE COALESCE(s.first_month_day, SUBSTR(s.active_since, 9)) END",
        )
    )
    work = (
        f"close_work w {join} close_record c ON c.period = ? AND c.subscriber_id = w.subscriber_id"
    )
    switched = [
        "plan_id = c.plan_after",
        "addon_id = c.addon_after",
        f"ordered_plan_id = {_unless(1, 'ordered_plan_id')}",
        f"ordered_plan_from = {_unless(1, 'ordered_plan_from')}",
        f"ordered_addon_id = {_unless(2, 'ordered_addon_id')}",
        f"ordered_addon_from = {_unless(2, 'ordered_addon_from')}",
    ]
    in_range = "{0} > ? AND {0} <= ?"
    return Statements(
        # `outcome`: NULL for who is charged, else exempt, not_started or the reason of a failure
        create_work="CREATE TEMPORARY TABLE IF NOT EXISTS close_work ("
        f"subscriber_id {dialect.work_key} PRIMARY KEY, amount BIGINT NOT NULL,"
        " block SMALLINT NOT NULL, switches SMALLINT NOT NULL, terms_id BIGINT,"
        f" outcome VARCHAR(40)) {dialect.work_options}",
        clear_work="DELETE FROM close_work",
        fill_work="INSERT INTO close_work (subscriber_id, amount, block, switches, terms_id,"
        " outcome) VALUES (?, ?, ?, ?, ?, ?)",
        # last day, first day, period, period, range: id, facts, authorised, bytes
        read=f"SELECT s.id, {facts}, u.subscriber_id, {bytes_of('u')} FROM subscriber s"
        " LEFT JOIN close_record c ON c.period = ? AND c.subscriber_id = s.id"
        " LEFT JOIN period_usage u ON u.period = ? AND u.subscriber_id = s.id"
        f" WHERE {in_range.format('s.id')} AND s.alias_of IS NULL"
        " AND (c.status IS NULL OR c.status = 'failed')"
        f" ORDER BY s.id {dialect.lock_rows}",
        # range: all three
        services="SELECT subscriber_id, service_id FROM subscriber_service"
        f" WHERE {in_range.format('subscriber_id')} ORDER BY subscriber_id, service_id"
        f" {dialect.lock_rows}",
        discounts="SELECT subscriber_id, scope, kind, value FROM discount"
        f" WHERE {in_range.format('subscriber_id')} ORDER BY subscriber_id, scope, kind"
        f" {dialect.lock_rows}",
        # period, range
        credits="SELECT subscriber_id, bytes1, bytes2, bytes3, bytes4 FROM carried_usage"
        f" WHERE period = ? AND {in_range.format('subscriber_id')} {dialect.lock_rows}",
        # period, range
        forget_failed="DELETE FROM close_record WHERE period = ?"
        f" AND {in_range.format('subscriber_id')} AND status = 'failed'",
        # range, range
        balances=dialect.update_from(
            "account",
            "close_work w",
            "account.id = w.subscriber_id",
            ["balance = account.balance - w.amount"],
            f"{in_range.format('w.subscriber_id')} AND {in_range.format('account.id')}",
        ),
        # entry, start of the range: a line's number is the place in the range
        postings="INSERT INTO posting (entry_id, line, account_id, amount)"
        " SELECT ?, subscriber_id - ?, subscriber_id, -amount FROM close_work"
        " WHERE outcome IS NULL ORDER BY subscriber_id",
        # entry, start of the range, range, range, period
        records="INSERT INTO close_record (period, subscriber_id, status, amount, block,"
        " authorised, group_id, plan_id, addon_id, plan_after, addon_after, terms_id, entry_id,"
        f" entry_line, {', '.join(BYTES)}, reason)"
        " SELECT b.period, s.id, CASE WHEN w.outcome IS NULL THEN 'charged'"
        " WHEN w.outcome IN ('exempt', 'not_started') THEN w.outcome ELSE 'failed' END,"
        " w.amount, w.block,"
        " CASE WHEN u.subscriber_id IS NULL THEN 0 ELSE 1 END, s.group_id, s.plan_id, s.addon_id,"
        " CASE WHEN w.switches & 1 THEN s.ordered_plan_id ELSE s.plan_id END,"
        " CASE WHEN w.switches & 2 THEN s.ordered_addon_id ELSE s.addon_id END,"
        " w.terms_id, CASE WHEN w.outcome IS NULL THEN ? END,"
        f" CASE WHEN w.outcome IS NULL THEN w.subscriber_id - ? END, {bytes_of('u', '0')},"
        " CASE WHEN w.outcome NOT IN ('exempt', 'not_started') THEN w.outcome END"
        f" FROM billing_period b {join} close_work w {join} subscriber s"
        f" ON s.id = w.subscriber_id AND {in_range.format('s.id')}"
        " LEFT JOIN period_usage u ON u.period = b.period AND u.subscriber_id = w.subscriber_id"
        f" AND {in_range.format('u.subscriber_id')}"
        " WHERE b.period = ?",
        # next period, subscriber, bytes
        carry="INSERT INTO carried_usage (period, subscriber_id, bytes1, bytes2, bytes3, bytes4)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        # period, range
        switch=_switch(dialect, work, switched, "subscriber.id"),
        switch_aliases=_switch(dialect, work, switched[:2], "subscriber.alias_of"),
    )


def _unless(bit: int, column: str) -> str:
    return f"CASE WHEN w.switches & {bit} THEN NULL ELSE subscriber.{column} END"


def _switch(dialect: Dialect, work: str, values: list[str], column: str) -> str:
    """Gives the subscribers whose `column` is a switching one their new plans."""
    return dialect.update_from(
        "subscriber",
        work,
        f"{column} = w.subscriber_id",
        values,
        f"w.switches > 0 AND {column} > ? AND {column} <= ?",
    )
