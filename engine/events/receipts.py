"""What became of receipts: kept when it was asked for or told, once whoever is first.

A receipt that is done has its link, which may be sent to the subscriber: the action for that is
written with the state, so it is there once. One that came to an error is a dead action with the
provider's words: it is seen wherever dead ones are, until a person has seen to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from engine.database import Database, Row
from engine.events import pauses
from engine.events.facts import Facts, Happened
from engine.events.kinds import State
from engine.events.known import read_facts
from engine.events.notice_values import notice_values
from engine.events.outcome import Outcome
from engine.events.phone import is_known
from engine.events.plan import Moment, Planned, notice
from engine.events.quiet import after_quiet
from engine.events.receipt_rows import Known, wait_ms
from engine.events.record import LATE_MS, action_rows, add_actions
from engine.events.settings import Rules
from engine.events.texts import template_of
from engine.integrations.komtet import Task, receipt_link
from engine.integrations.provider_settings import KomtetConfig
from engine.money import format_amount
from engine.text import safe

Effect = Literal["kept", "known", "contradicted"]
"""What came of something that was said of a receipt; see `settle`."""

# How the detail of a receipt that is done begins when it was told as an error since.
_LATER = "later told as an error: "
_DETAIL_LENGTH = 300
_LINK_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Books:
    """What is needed beside the database to keep what became of receipts."""

    rules: Rules
    komtet: KomtetConfig
    moment: Moment


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of a receipt: its state, or an outcome that tells nothing of it."""

    receipt: Known
    answer: Task | Outcome


def keep(database: Database, channel: str, told: Sequence[Told], books: Books) -> None:
    """Keeps the answers to questions, and what they say of the channel, in the caller's
    transaction. After a commit whose answer was lost, the same answers change nothing."""
    made: list[tuple[Known, str]] = []
    outcomes: list[Outcome] = []
    for one in told:
        if isinstance(one.answer, Outcome):
            kept = _keep_untold(database, one.receipt, one.answer, books.moment.now_ms)
            outcome = one.answer
        elif one.answer.state == "new":
            next_at = books.moment.now_ms + wait_ms(one.receipt.asked + 1)
            kept = _ask_later(database, one.receipt, "", next_at)
            outcome = Outcome("done")
        else:
            kept = settle(database, one.receipt, one.answer, books) == "kept"
            outcome = Outcome("done")
            if kept and one.answer.state == "done":
                made.append((one.receipt, receipt_link(one.answer, books.komtet)))
        outcomes += [outcome] if kept else []
    add_links(database, made, books)
    for before in pauses.read_channels(database, [channel]) if outcomes else ():
        after = pauses.after(before, outcomes, books.rules.events, books.moment.now_ms)
        if after != before:
            pauses.keep_channel(database, after)


def _keep_untold(database: Database, receipt: Known, outcome: Outcome, now_ms: int) -> bool:
    # Not let in: it is not about this receipt, which is asked for as soon as we are.
    denied = outcome.verdict == "denied"
    wait = 0 if denied else wait_ms(receipt.asked + 1, outcome.after_seconds)
    return _ask_later(database, receipt, outcome.detail, now_ms + wait)


def _ask_later(database: Database, receipt: Known, detail: str, next_at: int) -> bool:
    """Puts off the next question; False if somebody has asked, or was told, since it was read."""
    cursor = database.execute(
        "UPDATE receipt SET asked = asked + 1, next_at = ?, detail = ?"
        " WHERE action_id = ? AND state = 'new' AND asked = ?",
        (next_at, safe(detail, _DETAIL_LENGTH), receipt.action, receipt.asked),
    )
    return bool(cursor.rowcount)


def settle(database: Database, receipt: Known, task: Task, books: Books) -> Effect:
    """Keeps what was said of a receipt, in the caller's transaction: `kept`, `known` where that was
    known already, or `contradicted` where it does not fit what was said before. Then its action is
    dead: a person has to look what is true."""
    now = books.moment.now_ms
    match receipt.state, task.state:
        case "new", "error":
            return _fail(database, receipt, task, now)
        case "new" | "error", "done":
            return _make(database, receipt, task, receipt_link(task, books.komtet), now)
        case "done", "error":
            return _contradict(database, receipt, task, now)
    return "known"


def _make(database: Database, receipt: Known, task: Task, link: str, now_ms: int) -> Effect:
    cursor = database.execute(
        "UPDATE receipt SET state = 'done', task = ?, next_at = NULL, ended_at = ?, link = ?,"
        " detail = ? WHERE action_id = ? AND state = ?",
        (task.id, now_ms, link[:_LINK_LENGTH], _fiscal(task), receipt.action, receipt.state),
    )
    if not cursor.rowcount:
        return "known"
    if receipt.state == "error" and receipt.action_state == "dead":
        _set_action(database, receipt, "done", "made after all", now_ms)
    elif receipt.state == "error" or receipt.action_state == "cancelled":
        words = f"made after all, although this was {receipt.action_state}: are there two now?"
        _set_action(database, receipt, "dead", words, now_ms)
        return "contradicted"
    return "kept"


