"""The facts about subscribers as our own tables have them, for many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from engine.database import Database
from engine.events.facts import Facts
from engine.money import MILLIONTHS, MINOR_UNITS, round_half_up_div

_AT_ONCE = 500
# Bonuses in these states were given, or will be.
_GIVEN = "('waiting', 'sending', 'retrying', 'unknown', 'done')"


def read_facts(database: Database, numbers: Sequence[int]) -> dict[int, Facts]:
    """The facts by subscriber, in the caller's transaction: `balance_before` is the balance now.
    A number that is none is not in the answer."""
    found: dict[int, Facts] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        found |= _read_some(database, numbers[start : start + _AT_ONCE])
    return found


def _read_some(database: Database, numbers: Sequence[int]) -> dict[int, Facts]:
    marks = ", ".join("?" * len(numbers))
    aliases: dict[int, list[str]] = defaultdict(list)
    for main, login in database.rows(
        f"SELECT alias_of, login FROM subscriber WHERE alias_of IN ({marks}) ORDER BY id", numbers
    ):
        aliases[main].append(login)
    discounts: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
    for number, *row in database.rows(
        "SELECT subscriber_id, scope, kind, value FROM discount"
        f" WHERE subscriber_id IN ({marks}) ORDER BY subscriber_id, scope, kind",
        numbers,
    ):
        discounts[number].append((row[0], row[1], int(row[2])))
    top_ups = _last_top_ups(database, numbers, marks)
    rows = database.rows(
        "SELECT s.id, s.login, s.name, s.state, s.phone, s.email, s.contract_number,"
        " s.contract_date, p.name, p.monthly_fee, a.balance, s.credit_limit, s.fee_day"
        " FROM subscriber s JOIN account a ON a.id = s.id LEFT JOIN plan p ON p.id = s.plan_id"
        f" WHERE s.id IN ({marks})",
        numbers,
    )
    return {
        row[0]: _facts(row, aliases[row[0]], discounts[row[0]], top_ups.get(row[0])) for row in rows
    }


def _facts(
    row: Sequence[Any],
    aliases: list[str],
    discounts: list[tuple[str, str, int]],
    last_top_up: int | None,
) -> Facts:
    number, login, name, state, phone, email, contract, signed, plan, fee, balance, limit, day = row
    return Facts(
        subscriber_id=int(number),
        login=login,
        logins=(login, *aliases),
        name=name,
        state=state,
        phone=phone,
        email=email,
        contract_number=contract,
        contract_date=date.fromisoformat(signed) if signed else None,
        plan=plan or "",
        monthly_fee=round_half_up_div(int(fee or 0), MILLIONTHS // MINOR_UNITS),
        balance_before=int(balance),
        balance=int(balance),
        credit_limit=int(limit),
        allowed_minus=int(limit),
        fee_day=None if day is None else int(day),
        has_discount=bool(discounts),
        discounts=tuple(discounts),
        last_top_up=last_top_up,
    )


def _last_top_ups(database: Database, numbers: Sequence[int], marks: str) -> dict[int, int]:
    """When each was given its last top-up bonus. Read with a lock, so that of two payments at the
    same moment the later one sees the bonus of the first."""
    latest: dict[int, int] = {}
    for number, at in database.rows(
        "SELECT subscriber_id, created_at FROM action"
        f" WHERE subscriber_id IN ({marks}) AND channel = 'bonus' AND state IN {_GIVEN}"
        f" AND kind = 'top_up_bonus' ORDER BY id {database.dialect.lock_rows}",
        numbers,
    ):
        latest[number] = max(int(at), latest.get(number, 0))
    return latest
