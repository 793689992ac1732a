"""An event and its actions as lines: all of it is made safe, for replies come from strangers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING

from textual.content import Content

from engine.money import NO_BREAK_SPACE, format_amount_human
from tui.event_words import kind_words, moment, state_style, state_words
from tui.safe import join, safe_text
from tui.widgets.facts import Fact

if TYPE_CHECKING:
    from engine.queries.actions import ActionCard, ActionRow, AttemptRow, EventCard, ReceiptRow
    from tui.app import Console

_SOURCES = {
    "ledger": "our ledger",
    "change": "a change of the subscriber",
    "close": "the month close",
    "hook": "a hook script",
    "mikbill": "MikBill",
    "job": "a job",
}
_NAMES = 11
_VERDICTS = {"done": "$success", "refused": "bold $error", "denied": "bold $error"}


def event_facts(
    event: EventCard, zone: tzinfo, currency: str
) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """What happened to whom, and how we know of it."""
    amount = ""
    if event.amount is not None:
        amount = money(event.amount, currency)
    what: tuple[Fact, ...] = (
        ("event", kind_words(event.kind), "bold"),
        ("subscriber", f"{event.login}  {event.name}", ""),
        ("amount", amount, "bold"),
        ("comment", event.comment, ""),
    )
    late = "  LATE" if event.is_late else ""
    how: tuple[Fact, ...] = (
        ("happened", moment(event.at, zone), ""),
        ("recorded", f"{moment(event.recorded_at, zone)}{late}", "bold $warning" if late else ""),
        ("by", f"{event.actor} ({event.caused_by})", ""),
        ("from", f"{_SOURCES[event.source]}, {event.key}", "$text-muted"),
    )
    return what, how


def money(amount: int, currency: str) -> str:
    """Minor units with the currency, which stays on the same line."""
    return f"{format_amount_human(amount)}{NO_BREAK_SPACE}{currency}"


def detail_lines(card: ActionCard, console: Console) -> list[Content]:
    """All that is known of an action, its last attempt first."""
    action, zone = card.row, console.zone
    amount = card.payload.get("amount", card.payload.get("total"))
    lines = [
        _line("state", state_words(action.state, console.glyphs), state_style(action.state)),
        *_said("reason", action.reason),
        *_said("text", card.text),
        *_said("amount", money(amount, console.config.billing.currency)
               if isinstance(amount, int) else ""),
        *_said("to", _whom(card)),
        *_said("next", _next(action, zone)),
        *_said("ended", moment(action.ended_at, zone)),
        *_said("their name", card.remote_id),
        _line("our name", f"{card.key}  round {action.round}", "$text-muted"),
    ]  # fmt: skip
    if card.receipt is not None:
        lines += _receipt(card.receipt, zone)
    lines.append(Content(""))
    if not card.attempts:
        return [*lines, safe_text("no attempt yet", None, "$text-muted")]
    for one in reversed(card.attempts):
        lines += _attempt(one, zone)
    return lines


def _whom(card: ActionCard) -> str:
    given = card.payload
    found = [str(given[name]) for name in ("phone", "email") if given.get(name)]
    logins = given.get("logins")
    if isinstance(logins, list):
        found += [str(one) for one in logins]
    discounts = given.get("discounts")
    if isinstance(discounts, list):
        found += [" ".join(map(str, one)) for one in discounts if isinstance(one, list)]
    return ", ".join(found)


def _next(action: ActionRow, zone: tzinfo) -> str:
    if action.state == "unknown" and action.next_at is None:
        return "a person has to say what became of it: x"
    found = moment(action.next_at, zone)
    if found and action.expires_at is not None:
        return f"{found}, until {moment(action.expires_at, zone)}"
    return found


def _receipt(receipt: ReceiptRow, zone: tzinfo) -> list[Content]:
    style = {"done": "$success", "error": "bold $error"}.get(receipt.state, "")
    since = f"{receipt.state}, task {receipt.task}, accepted {moment(receipt.accepted_at, zone)}"
    return [
        _line("receipt", since, style),
        *_said("receipt end", moment(receipt.ended_at, zone)),
        *_said("link", receipt.link),
        *_said("said", receipt.detail),
    ]


def _attempt(one: AttemptRow, zone: tzinfo) -> Iterator[Content]:
    """When, with what outcome, and what was answered."""
    status = "" if one.status is None else f"  HTTP {one.status}"
    yield join(
        safe_text(f"{one.number:>3} {moment(one.started_at, zone)}  {one.what}  ", None,
                  "$text-muted"),
        safe_text(one.verdict, 9, _VERDICTS.get(one.verdict, "bold $warning")),
        safe_text(f"{one.ended_at - one.started_at} ms{status}  {one.detail}"),
    )  # fmt: skip
    if one.excerpt:
        yield join(safe_text("    reply  ", None, "$text-muted"), safe_text(one.excerpt))


def _said(name: str, value: str) -> list[Content]:
    return [_line(name, value)] if value else []


def _line(name: str, value: str, style: str = "") -> Content:
    return join(
        safe_text(name, _NAMES, "$text-muted"), safe_text(" "), safe_text(value, None, style)
    )
