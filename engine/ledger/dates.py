"""Which dates a movement of money may carry."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from engine.database import Database
from engine.errors import InputError
from engine.period import Period, format_ms
from engine.periods import ensure_period, first_period, period_state


def billing_day(ms: int, tz: tzinfo) -> date:
    """The day that the clock in the billing zone shows."""
    return datetime.fromtimestamp(ms // 1000, tz).date()


def require_open_date(database: Database, when_ms: int, now_ms: int, tz: tzinfo) -> None:
    """InputError unless money may be dated `when_ms`: not in the future, not before the first
    period, not in a closed one. In books without any period the current one becomes the first.

    Call it in the transaction that writes: on MariaDB it keeps the period from being closed until
    that ends.
    """
    if when_ms > now_ms:
        raise InputError(
            f"the date {format_ms(when_ms, tz)} lies in the future; it is {format_ms(now_ms, tz)}"
            " now. Nothing was changed."
        )
    period = Period.of_ms(when_ms, tz)
    first = first_period(database)
    if first is None:
        first = Period.of_ms(now_ms, tz)
        ensure_period(database, first)
    if period < first:
        raise InputError(
            f"the date {format_ms(when_ms, tz)} lies before the books, which begin with the period"
            f" {first}. Nothing was changed. Give a later date."
        )
    if period_state(database, period) == "closed":
        raise InputError(
            f"the date {format_ms(when_ms, tz)} lies in the period {period}, which is closed."
            " Nothing was changed. Date it in an open period, or leave the date out."
        )
