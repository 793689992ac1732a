"""The events of the demonstration's last month: its payments and refunds with what followed them.

Which actions follow is decided by the real rules, what came of them by `replies`: done as a rule,
with some of everything that a person on duty has to know how to read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from engine.clock import FixedClock
from engine.config import Config
from engine.database import Database
from engine.demo import replies
from engine.demo.replies import Fate
from engine.events.facts import Facts, Happened
from engine.events.kinds import BONUS, NAS_PREFIX, OWN, State
from engine.events.known import read_facts
from engine.events.plan import Moment, Planned, plan
from engine.events.record import LATE_MS, content_hash
from engine.events.settings import EventsConfig, NoticesConfig, ReceiptsConfig, Rules
from engine.ledger.bonuses import credit_some
from engine.period import day_start_ms

DAYS = 30
_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS
# The first days were a rehearsal.
_DRY_DAYS = 3
_PAUSED = f"{NAS_PREFIX}tver"
_PAUSE_REASON = "the host key of tver is not the one that was trusted"
RULES = Rules(
    events=EventsConfig(mode="on"),
    notices=NoticesConfig(sms="smsc"),
    receipts=ReceiptsConfig(provider="komtet"),
    nas=("moscow", "tver"),
)
_TROUBLED, _LATE = 0.02, 0.01
# What the newest of a kind are at, the newest first, so that each demonstration has some of each.
_NEWEST: dict[str, tuple[State, ...]] = {
    "notice": (
        "sending", "waiting", "retrying", "unknown", "done", "dead", "retrying", "cancelled",
        "done", "expired", "unknown", "retrying", "done", "done", "dead",
    ),
    "receipt": ("waiting", "retrying", "done", "retrying", "done", "dead", "done", "retrying"),
    "session_drop": ("done", "retrying", "expired"),
}  # fmt: skip
_EVENT = (
    "INSERT INTO event (id, event_key, content_hash, kind, subscriber_id, at, recorded_at, is_late,"
    " source, caused_by, actor, amount, entry_id, comment)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ACTION = (
    "INSERT INTO action (id, event_id, subscriber_id, kind, channel, action_key, payload, state,"
    " reason, attempts, created_at, next_at, sent_at, expires_at, ended_at, remote_id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ATTEMPT = (
    "INSERT INTO attempt (action_id, number, what, started_at, ended_at, verdict, status, detail,"
    " excerpt) VALUES (?, ?, 'send', ?, ?, ?, ?, ?, ?)"
)
_RECEIPT = (
    "INSERT INTO receipt (action_id, task, state, accepted_at, next_at, ended_at, asked, link,"
    " detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_NOT_MADE = (
    "UPDATE action SET state = 'dead', reason = (SELECT r.detail FROM receipt r"
    " WHERE r.action_id = action.id) WHERE id IN (SELECT action_id FROM receipt"
    " WHERE state = 'error')"
)
_OPEN = ("waiting", "sending", "retrying", "unknown")


@dataclass(frozen=True, slots=True)
class _Action:
    """An action with its number and what came of it; `at` is when it was recorded."""

    id: int
    event: int
    subscriber: int
    planned: Planned
    at: int
    fate: Fate


def add_events(database: Database, config: Config, seed: int, today: date) -> None:
    """Writes the events of the `DAYS` days before `today`, in two transactions; bonuses older than
    a day are credited."""
    zone = config.billing.timezone
    now = day_start_ms(today, zone)
    rng = Random(f"billdeck events {seed}")
    happened = _happened(database, rng, now)
    facts = read_facts(database, sorted({one.subscriber_id for _, one in happened}))
    moment = Moment(now, zone, config.billing.currency)
    # What went through a command has its event already.
    known: dict[str, int] = dict(database.rows("SELECT event_key, id FROM event"))
    fresh = count(1 + max(known.values(), default=0))
    numbers = [known.get(one.key) or next(fresh) for _, one in happened]
    actions = list(_actions(rng, happened, numbers, facts, moment))
    with database.transaction():
        database.write_many(
            _EVENT,
            [_event_row(number, recorded, one)
             for number, (recorded, one) in zip(numbers, happened, strict=True)
             if one.key not in known],
        )  # fmt: skip
        _channels(database, actions, now)
        database.write_many(_ACTION, [_action_row(rng, one, now) for one in actions])
        database.write_many(_ATTEMPT, [row for one in actions for row in _attempts(one)])
        receipts = [one for one in actions if one.planned.kind == "receipt" and one.fate.remote_id]
        database.write_many(_RECEIPT, list(_receipts(rng, receipts, now)))
        database.execute(_NOT_MADE)
    clock = FixedClock(now - _HOUR_MS)
    while credit_some(database, config.billing, clock, lambda: None)[0]:
        pass


def _happened(database: Database, rng: Random, now: int) -> list[tuple[int, Happened]]:
    """The payments and refunds, each with the moment at which it was recorded; a few late."""
    rows = database.rows(
        "SELECT e.id, e.kind, e.effective_at, e.actor, e.comment, p.account_id, p.amount"
        " FROM journal_entry e JOIN posting p ON p.entry_id = e.id AND p.line = 1"
        " WHERE e.effective_at >= ? AND e.kind IN ('payment', 'refund')"
        " ORDER BY e.effective_at, e.id",
        (now - DAYS * _DAY_MS,),
    )
    found = []
    for entry, kind, at, actor, comment, subscriber, moved in rows:
        late = rng.randint(15, 300) * _MINUTE_MS if rng.random() < _LATE else 0
        event = Happened(
            kind, subscriber, f"entry:{entry}", at, "ledger", actor, abs(moved), entry, moved,
            "system", comment=comment,
        )  # fmt: skip
        found.append((min(at + late, now - _MINUTE_MS), event))
    return sorted(found, key=lambda one: (one[0], one[1].key))


def _event_row(number: int, recorded: int, one: Happened) -> tuple[Any, ...]:
    late = int(recorded - one.at > LATE_MS)
    return (
        number, one.key, content_hash(one), one.kind, one.subscriber_id, one.at, recorded, late,
        one.source, one.by, one.actor, one.amount, one.entry_id, one.comment,
    )  # fmt: skip


def _actions(
    rng: Random,
    happened: Iterable[tuple[int, Happened]],
    events: Iterable[int],
    known: Mapping[int, Facts],
    moment: Moment,
) -> Iterator[_Action]:
    """What follows by the rules, with what came of it."""
    given: dict[int, int] = {}
    found: list[tuple[int, int, Planned, int]] = []
    for event, (recorded, happening) in zip(events, happened, strict=True):
        who = happening.subscriber_id
        before = known[who].balance - happening.moved
        facts = replace(known[who], balance_before=before, last_top_up=given.get(who))
        planned = plan(happening, facts, RULES, replace(moment, now_ms=recorded))
        for each in planned:
            if each.kind == "top_up_bonus":
                given[who] = happening.at
            found.append((event, who, each, recorded))
    # From the newest on: what is not settled is new.
    seen: Counter[str] = Counter()
    fates = []
    for _, _, each, recorded in reversed(found):
        fates.append(_fate(rng, each, seen[each.kind], moment.now_ms - recorded))
        seen[each.kind] += 1
    for number, (one, fate) in enumerate(zip(found, reversed(fates), strict=True), 1):
        yield _Action(number, *one, fate)


def _fate(rng: Random, planned: Planned, place: int, age: int) -> Fate:
    """Of an action that is so old (milliseconds), and the `place`-th newest of its kind."""
    newest = _NEWEST.get(planned.kind, ())
    if place < len(newest):
        return replies.of_state(rng, planned.kind, newest[place], _why(planned))
    if age > (DAYS - _DRY_DAYS) * _DAY_MS:
        return Fate("suppressed", "a dry run: mode = dry in [events]")
    if planned.channel in (BONUS, OWN):
        return Fate("waiting", "")
    if rng.random() < _TROUBLED:
        return replies.troubled(rng, planned.kind)
    return replies.taken(rng, planned.kind)


def _why(planned: Planned) -> str:
    """Why we are not let in, where we are not."""
    return _PAUSE_REASON if planned.channel == _PAUSED else ""


def _channels(database: Database, actions: Iterable[_Action], now: int) -> None:
    names = sorted({one.planned.channel for one in actions})
    database.write_many("INSERT INTO channel (name) VALUES (?)", [(name,) for name in names])
    database.execute(
        "UPDATE channel SET paused_at = ?, paused_by = 'event-delivery', reason = ?, failures = 0"
        " WHERE name = ?",
        (now - 3 * _DAY_MS, _PAUSE_REASON, _PAUSED),
    )


def _action_row(rng: Random, one: _Action, now: int) -> tuple[Any, ...]:
    planned, fate = one.planned, one.fate
    key = str(UUID(int=rng.getrandbits(128), version=4))
    payload = json.dumps(planned.payload, ensure_ascii=False)
    ends = list(_times(one))
    next_at = {"waiting": max(planned.next_at, one.at), "retrying": now + 3 * _MINUTE_MS}.get(
        fate.state
    )
    sent_at = ends[-1][0] if ends else None
    ended_at = None
    if fate.state not in _OPEN:
        ended_at = ends[-1][1] if ends else one.at
    return (
        one.id, one.event, one.subscriber, planned.kind, planned.channel, key, payload, fate.state,
        fate.reason, len(fate.tries), one.at, next_at, sent_at, planned.expires_at, ended_at,
        fate.remote_id,
    )  # fmt: skip


def _times(one: _Action) -> Iterator[tuple[int, int]]:
    """When each attempt began and ended: the pause doubles after each."""
    at = one.at + 900
    for number, each in enumerate(one.fate.tries):
        yield at, at + each.ms
        at += each.ms + 15_000 * 2**number


def _attempts(one: _Action) -> Iterator[tuple[Any, ...]]:
    for number, (each, (begun, ended)) in enumerate(
        zip(one.fate.tries, _times(one), strict=True), 1
    ):
        yield (one.id, number, begun, ended, each.verdict, each.status, each.detail, each.excerpt)


def _receipts(rng: Random, actions: Iterable[_Action], now: int) -> Iterator[tuple[Any, ...]]:
    """A receipt is made within a minute; the newest are not yet, and now and then one fails."""
    for place, one in enumerate(reversed(list(actions))):
        accepted = list(_times(one))[-1][1]
        task = one.fate.remote_id
        if now - accepted < 20 * _MINUTE_MS:
            yield (one.id, task, "new", accepted, now + _MINUTE_MS, None, 3, "", "")
        elif place == 2 or rng.random() < 0.002:
            words = "the cash register: its shift is longer than 24 hours"
            yield (one.id, task, "error", accepted, None, accepted + 40_000, 2, "", words)
        else:
            link = f"https://example.com/receipt/{task}"
            yield (one.id, task, "done", accepted, None, accepted + 20_000, 1, link, "")
