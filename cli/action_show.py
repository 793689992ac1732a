"""`billdeck action show`: an action's event with all that followed, each with its attempts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cli.output import fields
from cli.parser import add_command, row_number
from cli.session import Session
from engine.errors import InputError
from engine.money import format_amount
from engine.period import format_ms

if TYPE_CHECKING:
    from datetime import tzinfo

    from engine.queries.actions import ActionCard, AttemptRow, EventCard


def add(group: Any) -> None:
    """Declares the command."""
    parser = add_command(
        group,
        "show",
        run,
        role="viewer",
        help="show an action with its event, the other actions of it, and all attempts",
    )
    parser.add_argument("id", metavar="ID", type=row_number, help="the number of the action")


def run(args: argparse.Namespace, session: Session) -> int:
    """Prints the event of an action, whole."""
    from engine.queries.actions import event_card, event_of

    event = event_of(session.database, args.id)
    card = None if event is None else event_card(session.database, event)
    if card is None:
        raise InputError(f"there is no action {args.id}; `billdeck action list` lists them.")
    zone = session.config.billing.timezone
    session.out.result(_event_data(card, zone), _lines(card, session))
    return 0


def _event_data(card: EventCard, zone: tzinfo) -> dict[str, Any]:
    return {
        "event": card.id,
        "key": card.key,
        "kind": card.kind,
        "at": format_ms(card.at, zone),
        "recorded_at": format_ms(card.recorded_at, zone),
        "late": bool(card.is_late),
        "source": card.source,
        "caused_by": card.caused_by,
        "actor": card.actor,
        "amount": None if card.amount is None else format_amount(card.amount),
        "entry": card.entry_id,
        "comment": card.comment,
        "login": card.login,
        "name": card.name,
        "phone": card.phone,
        "state": card.subscriber_state,
        "actions": [_action_data(one, zone) for one in card.actions],
    }


def _action_data(card: ActionCard, zone: tzinfo) -> dict[str, Any]:
    from cli.action import row_data, time_or_none

    receipt = card.receipt
    return {
        **row_data(card.row, zone),
        "key": card.key,
        "remote_id": card.remote_id,
        "text": card.text,
        "payload": dict(card.payload),
        "receipt": receipt
        and {
            "task": receipt.task,
            "state": receipt.state,
            "accepted_at": format_ms(receipt.accepted_at, zone),
            "ended_at": time_or_none(receipt.ended_at, zone),
            "link": receipt.link,
            "detail": receipt.detail,
        },
        "attempts": [_attempt_data(one, zone) for one in card.attempts],
    }


def _attempt_data(one: AttemptRow, zone: tzinfo) -> dict[str, Any]:
    return {
        "number": one.number,
        "what": one.what,
        "started_at": format_ms(one.started_at, zone),
        "ended_at": format_ms(one.ended_at, zone),
        "verdict": one.verdict,
        "status": one.status,
        "detail": one.detail,
        "excerpt": one.excerpt,
    }


def _lines(card: EventCard, session: Session) -> Iterator[str]:
    zone = session.config.billing.timezone
    yield from fields([
        ("event", f"{card.id} {card.kind}{' (late)' if card.is_late else ''}"),
        ("subscriber", f"{card.login} {card.name}".rstrip()),
        ("phone", card.phone),
        ("at", format_ms(card.at, zone)),
        ("recorded", f"{format_ms(card.recorded_at, zone)} by {card.actor}"),
        ("amount", None if card.amount is None else session.money(card.amount)),
        ("key", card.key),
        ("comment", card.comment),
    ])  # fmt: skip
    for one in card.actions:
        yield ""
        yield from _action_lines(one, zone)


def _action_lines(card: ActionCard, zone: tzinfo) -> Iterator[str]:
    from cli.action import time_or_none

    row, receipt = card.row, card.receipt
    again = f", round {row.round}" if row.round > 1 else ""
    yield f"action {row.id}: {row.kind} by {row.channel}{again}: {row.state}"
    said = "" if receipt is None else f"{receipt.state} {receipt.link} {receipt.detail}".strip()
    expires_at = row.expires_at if row.ended_at is None else None
    shown = fields([
        ("why", row.reason),
        ("next", time_or_none(row.next_at, zone)),
        ("expires", time_or_none(expires_at, zone)),
        ("ended", time_or_none(row.ended_at, zone)),
        ("text", card.text),
        ("sent to", card.payload.get("phone") if card.text else None),
        ("their name", card.remote_id),
        ("receipt", said),
    ])  # fmt: skip
    yield from (f"  {line}" for line in shown)
    for one in card.attempts:
        status = f" ({one.status})" if one.status is not None else ""
        took = (one.ended_at - one.started_at) / 1_000
        at = format_ms(one.started_at, zone)[:19].replace("T", " ")
        yield f"  {one.number}. {at} {one.what}: {one.verdict}{status} in {took:.1f} s {one.detail}"
        if one.excerpt:
            yield f"     {one.excerpt}"
