"""Which periods a close may take, and when. The rules are pure; the facts come from the caller."""

from __future__ import annotations

from typing import NamedTuple

from engine.config import BillingConfig
from engine.database import Database
from engine.errors import InputError
from engine.period import Period, format_ms


class Periods(NamedTuple):
    """The first period of the books and the oldest that is not closed."""

    first: Period
    oldest_open: Period


def read_periods(database: Database) -> Periods | None:
    """From the database; None before the first period exists."""
    row = database.row(
        "SELECT MIN(period), MIN(CASE WHEN state <> 'closed' THEN period END) FROM billing_period"
    )
    if row is None or row[0] is None:
        return None
    return Periods(Period.parse(row[0]), Period.parse(row[1]))


def may_close(
    periods: Periods | None,
    wanted: Period | None,
    now: int,
    late: bool,
    billing: BillingConfig,
    settle_minutes: int,
) -> Period | None:
    """The period to close now, None when there is nothing left to do.

    `wanted` is the period that was asked for, if any; `late` allows another day than the 1st.
    Raises InputError for a period that is not ended, one with an older one open, one before the
    books began, and for another day than the 1st without `late`.
    """
    if periods is None:
        if wanted:
            raise InputError(f"there is no period {wanted} here yet: nothing was imported.")
        return None
    if wanted and wanted < periods.first:
        raise InputError(f"{wanted} lies before the first period of the books, {periods.first}.")
    if wanted and wanted < periods.oldest_open:
        return None
    if wanted and wanted > periods.oldest_open:
        raise InputError(
            f"{wanted} cannot be closed: the older period {periods.oldest_open} is still open."
            " Periods are closed in order, oldest first. Nothing was changed."
        )
    period = periods.oldest_open
    earliest = period.end_ms(billing.timezone) + settle_minutes * 60_000
    if now < earliest:
        if wanted is None:
            return None
        raise InputError(
            f"{period} cannot be closed before {format_ms(earliest, billing.timezone)}"
            f" (its end and {settle_minutes} min for usage to settle). Nothing was changed."
        )
    if not late and not _is_first_day(now, billing):
        raise InputError(
            f"a month close runs on the 1st; today is not, and {period} is open."
            " Use --late to close it all the same. Nothing was changed."
        )
    return period


def _is_first_day(now: int, billing: BillingConfig) -> bool:
    """Whether the local day of `now` is the 1st of a month."""
    return format_ms(now, billing.timezone)[8:10] == "01"
