"""Sending failed notices once more: the preview, and new actions in the next round of an event.

A notice that failed does not wait again: it is ended, and another action with a key of its own
takes its place, to the number that the subscriber has now, by the channel that notices go by now.
In the quiet hours it waits for their end: nobody is woken for news that are old already.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.database import Database, Row
from engine.errors import InputError
from engine.events.by_hand import (
    MOST,
    REVERSED,
    Answer,
    Found,
    Hand,
    Refused,
    Step,
    by_parts,
    change,
    chosen,
    find,
    parts,
    require_no_doubt,
    why_not,
)
from engine.events.kinds import State
from engine.events.phone import is_known
from engine.events.plan import Moment, notice
from engine.events.quiet import after_quiet
from engine.events.record import action_rows, add_actions
from engine.events.settings import Rules
from engine.text import safe

RESENT: tuple[State, ...] = ("dead", "expired", "cancelled", "unknown")
"""The states from which a notice can be sent again."""
FAILED: tuple[State, ...] = ("dead", "expired")
"""Those in which it has failed by itself."""

_ACTION = "action resend"
_NOTICES = ("notice", "receipt_link")
_SOCIAL = "_social"
_FIRST = 10
_REASON_LENGTH = 300
# The place of the key in a row of an action to be.
_KEY = 5


@dataclass(frozen=True, slots=True)
class FailedGroup:
    """How many notices failed on a channel for the same reason."""

    state: State
    channel: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class FailedNotices:
    """Notices that can be sent again: their numbers, ascending, counts by reason, the most first,
    and the logins of the first ones."""

    ids: tuple[int, ...]
    groups: tuple[FailedGroup, ...]
    logins: tuple[str, ...]


def failed_notices(
    database: Database,
    since: int = 0,
    until: int | None = None,
    states: Sequence[State] = FAILED,
    channel: str | None = None,
) -> FailedNotices:
    """The notices that failed, of events recorded from `since` to before `until` (epoch
    milliseconds), which have not been sent again. Raises InputError for more than MOST."""
    rows: list[Row] = []
    for state in states:
        if state not in RESENT:
            raise InputError(f"what is {safe(state, 20)} is not sent again: {', '.join(RESENT)}")
        rows += _failed(database, since, until, state, channel)
    if len(rows) > MOST:
        raise InputError(
            f"more than {MOST} notices failed in that time: choose less of it. Nothing was changed."
        )
    rows.sort()
    return _summed(tuple(row[0] for row in rows), rows)


def failed_of(database: Database, ids: Sequence[int]) -> FailedNotices:
    """The same of actions that are named by their numbers, whatever they are."""
    ids = chosen(ids)
    rows: list[Row] = []
    for part in parts(ids):
        rows += database.rows(
            "SELECT a.id, s.login, a.state, a.channel, a.reason FROM action a JOIN subscriber s"
            f" ON s.id = a.subscriber_id WHERE a.id IN ({', '.join('?' * len(part))})",
            part,
        )
    return _summed(tuple(ids), sorted(rows))


def _summed(ids: tuple[int, ...], rows: Sequence[Row]) -> FailedNotices:
    counts = Counter((state, name, reason) for _, _, state, name, reason in rows)
    return FailedNotices(
        ids,
        tuple(FailedGroup(*group, count) for group, count in counts.most_common()),
        tuple(dict.fromkeys(row[1] for row in rows))[:_FIRST],
    )


def _failed(
    database: Database, since: int, until: int | None, state: State, channel: str | None
) -> list[Row]:
    where = ""
    values: list[str | int] = [state, since]
    if until is not None:
        where, values = f"{where} AND a.created_at < ?", [*values, until]
    if channel is not None:
        where, values = f"{where} AND a.channel = ?", [*values, channel]
    by_state = database.dialect.by_index("action_state")
    return database.rows(
        f"SELECT a.id, s.login, a.state, a.channel, a.reason FROM action a {by_state}"
        " JOIN subscriber s ON s.id = a.subscriber_id"
        f" WHERE a.state = ? AND a.kind IN {_NOTICES} AND a.created_at >= ?{where}"
        " AND NOT EXISTS (SELECT 1 FROM action n WHERE n.event_id = a.event_id AND n.kind = a.kind"
        " AND n.round > a.round AND (n.channel LIKE '%social') = (a.channel LIKE '%social'))"
        " ORDER BY a.id LIMIT ?",
        (*values, MOST + 1),
    )


def resend(
    database: Database,
    rules: Rules,
    moment: Moment,
    ids: Sequence[int],
    hand: Hand,
    confirmed: bool = False,
) -> Answer:
    """Sends failed notices once more, each as a new action of its event's next round: only the
    newest round, so that no two are under way. The text is the one of then. What is unknown may
    have come already: it needs `confirmed`, else NeedsConfirmation. Raises InputError where nothing
    is delivered at all."""
    if rules.events.mode != "on":
        raise InputError(
            f"nothing is delivered: mode = {rules.events.mode} in [events]. Nothing was changed."
        )
    ids = chosen(ids)
    if not confirmed:
        require_no_doubt(database, ids, "sent")
    allowed = RESENT if confirmed else tuple(one for one in RESENT if one != "unknown")

    def work(part: Sequence[int]) -> Answer:
        found = find(database, part)
        phones = _phones(database, sorted({one.subscriber for one in found.values()}))
        rounds = _rounds(database, sorted({one.event for one in found.values()}))
        refused: list[Refused] = []
        rows: list[Row] = []
        for number in part:
            refusal = why_not(found.get(number), number, allowed)
            if refusal is None:
                one = found[number]
                made = _again(one, rules, moment, phones.get(one.subscriber, ""), rounds)
                if isinstance(made, str):
                    refusal = Refused(number, made)
                else:
                    rows += made
                    change(database, one, _ended(one), hand, _ACTION)
            if refusal is not None:
                refused.append(refusal)
        add_actions(database, rows)
        kept_off = {one.action for one in refused}
        changed = tuple(number for number in part if number not in kept_off)
        return Answer(changed, tuple(refused), _numbers(database, rows))

    return by_parts(database, ids, hand, _ACTION, work)


def _again(
    found: Found,
    rules: Rules,
    moment: Moment,
    phone: str,
    rounds: dict[tuple[int, str, bool], int],
) -> list[Row] | str:
    """The row of the new action, or why there is none."""
    if found.kind not in _NOTICES:
        return f"it is no notice but a {found.kind}"
    if found.is_reversed:
        return REVERSED
    is_social = found.channel.endswith(_SOCIAL)
    if rounds[found.event, found.kind, is_social] > found.round:
        return "it was sent again already"
    payload = json.loads(found.payload)
    if not is_known(phone):
        return "the subscriber has no phone number"
    quiet = rules.notices
    next_at = after_quiet(moment.now_ms, moment.zone, quiet.quiet_from, quiet.quiet_until)
    planned = notice(payload["template"], payload["values"], phone, rules, next_at)
    here = [one for one in planned if one.channel.endswith(_SOCIAL) == is_social]
    if not here:
        return f"no provider is set up for it: {'social' if is_social else 'sms'} in [notices]"
    again = [replace(one, kind=found.kind) for one in here]
    return action_rows(found.event, found.subscriber, again, rules, moment, found.round + 1)


def _ended(found: Found) -> Step:
    before = f"{found.state}: {found.reason}" if found.reason else found.state
    reason = safe(f"sent again as round {found.round + 1}; before {before}", _REASON_LENGTH)
    return Step("cancelled", reason, None, found.expires_at)


def _phones(database: Database, subscribers: Sequence[int]) -> dict[int, str]:
    marks = ", ".join("?" * len(subscribers))
    return dict(
        database.rows(f"SELECT id, phone FROM subscriber WHERE id IN ({marks})", subscribers)
    )


def _rounds(database: Database, events: Sequence[int]) -> dict[tuple[int, str, bool], int]:
    """The newest round by event, kind and whether it is social. Read with a lock: of two persons
    who send the same again, the second one sees the round of the first."""
    newest: dict[tuple[int, str, bool], int] = {}
    marks = ", ".join("?" * len(events))
    for event, kind, channel, round in database.rows(
        f"SELECT event_id, kind, channel, round FROM action WHERE event_id IN ({marks})"
        f" {database.dialect.lock_rows}",
        events,
    ):
        key = (event, kind, channel.endswith(_SOCIAL))
        newest[key] = max(round, newest.get(key, 0))
    return newest


def _numbers(database: Database, rows: Sequence[Row]) -> tuple[int, ...]:
    """The numbers of rows that were added."""
    if not rows:
        return ()
    marks = ", ".join("?" * len(rows))
    found = database.rows(
        f"SELECT id FROM action WHERE action_key IN ({marks}) ORDER BY id",
        [row[_KEY] for row in rows],
    )
    return tuple(number for (number,) in found)