def _fail(database: Database, receipt: Known, task: Task, now_ms: int) -> Effect:
    words = safe(task.error or "no reason given", _DETAIL_LENGTH)
    cursor = database.execute(
        "UPDATE receipt SET state = 'error', next_at = NULL, ended_at = ?, detail = ?"
        " WHERE action_id = ? AND state = 'new'",
        (now_ms, words, receipt.action),
    )
    if not cursor.rowcount:
        return "known"
    if receipt.action_state == "done":
        _set_action(database, receipt, "dead", f"no receipt was made: {words}", now_ms)
    return "kept"


def _contradict(database: Database, receipt: Known, task: Task, now_ms: int) -> Effect:
    if receipt.detail.startswith(_LATER):
        return "known"
    words = f"{_LATER}{task.error or 'no reason given'}"
    cursor = database.execute(
        "UPDATE receipt SET detail = ? WHERE action_id = ? AND state = 'done' AND detail = ?",
        (safe(f"{words}; {receipt.detail}", _DETAIL_LENGTH), receipt.action, receipt.detail),
    )
    if not cursor.rowcount:
        return "known"
    _set_action(database, receipt, "dead", f"the receipt was made, but {words}", now_ms)
    return "contradicted"


def _set_action(
    database: Database, receipt: Known, state: State, reason: str, now_ms: int
) -> None:  # fmt: skip
    database.execute(
        "UPDATE action SET state = ?, reason = ?, ended_at = ? WHERE id = ? AND state = ?",
        (state, safe(reason, _DETAIL_LENGTH), now_ms, receipt.action, receipt.action_state),
    )


def _fiscal(task: Task) -> str:
    """What identifies a receipt that was made."""
    parts = (("drive", task.drive), ("document", task.document), ("sign", task.sign))
    text = ", ".join(f"{name} {value}" for name, value in parts if value)
    return safe(text, _DETAIL_LENGTH)


def add_links(database: Database, made: Sequence[tuple[Known, str]], books: Books) -> None:
    """Adds the notices that tell subscribers where their receipts are, if that is wanted: of those
    whose phone is known. Only for who has just kept that they are done, in that transaction."""
    rules = books.rules
    if not rules.receipts.link_notice or rules.events.mode == "off":
        return
    made = [(one, link) for one, link in made if is_known(one.payload["phone"])]
    if not made:
        return
    facts = read_facts(database, sorted({one.subscriber for one, _ in made}))
    events = events_of(database, sorted({one.event for one, _ in made}))
    rounds = _rounds(database, sorted(events))
    rows: list[Row] = []
    for one, link in made:
        planned = _link(one, link, events[one.event], facts[one.subscriber], books)
        number = rounds[one.event] = rounds.get(one.event, 0) + 1
        rows += action_rows(one.event, one.subscriber, planned, rules, books.moment, number)
    add_actions(database, rows)


def _link(
    receipt: Known, link: str, happened: Happened, facts: Facts, books: Books
) -> list[Planned]:
    moment, rules, payload = books.moment, books.rules, receipt.payload
    values = notice_values(happened, facts, rules, moment.zone, moment.currency)
    values |= {"link": link, "login": payload["login"], "amount": format_amount(payload["total"])}
    next_at, quiet = moment.now_ms, rules.notices
    if next_at - receipt.accepted_at > LATE_MS:
        # Nobody sits there and waits for it any more.
        next_at = after_quiet(next_at, moment.zone, quiet.quiet_from, quiet.quiet_until)
    planned = notice(template_of("receipt_link", rules), values, payload["phone"], rules, next_at)
    return [replace(one, kind="receipt_link") for one in planned]


def events_of(database: Database, numbers: Sequence[int]) -> dict[int, Happened]:
    """Events by their numbers, as they were recorded."""
    marks = ", ".join("?" * len(numbers))
    return {
        number: Happened(*row)
        for number, *row in database.rows(
            "SELECT id, kind, subscriber_id, event_key, at, source, actor, amount, entry_id"
            f" FROM event WHERE id IN ({marks})",
            numbers,
        )
    }


def _rounds(database: Database, events: Sequence[int]) -> dict[int, int]:
    """The newest round of a link by event: a receipt that was made again has a link of its own."""
    marks = ", ".join("?" * len(events))
    rows = database.rows(
        "SELECT event_id, MAX(round) FROM action"
        f" WHERE event_id IN ({marks}) AND kind = 'receipt_link' GROUP BY event_id",
        events,
    )
    return {event: int(number) for event, number in rows}
