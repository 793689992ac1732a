"""How a charge came about, term by term, from what was kept when it was made.

The terms are added up here a second time, in decimals and apart from `engine.close.rating`, so the
explanation also checks the charge: `Explanation.adds_up` says whether both agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, tzinfo
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import NamedTuple

from engine.aftermath import late_usage, reversal_of
from engine.close.conditions import REASONS
from engine.close.kept import KeptTerms
from engine.close.rating import Discount
from engine.close.statements import BYTES
from engine.database import Database
from engine.errors import InputError
from engine.period import Period, format_ms
from engine.text import safe

_MB = Decimal(1_000_000)
_PRICE = Decimal(1_000_000)
_CENT = Decimal("0.01")
_KINDS = {"plan": "plan", "addon": "add-on", "service": "service", "rent": "rent of"}
# Enough for the largest usage at the smallest price, exact.
_DIGITS = 80


class Term(NamedTuple):
    """A line of an explanation: `value` in main units, exact; a discount is negative."""

    kind: str
    text: str
    value: Decimal


class Explanation(NamedTuple):
    """A close record in words. `amount` in main units; `notes` are what is worth knowing besides,
    also of what came later; `adds_up` is None when nothing was charged."""

    login: str
    period: str
    status: str
    reason: str
    amount: Decimal
    block: bool
    terms: list[Term]
    notes: list[str]
    adds_up: bool | None


def explain(database: Database, login: str, period: Period, timezone: tzinfo = UTC) -> Explanation:
    """The explanation of a subscriber's charge, its times in `timezone`. InputError without a
    record."""
    row = database.row(
        "SELECT c.status, c.reason, c.amount, c.block, t.body, s.id, s.alias_of, c.entry_id,"
        " c.entry_line,"
        f" {', '.join(f'c.{column}' for column in BYTES)} FROM subscriber s"
        " LEFT JOIN close_record c ON c.subscriber_id = s.id AND c.period = ?"
        " LEFT JOIN charge_terms t ON t.id = c.terms_id WHERE s.login = ?",
        (str(period), login),
    )
    if row is None:
        raise InputError(f"there is no subscriber {safe(login)}.")
    status, reason, amount, block, body, subscriber_id, alias_of, *entry_and_usage = row
    entry, usage = entry_and_usage[:2], entry_and_usage[2:]
    if status is None:
        raise InputError(_no_record(database, login, period, alias_of))
    value = Decimal(amount) / 100
    later = [str(late) for late in late_usage(database, subscriber_id).get(str(period), ())]
    reversal = reversal_of(database, *entry)
    if reversal:
        later.append(f"reversed by entry {reversal.entry} on {format_ms(reversal.at, timezone)}")
    if body is None:
        why = REASONS.get(reason or "", "")
        return Explanation(login, str(period), status, why, value, False, [], later, None)
    credit = database.row(
        "SELECT bytes1, bytes2, bytes3, bytes4 FROM carried_usage"
        " WHERE period = ? AND subscriber_id = ?",
        (str(period), subscriber_id),
    ) or (0, 0, 0, 0)
    with localcontext(prec=_DIGITS):
        terms, notes = _terms(KeptTerms.from_json(body), usage, credit)
    total = max(Decimal(0), _rounded(sum((term.value for term in terms), Decimal(0))))
    if block:
        notes.append("over a limit that has no price: marked for blocking")
    return Explanation(
        login, str(period), status, "", value, bool(block), terms, notes + later, total == value
    )


def _no_record(database: Database, login: str, period: Period, alias_of: int | None) -> str:
    if alias_of is not None:
        main = database.value("SELECT login FROM subscriber WHERE id = ?", (alias_of,))
        return f"{safe(login)} is an alias and never charged by itself; ask for {safe(main)}."
    state = database.value("SELECT state FROM billing_period WHERE period = ?", (str(period),))
    where = f"is {state}" if state else "does not exist in the books"
    return f"{safe(login)} has no charge in {period}; that period {where}."


def _terms(
    kept: KeptTerms, usage: list[int], credit: tuple[int, ...]
) -> tuple[list[Term], list[str]]:
    """The lines of a charge, and what is worth knowing besides."""
    k = Decimal(1)
    part = ""
    if kept.start_day > 0:
        k = _rounded(Decimal(32 - kept.start_day) / 31)
        part = f", share of the month {k} (from day {kept.start_day})"
    found = []
    for fee in (kept.plan, kept.addon):
        if fee:
            text = f"{_KINDS[fee.kind]} {fee.code} {fee.name}: {_short(_main(fee.fee))}{part}"
            found.append(Term("plan", text, _main(fee.fee) * k))
    for fee in kept.services:
        scope = "rent" if fee.kind == "rent" else "services"
        found.append(Term(scope, f"{_KINDS[fee.kind]} {fee.code} {fee.name}", _main(fee.fee)))
    over, notes = _overage(kept, k, usage, credit)
    found += over
    return found + _discounts(kept.discounts, found), notes


def _overage(
    kept: KeptTerms, k: Decimal, usage: list[int], credit: tuple[int, ...]
) -> tuple[list[Term], list[str]]:
    """What was used over the allowances, by direction; and how usage was counted."""
    used, notes = _used(kept, usage)
    allowed = [
        None if one.included is None else one.included * k / _MB + credit[n] / _MB
        for n, one in enumerate(kept.directions)
    ]
    over = [
        Decimal(0) if allowance is None else max(Decimal(0), used[n] - allowance)
        for n, allowance in enumerate(allowed)
    ]
    left = None if allowed[0] is None else allowed[0] - used[0]
    ratio = _main(kept.ratio)
    if ratio and over[1] and (left is None or left > 0):
        spare = over[1] if left is None else min(left * ratio, over[1])
        over[1] -= spare
        notes.append(f"direction 1 lends direction 2 {_short(spare)} MB (ratio {_short(ratio)})")
    found = []
    for n, direction in enumerate(kept.directions):
        allowance = allowed[n]
        limit = "unlimited" if allowance is None else f"{_short(allowance)} MB included"
        if credit[n]:
            limit += f" ({_short(credit[n] / _MB)} MB of it carried)"
        text = f"direction {n + 1}: {_short(used[n])} MB used, {limit}"
        if over[n]:
            price = _main(direction.price)
            text += f", {_short(over[n])} MB over at {_short(price)}"
            found.append(Term("usage", text, over[n] * price))
        elif used[n]:
            notes.append(text)
    return found, notes


def _used(kept: KeptTerms, usage: list[int]) -> tuple[list[Decimal], list[str]]:
    """Megabytes that count by direction, those of a direction without a price in direction 1."""
    used = []
    for n, direction in enumerate(kept.directions):
        bytes_in, bytes_out = usage[2 * n], usage[2 * n + 1]
        counted = {
            "in": bytes_in,
            "out": bytes_out,
            "sum": bytes_in + bytes_out,
            "max": max(bytes_in, bytes_out),
        }
        used.append(Decimal(counted[direction.counts]) / _MB)
    notes = []
    for n in (1, 2, 3):
        if kept.directions[n].price == 0 and used[n]:
            notes.append(
                f"direction {n + 1} has no price: its {_short(used[n])} MB count in direction 1"
            )
            used[0] += used[n]
            used[n] = Decimal(0)
    return used, notes


def _discounts(discounts: Iterable[Discount], terms: list[Term]) -> list[Term]:
    """Discounts of a scope first, then those on all; the percent before the fixed sum."""
    order = sorted(discounts, key=lambda one: (one.scope == "all", one.kind != "percent"))
    taken: list[Term] = []
    for scope, kind, value in order:
        base = max(Decimal(0), _left(terms, taken, scope))
        if kind == "percent":
            percent = Decimal(value) / 1_000_000
            off, text = _rounded(base * percent / 100), f"{_short(percent)} % of {_short(base)}"
        else:
            off, text = min(Decimal(value) / 100, _rounded(base)), "fixed"
        taken.append(Term(f"discount_{scope}", f"discount on {scope}, {text}", -off))
    return taken


def _left(terms: list[Term], taken: list[Term], scope: str) -> Decimal:
    """What a discount of a scope is taken from: what the discounts before it left."""
    kinds = (scope, f"discount_{scope}")
    chosen = [one for one in terms + taken if scope == "all" or one.kind in kinds]
    return sum((one.value for one in chosen), Decimal(0))


def _main(millionths: int) -> Decimal:
    return Decimal(millionths) / _PRICE


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)


def _short(value: Decimal) -> str:
    """A number without trailing zeros and without an exponent."""
    return f"{value.normalize():f}"
