"""`billdeck explain LOGIN --period P`: how a charge came about, term by term."""

from __future__ import annotations

import argparse
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cli.parser import add_command
from cli.session import Session
from engine.period import Period

if TYPE_CHECKING:
    from engine.close.explain import Explanation


def register(subparsers: Any) -> None:
    parser = add_command(
        subparsers,
        "explain",
        run,
        role="viewer",
        help="show how a charge came about, term by term",
    )
    parser.add_argument("login", metavar="LOGIN")
    parser.add_argument("--period", metavar="P", required=True, help="such as 2026-10")


def run(args: argparse.Namespace, session: Session) -> int:
    """Prints the terms of one charge; 1 when they do not add up to it."""
    from engine.close.explain import explain

    found = explain(
        session.database,
        args.login,
        Period.parse(args.period),
        session.config.billing.timezone,
    )
    data = {
        "login": found.login,
        "period": found.period,
        "status": found.status,
        "reason": found.reason,
        "amount": f"{found.amount:.2f}",
        "block": found.block,
        "terms": [
            {"kind": term.kind, "text": term.text, "value": f"{term.value:f}"}
            for term in found.terms
        ],
        "notes": found.notes,
        "adds_up": found.adds_up,
    }
    session.out.result(data, _lines(found, session))
    return 1 if found.adds_up is False else 0


def _lines(found: Explanation, session: Session) -> list[str]:
    head = f"{found.login} in {found.period}: {found.status.replace('_', ' ')}"
    if found.adds_up is None:
        head += f", for it {found.reason}" if found.reason else ""
        return [head, *(f"  {note}" for note in found.notes)]
    values = [_exact(term.value) for term in found.terms]
    amount = session.money(int(found.amount * 100))
    width = max([len(amount), *(len(value) for value in values)])
    lines = [head]
    lines += [
        f"  {value.rjust(width)}  {term.text}"
        for value, term in zip(values, found.terms, strict=True)
    ]
    lines.append(f"  {amount.rjust(width)}  charged, rounded half-up")
    lines += [f"  {note}" for note in found.notes]
    if not found.adds_up:
        lines.append("  The terms do not add up to the charge: tell those who build billdeck.")
    return lines


def _exact(value: Decimal) -> str:
    """A number with two decimals, or with all that it has beyond them."""
    text = f"{value.normalize():f}"
    decimals = len(text.partition(".")[2])
    return text if decimals > 2 else f"{value:.2f}"
