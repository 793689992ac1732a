"""A subscriber on paper: the JSON facts and the lines of `billdeck subscriber show`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from cli.output import fields
from cli.session import Session
from engine.money import format_amount
from engine.period import format_ms

if TYPE_CHECKING:
    from engine.aftermath import LateUsage
    from engine.subscribers import View


def view_data(view: View, timezone: tzinfo) -> dict[str, Any]:
    """The view as JSON values: amounts as text with a point, times with offset."""
    return {
        "login": view.login,
        "id": view.number,
        **view.facts.as_json(),
        "balance": format_amount(view.balance),
        "aliases": list(view.aliases),
        "open_period": view.period,
        "usage": _usage_data(view.usage or ()),
        "late_usage": _late_data(view.late_usage),
        "charges": [
            {
                "period": charge.period,
                "status": charge.status,
                "amount": format_amount(charge.amount),
                "block": "yes" if charge.block else "no",
                "plan": charge.plan,
                "reason": charge.reason,
                "reversed_by": charge.reversal.entry if charge.reversal else None,
                "reversed_at": (
                    format_ms(charge.reversal.at, timezone) if charge.reversal else None
                ),
                "late_usage": _late_data(charge.late_usage),
            }
            for charge in view.charges
        ],
        "entries": [
            {
                "entry": line.entry,
                "kind": line.kind,
                "at": format_ms(line.at, timezone),
                "amount": format_amount(line.amount),
                "actor": line.actor,
                "comment": line.comment,
                "reversed_by": line.reversed_by,
            }
            for line in view.entries
        ],
    }


def _usage_data(usage: tuple[tuple[int, int], ...]) -> list[dict[str, int]]:
    return [
        {"direction": direction, "bytes_in": one[0], "bytes_out": one[1]}
        for direction, one in enumerate(usage, start=1)
    ]


def _late_data(late: tuple[LateUsage, ...]) -> list[dict[str, Any]]:
    return [{"from_period": one.from_period, "usage": _usage_data(one.usage)} for one in late]


def view_lines(view: View, session: Session) -> Iterator[str]:
    """The view for people."""
    facts = view.facts
    yield from fields(
        (
            ("subscriber", f"{view.login} (number {view.number})"),
            ("name", facts.name),
            ("balance", session.money(view.balance)),
            ("credit limit", session.money(facts.credit_limit)),
            ("state", facts.state),
            ("group", facts.group),
            ("alias of", facts.alias_of),
            ("aliases", ", ".join(view.aliases)),
            ("plan", facts.plan),
            ("ordered plan", _order(facts.ordered_plan, facts.ordered_plan_from)),
            ("add-on plan", facts.addon),
            ("ordered add-on", _order(facts.ordered_addon, facts.ordered_addon_from)),
            ("services", ", ".join(facts.services)),
            ("discounts", ", ".join(facts.discounts)),
            ("active since", _since(facts.active_since)),
            ("fee day", facts.fee_day),
            ("external uid", facts.external_uid),
            ("phone", facts.phone),
            ("email", facts.email),
            ("contract", " of ".join(filter(None, (facts.contract_number, facts.contract_date)))),
            ("born", facts.birth_date),
            ("address", facts.address),
        )
    )
    yield from _usage_lines(view, session)
    yield from _charge_lines(view, session)
    yield from _entry_lines(view, session)


def _since(date: str | None) -> str:
    from engine.bundle.subscribers import BEFORE_OUR_BOOKS

    return "before our books" if date == BEFORE_OUR_BOOKS else date or "never"


def _order(code: str | None, period: str | None) -> str | None:
    return f"{code or 'none'} from {period}" if period else None


def _usage_lines(view: View, session: Session) -> Iterator[str]:
    if view.period is None:
        return
    yield ""
    if view.usage is None:
        yield f"No usage in the open period {view.period}."
        return
    yield f"Usage in the open period {view.period} (bytes):"
    rows = [
        (str(direction), f"{one[0]:,}".replace(",", " "), f"{one[1]:,}".replace(",", " "))
        for direction, one in enumerate(view.usage, start=1)
        if any(one)
    ]
    yield from session.out.table(("direction", ">in", ">out"), rows)
    yield from (f"  {late}" for late in view.late_usage)


def _charge_lines(view: View, session: Session) -> Iterator[str]:
    if not view.charges:
        return
    yield ""
    yield "Last charges:"
    rows = [
        (
            charge.period,
            session.money(charge.amount),
            charge.status,
            charge.plan or "",
            "block" if charge.block else charge.reason or "",
        )
        for charge in view.charges
    ]
    yield from session.out.table(("period", ">amount", "status", "plan", "note"), rows)
    timezone = session.config.billing.timezone
    for charge in view.charges:
        yield from (f"  {charge.period}: {late}" for late in charge.late_usage)
        if charge.reversal:
            at = format_ms(charge.reversal.at, timezone)
            yield f"  {charge.period}: reversed by entry {charge.reversal.entry} on {at}"


def _entry_lines(view: View, session: Session) -> Iterator[str]:
    if not view.entries:
        return
    yield ""
    yield "Last entries:"
    timezone = session.config.billing.timezone
    rows = [
        (
            str(line.entry),
            format_ms(line.at, timezone),
            line.kind,
            session.money(line.amount),
            line.actor,
            f"reversed by {line.reversed_by}" if line.reversed_by else line.comment,
        )
        for line in view.entries
    ]
    heads = (">entry", "date", "kind", ">amount", "actor", "comment")
    yield from session.out.table(heads, rows)
