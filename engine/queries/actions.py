"""Actions to look at: rows newest first, an event whole, the channels.

A done action is one of a million, so nothing here walks through them: each list has a limit and
goes along an index. `event_list` and `event_counts` have what the console filters and counts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.database import Database, Row
from engine.events.pauses import Channel

MOST_ROWS = 1_000
"""So many rows at once and no more."""
_MOST_ATTEMPTS = 100
_MOST_OF_EVENT = 500

_COLUMNS = (
    "a.id, a.event_id, s.login, e.kind, a.kind, a.channel, a.round, a.state, a.reason, a.attempts,"
    " a.created_at, a.next_at, a.sent_at, a.expires_at, a.ended_at"
)
_JOINS = "JOIN event e ON e.id = a.event_id JOIN subscriber s ON s.id = a.subscriber_id"


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action as a line of a list. Times are epoch milliseconds; `event_kind` is what happened,
    `kind` what follows; `round` 2 is one that was sent again by hand."""

    id: int
    event_id: int
    login: str
    event_kind: str
    kind: str
    channel: str
    round: int
    state: str
    reason: str
    attempts: int
    created_at: int
    next_at: int | None
    sent_at: int | None
    expires_at: int | None
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt: `what` is send or ask, `verdict` what came of it, `status` that of HTTP,
    `excerpt` the beginning of the answer. Epoch milliseconds."""

    number: int
    what: str
    started_at: int
    ended_at: int
    verdict: str
    status: int | None
    detail: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """What became of a receipt that was accepted: `state` is new, done or error."""

    task: str
    state: str
    accepted_at: int
    ended_at: int | None
    link: str
    detail: str


@dataclass(frozen=True, slots=True)
class ActionCard:
    """An action whole: what it was given, and its attempts, the oldest first (the newest
    hundred)."""

    row: ActionRow
    key: str
    remote_id: str
    payload: Mapping[str, Any]
    attempts: tuple[AttemptRow, ...]
    receipt: ReceiptRow | None

    @property
    def text(self) -> str:
        """What a notice says, its template where that cannot be filled in; '' of all others."""
        template = str(self.payload.get("template", ""))
        if not template:
            return ""
        # Jinja2 takes its time to load, and most lists show no text.
        from engine.errors import InputError
        from engine.events.texts import render

        try:
            return render(template, self.payload.get("values", {}))
        except InputError:
            return template


@dataclass(frozen=True, slots=True)
class EventCard:
    """An event with all that followed. `at` is when it happened, `recorded_at` when we learned of
    it; `amount` minor units; `name`, `phone` and `subscriber_state` are the subscriber's now."""

    id: int
    key: str
    kind: str
    at: int
    recorded_at: int
    is_late: int
    source: str
    caused_by: str
    actor: str
    amount: int | None
    entry_id: int | None
    comment: str
    login: str
    name: str
    phone: str
    subscriber_state: str
    actions: tuple[ActionCard, ...]


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel, and how many actions on it are in which state."""

    channel: Channel
    waiting: int
    sending: int
    retrying: int
    unknown: int
    dead: int


def actions(
    database: Database,
    *,
    state: str | None = None,
    kind: str | None = None,
    login: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[ActionRow]:
    """The newest actions, newest first, of a state, a kind, a login, as far as they are given, with
    numbers below `before`; `limit` of them, at most MOST_ROWS."""
    limit = max(0, min(limit, MOST_ROWS))
    wanted = [("a.state", state), ("a.kind", kind)]
    clauses = [(f"{column} = ?", value) for column, value in wanted if value is not None]
    if before is not None:
        clauses.append(("a.id < ?", str(before)))
    if login is not None:
        clauses.append(("a.subscriber_id = (SELECT id FROM subscriber WHERE login = ?)", login))
    where = " AND ".join(clause for clause, _ in clauses) or "1 = 1"
    values = [value for _, value in clauses]
    index = database.dialect.by_index(_index(state, kind, login))
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM (SELECT a.id FROM action a {index} WHERE {where}"
        f" ORDER BY a.id DESC LIMIT ?) n JOIN action a ON a.id = n.id {_JOINS} ORDER BY a.id DESC",
        (*values, limit),
    )
    return [ActionRow(*row) for row in rows]


def _index(state: str | None, kind: str | None, login: str | None) -> str | None:
    """The index that leaves the fewest rows to look at: of one subscriber there are some hundreds;
    nearly all are done, so that a kind tells more than this state, and less than any other."""
    if login is not None:
        return "action_order"
    if state is not None and (kind is None or state != "done"):
        return "action_state"
    return None if kind is None else "action_kind"


def event_of(database: Database, action: int) -> int | None:
    """The event that an action belongs to, None without such an action."""
    found = database.value("SELECT event_id FROM action WHERE id = ?", (action,))
    return None if found is None else int(found)


def event_card(database: Database, event: int) -> EventCard | None:
    """An event with its actions and their attempts; None without such an event."""
    row = database.row(
        "SELECT e.id, e.event_key, e.kind, e.at, e.recorded_at, e.is_late, e.source, e.caused_by,"
        " e.actor, e.amount, e.entry_id, e.comment, s.login, s.name, s.phone, s.state FROM event e"
        " JOIN subscriber s ON s.id = e.subscriber_id WHERE e.id = ?",
        (event,),
    )
    if row is None:
        return None
    found = sorted(
        database.rows(
            f"SELECT {_COLUMNS}, a.action_key, a.remote_id, a.payload FROM action a {_JOINS}"
            " WHERE a.event_id = ? LIMIT ?",
            (event, _MOST_OF_EVENT),
        )
    )
    attempts = _attempts(database, [one[0] for one in found])
    receipts = _receipts(database, [one[0] for one in found])
    cards = tuple(_card(one, attempts[one[0]], receipts.get(one[0])) for one in found)
    return EventCard(*(*row, cards))


def _card(row: Row, attempts: Sequence[AttemptRow], receipt: ReceiptRow | None) -> ActionCard:
    *first, key, remote_id, payload = row
    return ActionCard(
        ActionRow(*first), key, remote_id, json.loads(payload), tuple(attempts), receipt
    )


def _attempts(database: Database, numbers: Sequence[int]) -> dict[int, list[AttemptRow]]:
    found: dict[int, list[AttemptRow]] = defaultdict(list)
    for number in numbers:
        rows = database.rows(
            "SELECT number, what, started_at, ended_at, verdict, status, detail, excerpt"
            " FROM attempt WHERE action_id = ? ORDER BY number DESC LIMIT ?",
            (number, _MOST_ATTEMPTS),
        )
        found[number] = [AttemptRow(*row) for row in reversed(rows)]
    return found


def _receipts(database: Database, numbers: Sequence[int]) -> dict[int, ReceiptRow]:
    if not numbers:
        return {}
    marks = ", ".join("?" * len(numbers))
    return {
        action: ReceiptRow(*row)
        for action, *row in database.rows(
            "SELECT action_id, task, state, accepted_at, ended_at, link, detail FROM receipt"
            f" WHERE action_id IN ({marks})",
            numbers,
        )
    }


def channels(database: Database) -> list[ChannelRow]:
    """All channels that anything ever went by, in the order of their names: there are as many as
    providers and NAS."""
    counted = ", ".join(
        f"(SELECT COUNT(*) FROM action a WHERE a.channel = c.name AND a.state = '{state}')"
        for state in ("waiting", "sending", "retrying", "unknown", "dead")
    )
    rows = database.rows(
        "SELECT c.name, c.paused_at, c.paused_until, c.paused_by, c.reason, c.failures,"
        f" {counted} FROM channel c ORDER BY c.name LIMIT ?",
        (MOST_ROWS,),
    )
    return [ChannelRow(Channel(*row[:6]), *map(int, row[6:])) for row in rows]
