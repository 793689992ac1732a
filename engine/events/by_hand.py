"""What persons do about actions: try again, call off, mark as done. Audited, safe to repeat.

The delivery runs beside. What it is sending at the moment is not touched: every change names the
state that it was decided on, and rows are locked before they are looked at. `resend` sends
failed notices once more, `channel_hand` has the pauses of channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.audit import AuditLine, write_audit
from engine.database import Database
from engine.errors import InputError, NeedsConfirmation
from engine.events.kinds import ActionKind, State
from engine.events.settings import Rules
from engine.retry import run_unit
from engine.text import safe

MOST = 10_000
"""So many actions at once and no more."""

_UNIT = 100
_REASON_LENGTH = 300
_MOST_WORDS = 200
_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000

RETRIED: tuple[State, ...] = ("dead", "unknown", "retrying", "expired")
CANCELLED: tuple[State, ...] = ("waiting", "retrying", "unknown", "dead")
MARKED: tuple[State, ...] = ("unknown", "dead", "retrying")
"""The states in which an action can be tried again, called off, marked as done."""

REVERSED = "its payment was reversed"
"""So the reason of an action begins whose entry was taken back."""

MARKED_DONE = "marked as done"
"""So the reason of an action begins that a person has marked."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Who acts, when (epoch milliseconds), and how many seconds a lost database is waited for."""

    actor: str
    now_ms: int
    wait_seconds: float = 60


