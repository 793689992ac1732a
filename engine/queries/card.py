"""What the card of a subscriber shows, and its ledger as a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.aftermath import LateUsage, late_usage
from engine.database import Database
from engine.queries.columns import Column
from engine.queries.paging import Query
from engine.queries.short_list import ShortList
from engine.subscribers.facts import find
from engine.subscribers.show import View, charges, show

_PERIODS = 36
_NUMBERS = 20


@dataclass(frozen=True, slots=True)
class Fee:
    """A plan, add-on plan or service: `fee` a month in millionths of the main unit; `kind` plan,
    addon, service or rent."""

    code: str
    name: str
    kind: str
    fee: int


@dataclass(frozen=True, slots=True)
class UsageOfPeriod:
    """What was used in a period: bytes (in, out) of directions 1 to 4. `late` came after the close
    of earlier periods and is in it; `carried` are bytes by direction left over from the period
    before, None without any."""

    period: str
    usage: tuple[tuple[int, int], ...]
    late: tuple[LateUsage, ...]
    carried: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Card:
    """A subscriber. `view` has the facts, the balance and the aliases, and in `view.charges` what
    the last three years' closes did; `usage` is of the main subscriber, newest first; `numbers` are
    the subscriber's SIMs with their balance status, the first twenty."""

    view: View
    plan: Fee | None
    ordered_plan: Fee | None
    addon: Fee | None
    ordered_addon: Fee | None
    services: tuple[Fee, ...]
    usage: tuple[UsageOfPeriod, ...]
    numbers: tuple[tuple[str, str | None], ...]


def card(database: Database, login: str) -> Card:
    """All of it. Raises InputError without such a subscriber. The terms of a charge are told by
    `engine.close.explain.explain`, the ledger by `LedgerOf`."""
    view = show(database, login)
    facts = view.facts
    main = find(database, facts.alias_of) if facts.alias_of else None
    number = main[0] if main else view.number
    late = late_usage(database, number)
    own_late = late if number == view.number else {}
    return Card(
        view=replace(view, charges=charges(database, view.number, own_late, _PERIODS)),
        plan=_fee(database, "plan", facts.plan),
        ordered_plan=_fee(database, "plan", facts.ordered_plan),
        addon=_fee(database, "addon", facts.addon),
        ordered_addon=_fee(database, "addon", facts.ordered_addon),
        services=_services(database, view.number),
        usage=_usage(database, number, late),
        numbers=_numbers(database, view.number),
    )


def _fee(database: Database, table: str, code: str | None) -> Fee | None:
    row = database.row(f"SELECT code, name, monthly_fee FROM {table} WHERE code = ?", (code,))
    return Fee(row[0], row[1], table, row[2]) if row else None


def _services(database: Database, number: int) -> tuple[Fee, ...]:
    rows = database.rows(
        "SELECT v.code, v.name, v.kind, v.monthly_fee FROM subscriber_service t"
        " JOIN service v ON v.id = t.service_id WHERE t.subscriber_id = ? ORDER BY v.code",
        (number,),
    )
    return tuple(Fee(*row) for row in rows)


def _numbers(database: Database, number: int) -> tuple[tuple[str, str | None], ...]:
    rows = database.rows(
        "SELECT number, status FROM number WHERE subscriber_id = ? ORDER BY id LIMIT ?",
        (number, _NUMBERS),
    )
    return tuple((called, status) for called, status in rows)


def _usage(
    database: Database, number: int, late: dict[str, tuple[LateUsage, ...]]
) -> tuple[UsageOfPeriod, ...]:
    rows = database.rows(
        "SELECT b.period, u.in1, u.out1, u.in2, u.out2, u.in3, u.out3, u.in4, u.out4,"
        " c.bytes1, c.bytes2, c.bytes3, c.bytes4 FROM billing_period b"
        " LEFT JOIN period_usage u ON u.period = b.period AND u.subscriber_id = ?"
        " LEFT JOIN carried_usage c ON c.period = b.period AND c.subscriber_id = ?"
        " WHERE u.period IS NOT NULL OR c.period IS NOT NULL"
        " ORDER BY b.period DESC LIMIT ?",
        (number, number, _PERIODS),
    )
    return tuple(
        UsageOfPeriod(
            period,
            _pairs([count or 0 for count in cells[:8]]),
            late.get(period, ()),
            tuple(cells[8:]) if cells[8] is not None else None,
        )
        for period, *cells in rows
    )


def _pairs(counts: list[int]) -> tuple[tuple[int, int], ...]:
    return tuple(zip(counts[::2], counts[1::2], strict=True))


class LedgerOf(ShortList):
    """The ledger of one subscriber as a list, newest first: a source of pages like those of
    `engine.queries.paging`, without filters and with one order.

    A row is 'ENTRY:LINE' and the columns: `at` (epoch milliseconds), `balance` after it (minor
    units), `reversed_by` and `reverses` (numbers of entries). An entry with VAT has two lines.
    """

    name = "ledger"
    title = "Ledger"
    columns = (
        Column("at", "Date", "e.effective_at", "date", 16),
        Column("entry", "Entry", "p.entry_id", "number", 9),
        Column("kind", "Kind", "e.kind", "choice", 10),
        Column("amount", "Amount", "p.amount", "amount", 13),
        Column("balance", "Balance", "", "amount", 13),
        Column("comment", "Comment", "e.comment", "text", 24),
        Column("actor", "By", "e.actor", "text", 10),
        Column("reversed_by", "Reversed by", "r.entry_id", "number", 11),
        Column("reverses", "Reverses", "v.reversed_entry", "number", 9),
    )

    def __init__(self, number: int) -> None:
        """`number` is the subscriber's; an alias has a ledger of its own, mostly empty."""
        self._number = number

    def some(
        self, database: Database, query: Query, start: int, size: int
    ) -> Sequence[tuple[Any, ...]]:
        """`size` lines from place `start` on. The balances need all lines of the subscriber, and
        those are hundreds."""
        rows = database.rows(
            "SELECT p.line, e.effective_at, p.entry_id, e.kind, p.amount,"
            " SUM(p.amount) OVER (ORDER BY e.effective_at, p.entry_id, p.line"
            " ROWS UNBOUNDED PRECEDING),"
            " e.comment, e.actor, r.entry_id, v.reversed_entry FROM posting p"
            " JOIN journal_entry e ON e.id = p.entry_id"
            " LEFT JOIN reversal r ON r.reversed_entry = p.entry_id AND r.reversed_line = p.line"
            " LEFT JOIN reversal v ON v.entry_id = p.entry_id WHERE p.account_id = ?"
            " ORDER BY e.effective_at DESC, p.entry_id DESC, p.line DESC LIMIT ? OFFSET ?",
            (self._number, size, start),
        )
        return [(f"{row[2]}:{row[0]}", *row[1:5], int(row[5]), *row[6:]) for row in rows]

    def count(self, database: Database, query: Query) -> int:
        """How many lines there are."""
        return database.integer(
            "SELECT COUNT(*) FROM posting WHERE account_id = ?", (self._number,)
        )
