"""Subscribers as a bundle has them: all, or those that a list finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.bundle.subscribers import BEFORE_OUR_BOOKS
from engine.database import Database, Row
from engine.money import format_amount, format_price
from engine.period import Period
from engine.periods import first_open_period
from engine.queries.export import Cell, Table, codes
from engine.queries.subscribers import Subscribers

_COLUMNS = (
    "login", "name", "group", "plan", "next_plan", "addon", "next_addon", "services", "start_day",
    "discount_percent", "balance", "external_uid", "phone", "email", "contract_number",
    "contract_date", "birth_date", "address", "credit_limit", "fee_day", "active_since", "state",
    "alias_of",
)  # fmt: skip
_SELECT = (
    "SELECT s.id, s.login, s.name, g.code, s.plan_id, s.ordered_plan_id, s.ordered_plan_from,"
    " s.addon_id, s.ordered_addon_id, s.ordered_addon_from,"
    " (SELECT GROUP_CONCAT(v.service_id) FROM subscriber_service v"
    " WHERE v.subscriber_id = s.id), s.active_since, s.first_month_day, d.value, a.balance,"
    " s.external_uid, s.phone, s.email, s.contract_number, s.contract_date,"
    " s.birth_date, s.address, s.credit_limit, s.fee_day, s.state, m.login FROM subscriber s"
    " LEFT JOIN account a ON a.id = s.id LEFT JOIN subscriber_group g ON g.id = s.group_id"
    " LEFT JOIN subscriber m ON m.id = s.alias_of"
    " LEFT JOIN discount d ON d.subscriber_id = s.id AND d.scope = 'all'"
    " AND d.kind = 'percent'"
)


class BundleRows(Subscribers):
    """The list of subscribers, found and sorted as ever; but its rows are what `subscribers` makes
    a bundle's lines of."""

    def rows(self, database: Database, ids: Sequence[int]) -> list[Row]:
        """See `PagedSource.rows`."""
        if not ids:
            return []
        found = database.rows(f"{_SELECT} WHERE s.id IN ({', '.join('?' * len(ids))})", ids)
        by_id = {row[0]: row for row in found}
        return [by_id[number] for number in ids if number in by_id]


def subscribers(database: Database, found: Iterator[Row] | None = None) -> Table:
    """Subscribers in the columns of a bundle, as they are now: those `found` by `BundleRows`, else
    all, aliases included.

    Importing all into an empty database whose first period is the oldest open one here gives the
    same subscribers, but for what a bundle cannot say: orders for later periods or for no add-on,
    discounts other than a percentage on everything, and the account of a balance.
    """
    plans, addons = codes(database, "plan"), codes(database, "addon")
    services = codes(database, "service")
    first = first_open_period(database)
    chosen = database.stream(f"{_SELECT} ORDER BY s.id") if found is None else found

    def rows() -> Iterator[tuple[Cell, ...]]:
        for (
            _, login, name, group, plan, next_plan, plan_from, addon, next_addon, addon_from, taken,
            active_since, first_day, discount, balance, uid, phone, email, contract_number,
            contract_date, birth_date, address, credit_limit, fee_day, state, alias_of,
        ) in chosen:  # fmt: skip
            start_day, since = _start_columns(active_since, first_day, first)
            yield (
                login,
                name,
                group,
                plans.get(plan),
                plans.get(next_plan) if _is_next(plan_from, first) else None,
                addons.get(addon),
                addons.get(next_addon) if _is_next(addon_from, first) else None,
                _service_codes(taken, services),
                start_day,
                _percent(discount or 0),
                format_amount(balance),
                uid,
                phone,
                email,
                contract_number,
                contract_date,
                birth_date,
                address,
                format_amount(credit_limit),
                fee_day,
                since,
                state,
                alias_of,
            )

    return Table(_COLUMNS, rows())


def _start_columns(
    active_since: str | None, first_day: int | None, first: Period | None
) -> tuple[int, str | None]:
    """`start_day` and `active_since` as a bundle has them, for a first period."""
    if active_since is None:
        return -1, None
    if active_since == BEFORE_OUR_BOOKS:
        return 0, None
    if first is not None and active_since[:7] == str(first):
        return first_day or int(active_since[8:]), active_since
    return 0, active_since


def _percent(value: int) -> str:
    """Millionths of a percent in the shortest form: 10000000 is `10`."""
    return format_price(value).rstrip("0").rstrip(".")


def _is_next(ordered_from: str | None, first: Period | None) -> bool:
    """Whether an order takes effect by the next close."""
    return ordered_from is not None and first is not None and ordered_from <= str(first.next())


def _service_codes(taken: Any, codes: dict[int, str]) -> str | None:
    if taken is None:
        return None
    return ";".join(codes[number] for number in sorted(map(int, str(taken).split(","))))