@dataclass(frozen=True, slots=True)
class Refused:
    """An action that was left as it is, and why."""

    action: int
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The numbers of the actions that were changed, those that were not, and those that were added
    in their place, if any."""

    changed: tuple[int, ...] = ()
    refused: tuple[Refused, ...] = ()
    added: tuple[int, ...] = ()

    def plus(self, other: Answer) -> Answer:
        """Both together."""
        return Answer(
            self.changed + other.changed, self.refused + other.refused, self.added + other.added
        )


class Found(NamedTuple):
    """An action as it is before it is changed. `is_reversed`: what it follows was taken back."""

    id: int
    event: int
    subscriber: int
    kind: ActionKind
    channel: str
    round: int
    state: State
    reason: str
    payload: str
    expires_at: int | None
    is_reversed: int


class Step(NamedTuple):
    """What becomes of an action. Epoch milliseconds."""

    state: State
    reason: str
    next_at: int | None = None
    expires_at: int | None = None


def retry(
    database: Database, rules: Rules, ids: Sequence[int], hand: Hand, confirmed: bool = False
) -> Answer:
    """Lets actions be tried again now. Attempts are kept; one with an expiry gets it anew, counted
    from now. Of an unknown one nobody knows whether it was carried out, so that it may be carried
    out twice: it needs `confirmed`, else NeedsConfirmation, and nothing was changed. What follows
    an entry that was taken back is refused."""
    ids = chosen(ids)
    if not confirmed:
        require_no_doubt(database, ids, "tried")

    def step(found: Found) -> Step | str:
        if found.is_reversed:
            return REVERSED
        expires_at = None
        if found.expires_at is not None:
            expires_at = hand.now_ms + _lifetime(found.kind, rules)
        return Step("waiting", "", hand.now_ms, expires_at)

    allowed = RETRIED if confirmed else tuple(one for one in RETRIED if one != "unknown")
    return _change_all(database, ids, hand, "action retry", allowed, step)


def cancel(database: Database, ids: Sequence[int], reason: str, hand: Hand) -> Answer:
    """Calls actions off; the reason may be empty. An unknown one may have been carried out."""
    words = _words("called off", reason, hand)

    def step(found: Found) -> Step:
        return Step("cancelled", words, None, found.expires_at)

    return _change_all(database, chosen(ids), hand, "action cancel", CANCELLED, step)


def mark_done(database: Database, ids: Sequence[int], reason: str, hand: Hand) -> Answer:
    """Marks actions as done that somebody has seen to otherwise. Raises InputError without a
    reason. Nothing is carried out: a bonus that is marked so is not credited by us."""
    words = _words(MARKED_DONE, require_words(reason, "a reason"), hand)

    def step(found: Found) -> Step:
        return Step("done", words, None, found.expires_at)

    return _change_all(database, chosen(ids), hand, "action done", MARKED, step)


def require_words(text: str, what: str) -> str:
    """The text without blanks around it. Raises InputError without any."""
    text = text.strip()
    if not text:
        raise InputError(f"{what} is needed, for those who ask later. Nothing was changed.")
    return text


def chosen(ids: Sequence[int]) -> list[int]:
    """The numbers, each once. Raises InputError for none and for too many."""
    once = list(dict.fromkeys(ids))
    if not 0 < len(once) <= MOST:
        raise InputError(
            f"{len(once)} actions are {'too many' if once else 'none'}: from 1 to {MOST} can be"
            " seen to at once. Nothing was changed."
        )
    return once


def require_no_doubt(database: Database, ids: Sequence[int], verb: str) -> None:
    """Raises NeedsConfirmation if of any of the actions it is not known whether it was carried
    out. `verb` is what is to be done again with it: tried, sent."""
    doubtful = [
        number
        for part in parts(ids)
        for (number,) in database.rows(
            f"SELECT id FROM action WHERE id IN ({_marks(part)}) AND state = 'unknown'", part
        )
    ]
    if doubtful:
        named = ", ".join(map(str, sorted(doubtful)[:10])) + (", ..." if doubtful[10:] else "")
        raise NeedsConfirmation(
            f"of {len(doubtful)} action{'' if len(doubtful) == 1 else 's'} nobody knows whether"
            f" {'it was' if len(doubtful) == 1 else 'they were'} carried out ({named}): {verb}"
            " again, a message may come twice. Nothing was changed."
        )


def _words(what: str, reason: str, hand: Hand) -> str:
    text = reason.strip()
    if len(text) > _MOST_WORDS:
        raise InputError(f"a reason has at most {_MOST_WORDS} characters. Nothing was changed.")
    return safe(f"{what} by {hand.actor}{': ' if text else ''}{text}", _REASON_LENGTH)


def _lifetime(kind: ActionKind, rules: Rules) -> int:
    """How many milliseconds an action of a kind that expires may wait."""
    if kind == "session_drop":
        return rules.events.session_minutes * _MINUTE_MS
    return rules.notices.expire_hours * _HOUR_MS


def parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """The numbers in pieces, each for one transaction."""
    for start in range(0, len(ids), _UNIT):
        yield ids[start : start + _UNIT]


def by_parts(
    database: Database,
    ids: Sequence[int],
    hand: Hand,
    action: str,
    work: Callable[[Sequence[int]], Answer],
) -> Answer:
    """Does `work` for the numbers, some in each transaction, and adds up. After a commit whose
    answer was lost, what was audited under this `action` is not done again."""
    answer = Answer()
    for part in parts(ids):
        answer = answer.plus(_once(database, part, hand, action, work))
    return answer


def _once(
    database: Database,
    ids: Sequence[int],
    hand: Hand,
    action: str,
    work: Callable[[Sequence[int]], Answer],
) -> Answer:
    is_repeat = False

    def attempt() -> Answer:
        nonlocal is_repeat
        with database.transaction():
            done: Sequence[int] = _audited(database, ids, hand, action) if is_repeat else ()
            is_repeat = True
            rest = [number for number in ids if number not in done]
            return Answer(tuple(done)).plus(work(rest) if rest else Answer())

    return run_unit(database, attempt, hand.wait_seconds)


def _audited(database: Database, ids: Sequence[int], hand: Hand, action: str) -> list[int]:
    objects = {_object(number): number for number in ids}
    rows = database.rows(
        f"SELECT object FROM audit WHERE object IN ({_marks(ids)}) AND at = ? AND actor = ?"
        " AND action = ?",
        (*objects, hand.now_ms, hand.actor, action),
    )
    return [objects[name] for (name,) in rows]


def _change_all(
    database: Database,
    ids: Sequence[int],
    hand: Hand,
    action: str,
    allowed: Sequence[State],
    step: Callable[[Found], Step | str],
) -> Answer:
    """`step` says what becomes of an action, or why it is left as it is."""

    def work(part: Sequence[int]) -> Answer:
        found = find(database, part)
        changed: list[int] = []
        refused: list[Refused] = []
        for number in part:
            refusal = why_not(found.get(number), number, allowed)
            if refusal is None:
                following = step(found[number])
                if isinstance(following, Step):
                    change(database, found[number], following, hand, action)
                    changed.append(number)
                    continue
                refusal = Refused(number, following)
            refused.append(refusal)
        return Answer(tuple(changed), tuple(refused))

    return by_parts(database, ids, hand, action, work)


def find(database: Database, ids: Sequence[int]) -> dict[int, Found]:
    """The actions by number, locked until the transaction ends."""
    rows = database.rows(
        "SELECT id, event_id, subscriber_id, kind, channel, round, state, reason, payload,"
        " expires_at, (SELECT COUNT(*) FROM event e JOIN reversal r ON r.reversed_entry ="
        " e.entry_id WHERE e.id = action.event_id)"
        f" FROM action WHERE id IN ({_marks(ids)}) ORDER BY id"
        f" {database.dialect.lock_rows}",
        ids,
    )
    return {row[0]: Found(*row) for row in rows}


def why_not(found: Found | None, number: int, allowed: Sequence[State]) -> Refused | None:
    """Why an action is left as it is, None if it need not be."""
    if found is None:
        return Refused(number, "there is no such action")
    if found.state in allowed:
        return None
    if found.state == "sending":
        return Refused(number, "it is being sent at this moment")
    if found.state == "unknown":
        return Refused(number, "it may have been carried out")
    return Refused(number, f"it is {found.state}")


def change(database: Database, found: Found, step: Step, hand: Hand, action: str) -> None:
    """Changes one action, in the caller's transaction, with its line in the audit."""
    database.execute(
        "UPDATE action SET state = ?, reason = ?, next_at = ?, expires_at = ?, ended_at = ?"
        " WHERE id = ? AND state = ?",
        (
            step.state, step.reason, step.next_at, step.expires_at,
            None if step.state == "waiting" else hand.now_ms, found.id, found.state,
        ),
    )  # fmt: skip
    before: dict[str, Any] = {"state": found.state, "reason": found.reason}
    after = {"state": step.state, "reason": step.reason}
    line = AuditLine(hand.now_ms, hand.actor, action, _object(found.id), before, after)
    write_audit(database, line)


def _object(number: int) -> str:
    return f"action:{number}"


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))
