"""Events from outside, as `billdeck event` records them: once by their key, whatever dies.

Such an event moves no money in our ledger; it only tells what happened elsewhere, and what follows
is decided by the facts as our tables have them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import uuid4

from engine.clock import Clock
from engine.config import BillingConfig
from engine.database import Database
from engine.errors import InputError
from engine.events.answers import Told, read_told
from engine.events.facts import Facts, Happened
from engine.events.kinds import EVENT_KINDS, By, EventKind
from engine.events.known import read_facts
from engine.events.plan import Moment
from engine.events.record import content_hash, record
from engine.events.settings import Rules
from engine.ledger.inputs import require_amount, storable
from engine.ledger.subjects import Subject
from engine.money import format_amount
from engine.period import format_ms
from engine.retry import again_if_taken, run_unit
from engine.text import safe

T = TypeVar("T")

WORDS: dict[str, EventKind] = {
    kind.replace("_", "-"): kind for kind in EVENT_KINDS if kind not in ("birthday", "reminder")
}
"""The kinds that come from outside, as they are typed."""

MONEY: tuple[EventKind, ...] = ("payment", "refund")
LIMITS: tuple[EventKind, ...] = ("limit", "credit")
MOST_KEY = 140
# A key that nobody can give: each call without a key is an event of its own.
_CALL_KEY = "call:"
_AHEAD_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Given:
    """What a hook was called with. `amount` is minor units, `when_ms` epoch milliseconds."""

    kind: EventKind
    uid: str
    payment: str | None = None
    amount: int | None = None
    when_ms: int | None = None
    key: str | None = None
    by: By | None = None


def kind_of(word: str) -> EventKind:
    """The kind of a typed word. Raises InputError."""
    kind = WORDS.get(word)
    if kind is None:
        raise InputError(
            f"there is no event '{safe(word, 40)}': it is one of {', '.join(WORDS)}. Nothing was"
            " recorded."
        )
    return kind


def find_by_uid(database: Database, uid: str) -> Subject | None:
    """The subscriber whose `external_uid` this is, the main one for an alias; None without one."""
    return _find(database, "external_uid", uid)


def find_hooked(database: Database, uid: str) -> Subject:
    """The subscriber of an `external_uid`, else of a login, the main one for an alias. Raises
    InputError."""
    subject = find_by_uid(database, uid) or _find(database, "login", uid)
    if subject is None:
        raise InputError(
            f"there is no subscriber with the external uid or the login '{safe(uid, 80)}'."
            " Nothing was recorded."
        )
    return subject


def _find(database: Database, column: str, text: str) -> Subject | None:
    if not storable(text):
        return None
    row = database.row(
        "SELECT COALESCE(m.id, s.id), COALESCE(m.login, s.login) FROM subscriber s"
        f" LEFT JOIN subscriber m ON m.id = s.alias_of WHERE s.{column} = ?",
        (text,),
    )
    return None if row is None else Subject(int(row[0]), str(row[1]))


def require_given(given: Given, now_ms: int) -> None:
    """What was given fits the kind and itself. Raises InputError; nothing was recorded then."""
    kind = given.kind
    if kind in MONEY:
        if given.payment is None or given.amount is None or given.when_ms is None:
            raise InputError(
                f"an event {kind} needs --payment ID, --amount A and --time T. Only where section"
                " [mikbill] of the configuration leads to MikBill's database is the uid enough."
                " Nothing was recorded."
            )
        if given.key is not None:
            raise InputError(
                f"--payment is the key of a {kind}; leave --key out. Nothing was recorded."
            )
    elif given.payment is not None:
        raise InputError("--payment is for a payment or a refund. Nothing was recorded.")
    elif given.amount is not None and kind not in LIMITS:
        raise InputError("this event has no amount; leave --amount out. Nothing was recorded.")
    if given.by is not None and kind != "tariff_change":
        raise InputError("--by is for tariff-change. Nothing was recorded.")
    if given.amount is not None:
        require_amount(given.amount)
    if given.when_ms is not None and given.when_ms > now_ms + _AHEAD_MS:
        raise InputError(
            "the time lies more than a day ahead: look at --time and at the clock of this machine."
            " Nothing was recorded."
        )
    for option, text in (("--payment", given.payment), ("--key", given.key)):
        if text is not None and not (0 < len(text) <= MOST_KEY and storable(text)):
            raise InputError(
                f"{option} '{safe(text, 160)}' cannot be kept: it must be valid text of 1 to"
                f" {MOST_KEY} characters. Nothing was recorded."
            )


def key_of(given: Given) -> str:
    """The key under which the event is recorded once. Two calls without any are two events: the
    second change of an address within a minute is as real as the first, and whoever repeats a call
    gives a key."""
    if given.payment is not None:
        return f"{given.kind}:{given.payment}"
    if given.key is not None:
        return f"hook:{given.key}"
    return f"{_CALL_KEY}{uuid4()}"


class Hook:
    """What hooks call, on one database, in the name of `actor`. A lost connection is waited out
    for `wait_seconds`."""

    def __init__(
        self,
        database: Database,
        rules: Rules,
        billing: BillingConfig,
        clock: Clock,
        actor: str,
        wait_seconds: float,
    ) -> None:
        self.database = database
        self.rules = rules
        self.billing = billing
        self.clock = clock
        self.actor = actor
        self.wait_seconds = wait_seconds

    def moment(self) -> Moment:
        """Now."""
        return Moment(self.clock.now_ms(), self.billing.timezone, self.billing.currency)

    def unit(self, work: Callable[[], T]) -> T:
        """Runs a transaction that looks for its keys first, also again where it met another one
        with the same keys."""
        return run_unit(self.database, lambda: again_if_taken(work, "the event"), self.wait_seconds)

    def record(
        self, given: Given, facts_of: Callable[[Facts], Facts] = lambda facts: facts
    ) -> Told:
        """Records the event, unless its key was recorded before with the same content. `facts_of`
        may know better than our tables. Raises InputError."""
        require_given(given, self.clock.now_ms())
        key = key_of(given)
        database = self.database

        def attempt() -> Told:
            with database.transaction():
                moment = self.moment()
                happened = self._happened(given, key, moment.now_ms, facts_of)
                for told in read_told(database, [key]):
                    if given.amount is None:
                        # The limit may be another one by now; a repeat it is all the same.
                        happened = replace(happened, amount=told.amount)
                    if told.content_hash != content_hash(happened):
                        raise self._other_content(told, given)
                    return replace(told, repeated=not key.startswith(_CALL_KEY))
                record(database, self.rules, moment, [happened])
                return read_told(database, [key])[0]

        return self.unit(attempt)

    def _happened(
        self, given: Given, key: str, now_ms: int, facts_of: Callable[[Facts], Facts]
    ) -> Happened:
        subject = find_hooked(self.database, given.uid)
        facts = facts_of(read_facts(self.database, [subject.id])[subject.id])
        amount = given.amount
        if given.kind in LIMITS:
            # A limit that was taken away has no amount, and nobody is told of it.
            amount = amount or facts.credit_limit or None
            facts = replace(facts, credit_limit=amount or 0)
        return Happened(
            given.kind,
            subject.id,
            key,
            now_ms if given.when_ms is None else given.when_ms,
            "hook",
            self.actor,
            amount,
            by=given.by or "staff",
            facts=facts,
        )

    def _other_content(self, told: Told, given: Given) -> InputError:
        amount = "" if told.amount is None else f" of {format_amount(told.amount)}"
        what = f"--payment '{safe(given.payment, 160)}'" if given.payment else "this key"
        return InputError(
            f"{what} belongs to event {told.event}, whose content is another: a"
            f" {told.kind.replace('_', ' ')}{amount} of {safe(told.login, 64)},"
            f" {format_ms(told.at, self.billing.timezone)}. Nothing was changed. Another event"
            " needs another key."
        )
