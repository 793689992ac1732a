"""All that is worth knowing about one subscriber, for a person to look at."""

from __future__ import annotations

from dataclasses import dataclass

from engine.aftermath import LateUsage, Reversal, late_usage
from engine.database import Database
from engine.subscribers.facts import Facts, find
from engine.subscribers.store import require

_LAST = 12


@dataclass(frozen=True, slots=True)
class Charge:
    """What a close did; `amount` in minor units, plans as codes. `reversal` takes it back;
    `late_usage` was moved into the period."""

    period: str
    status: str
    amount: int
    block: bool
    plan: str | None
    reason: str | None
    reversal: Reversal | None
    late_usage: tuple[LateUsage, ...]


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A posting to the subscriber's account; `amount` in minor units with its sign, `at` epoch
    milliseconds, `reversed_by` the entry that takes it back."""

    entry: int
    kind: str
    at: int
    amount: int
    actor: str
    comment: str
    reversed_by: int | None


@dataclass(frozen=True, slots=True)
class View:
    """A subscriber. `balance` is of its own account, in minor units; `usage` is of its main
    subscriber in the open `period`: bytes (in, out) of directions 1 to 4, None without any;
    `late_usage` is what of it was moved there from closed periods."""

    login: str
    number: int
    facts: Facts
    balance: int
    aliases: tuple[str, ...]
    period: str | None
    usage: tuple[tuple[int, int], ...] | None
    late_usage: tuple[LateUsage, ...]
    charges: tuple[Charge, ...]
    entries: tuple[LedgerLine, ...]


def show(database: Database, login: str) -> View:
    """The subscriber with its last charges and entries. Raises InputError without one."""
    number, facts = require(database, login)
    period = database.value("SELECT MIN(period) FROM billing_period WHERE state <> 'closed'")
    main = find(database, facts.alias_of) if facts.alias_of else None
    of_main = main[0] if main else number
    late = late_usage(database, of_main)
    # SQLite would rather walk through all logins in their order.
    aliases = database.rows(
        f"SELECT login FROM subscriber {database.dialect.by_index('subscriber_alias_of')}"
        " WHERE alias_of = ? ORDER BY login LIMIT 100",
        (number,),
    )
    return View(
        login=login,
        number=number,
        facts=facts,
        balance=database.integer("SELECT balance FROM account WHERE id = ?", (number,)),
        aliases=tuple(alias for (alias,) in aliases),
        period=period,
        usage=_usage(database, period, of_main),
        late_usage=late.get(period or "", ()),
        charges=charges(database, number, late if of_main == number else {}),
        entries=_entries(database, number),
    )


def _usage(
    database: Database, period: str | None, number: int
) -> tuple[tuple[int, int], ...] | None:
    row = database.row(
        "SELECT in1, out1, in2, out2, in3, out3, in4, out4 FROM period_usage"
        " WHERE period = ? AND subscriber_id = ?",
        (period, number),
    )
    return tuple(zip(row[::2], row[1::2], strict=True)) if row else None


def charges(
    database: Database, number: int, late: dict[str, tuple[LateUsage, ...]], limit: int = _LAST
) -> tuple[Charge, ...]:
    """What the closes did with a subscriber, newest first; `late` as `engine.aftermath` has it."""
    rows = database.rows(
        "SELECT c.period, c.status, c.amount, c.block, p.code, c.reason, e.id, e.effective_at"
        " FROM close_record c LEFT JOIN plan p ON p.id = c.plan_id"
        " LEFT JOIN reversal r ON r.reversed_entry = c.entry_id AND r.reversed_line = c.entry_line"
        " LEFT JOIN journal_entry e ON e.id = r.entry_id WHERE c.subscriber_id = ?"
        " AND c.period IN (SELECT period FROM billing_period)"
        " ORDER BY c.period DESC LIMIT ?",
        (number, limit),
    )
    return tuple(
        Charge(
            period,
            status,
            amount,
            bool(block),
            plan,
            reason,
            Reversal(entry, at) if entry is not None else None,
            late.get(period, ()),
        )
        for period, status, amount, block, plan, reason, entry, at in rows
    )


def _entries(database: Database, number: int) -> tuple[LedgerLine, ...]:
    rows = database.rows(
        "SELECT e.id, e.kind, e.effective_at, p.amount, e.actor, e.comment, r.entry_id"
        " FROM posting p JOIN journal_entry e ON e.id = p.entry_id"
        " LEFT JOIN reversal r ON r.reversed_entry = p.entry_id AND r.reversed_line = p.line"
        " WHERE p.account_id = ?"
        " ORDER BY e.effective_at DESC, p.entry_id DESC, p.line LIMIT ?",
        (number, _LAST),
    )
    return tuple(LedgerLine(*row) for row in rows)
