"""Amounts and moments as MikBill writes them. Pure.

MikBill keeps money as double(20,6). Its server gives it as a decimal text, so that no float is ever
made of it; a part of a kopeck is rounded half up.
"""

from __future__ import annotations

import re
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal

from engine.period import local_ms

_KOPECK = Decimal("0.01")
_WRITTEN = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})")


def exact(text: str | None) -> Decimal:
    """The amount of a decimal text of the server; NULL is 0."""
    return Decimal(text or 0)


def kopecks(amount: Decimal) -> int:
    """Minor units, a half away from zero: 0.005 is 1."""
    return int(amount.quantize(_KOPECK, ROUND_HALF_UP).scaleb(2))


def moment(text: str, zone: tzinfo) -> int | None:
    """Epoch milliseconds of a date and time, or a date, of MikBill's clock; None for one that is
    none, such as 0000-00-00."""
    try:
        return local_ms(datetime.fromisoformat(text).replace(tzinfo=None), zone)
    except ValueError:
        return None


def day(text: str) -> date | None:
    """The day of a field that a person filled in, `2019-05-31` or `31.05.2019`, perhaps with a
    time; None for all else."""
    written = text.strip()[:10]
    match = _WRITTEN.fullmatch(written)
    try:
        return date.fromisoformat(f"{match[3]}-{match[2]}-{match[1]}" if match else written)
    except ValueError:
        return None
