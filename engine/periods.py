"""The rows of billing_period: which period is to be closed first, and making new ones."""

from __future__ import annotations

from engine.database import Database
from engine.period import Period


def first_open_period(database: Database) -> Period | None:
    """The oldest period that is not closed; None before the books have any.

    Where all are closed it is the one after the last.
    """
    oldest = database.value(
        f"SELECT MIN(period) FROM billing_period WHERE state <> 'closed'"
        f" {database.dialect.lock_rows}"
    )
    if oldest is not None:
        return Period.parse(oldest)
    last = database.value("SELECT MAX(period) FROM billing_period")
    return Period.parse(last).next() if last is not None else None


def first_period(database: Database) -> Period | None:
    """The period in which the books begin, None before that."""
    first = database.value("SELECT MIN(period) FROM billing_period")
    return Period.parse(first) if first is not None else None


def period_state(database: Database, period: Period) -> str | None:
    """`open`, `closing` or `closed`; None for a period without a row. Within a transaction the
    state stays so until its end."""
    state: str | None = database.value(
        f"SELECT state FROM billing_period WHERE period = ? {database.dialect.lock_rows}",
        (str(period),),
    )
    return state


def note_usage(database: Database, period: Period) -> None:
    """Raises the usage version of a period that is about to be given usage, and makes its row.

    To be the first writes of a transaction, in the order of periods: whoever sweeps a closed
    period for late usage then waits for the usage or sees all of it.
    """
    if not _raise_version(database, period):
        ensure_period(database, period)
        _raise_version(database, period)


def _raise_version(database: Database, period: Period) -> bool:
    raised = database.execute(
        "UPDATE billing_period SET usage_version = usage_version + 1 WHERE period = ?",
        (str(period),),
    )
    return bool(raised.rowcount)


def ensure_period(database: Database, period: Period) -> None:
    """Makes the row of a period, open, and those between the last one there and it: periods have
    no holes. In the caller's transaction; a period before the first is the caller's mistake."""
    if period_state(database, period) is not None:
        return
    last = database.value("SELECT MAX(period) FROM billing_period")
    missing = Period.parse(last).next() if last is not None else period
    if missing > period:
        raise ValueError(f"the books begin after {period}")
    while missing <= period:
        database.execute(
            "INSERT INTO billing_period (period, state) VALUES (?, 'open')", (str(missing),)
        )
        missing = missing.next()
