"""`billdeck` without a command: the console, or without a terminal what needs attention."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.jobs import run_data, run_line
from cli.session import Session
from cli.terminal import has_terminal, open_console

if TYPE_CHECKING:
    from engine.queries.attention import Attention


def run(args: argparse.Namespace, session: Session) -> int:
    """Opens the console at a terminal and returns its exit status. Else prints what needs
    attention, and how to see all commands; then always 0: looking is no check."""
    if has_terminal(session):
        return open_console(session, session.config)
    from engine.queries.attention import what_needs_attention

    timezone = session.config.billing.timezone
    found = what_needs_attention(
        session.database, session.clock.now_ms(), timezone, session.config.balance_import
    )
    data = [
        {
            "kind": row.kind,
            "subject": row.subject,
            "text": row.text,
            "run": run_data(row.run, timezone) if row.run else None,
        }
        for row in found
    ]
    session.out.result({"attention": data}, _lines(found, session))
    return 0


def _lines(found: list[Attention], session: Session) -> Iterator[str]:
    for row in found:
        yield row.text
        if row.run:
            yield f"  {run_line(row.run, session.config.billing.timezone)}"
    if not found:
        yield "Nothing needs attention."
    yield "All commands: `billdeck --help`."
