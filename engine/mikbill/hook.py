"""What `billdeck event` does where MikBill is: its hooks give the uid and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.errors import InputError
from engine.events.answers import Told
from engine.events.facts import Facts
from engine.events.hook import LIMITS, MONEY, Given, Hook, find_by_uid
from engine.hooks import WorkHooks
from engine.ledger.subjects import Subject
from engine.mikbill.reader import MikbillUnavailable, open_mikbill
from engine.mikbill.settings import MikbillConfig
from engine.mikbill.subscriber import Person, facts_with, read_persons
from engine.mikbill.taking import Taking
from engine.retry import run_unit
from engine.text import safe

_UID = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The events that were recorded, the oldest first, and a remark, "" without one."""

    events: Sequence[Told]
    remark: str = ""


def require_uid(uid: str) -> int:
    """The number that a uid of MikBill must be. Raises InputError; nothing is ever cast."""
    if not _UID.fullmatch(uid):
        raise InputError(
            f"'{safe(uid, 80)}' is no uid of MikBill: it must be a decimal number. Nothing was"
            " recorded."
        )
    return int(uid)


def call(hook: Hook, config: MikbillConfig, given: Given) -> Answer:
    """Records what a hook of MikBill was called for.

    A payment, refund, limit or credit that is given by its uid alone takes all that MikBill has
    booked for that uid and that was not taken yet. Any other event is recorded by itself, with the
    facts of MikBill; when they cannot be read, with ours, for no table of MikBill tells of it
    later. Raises InputError and MikbillUnavailable.
    """
    uid = require_uid(given.uid)
    subject = _subject(hook, given.uid)
    if given.kind in (*MONEY, *LIMITS):
        if given == Given(given.kind, given.uid):
            return _take(hook, config, uid, subject)
        if given == replace(Given(given.kind, given.uid), key=given.key, by=given.by):
            raise InputError(
                f"MikBill itself tells a {given.kind} by its number: leave --key and --by out."
                " Nothing was recorded."
            )
    try:
        with open_mikbill(config) as reader:
            person = read_persons(reader, [uid]).get(uid)
    except MikbillUnavailable as error:
        remark = f"{error.message} This event was recorded by what billdeck itself knows."
        return Answer([hook.record(given)], remark)
    return Answer([hook.record(given, lambda facts: _better(facts, person))])


def _take(hook: Hook, config: MikbillConfig, uid: int, subject: Subject) -> Answer:
    with open_mikbill(config) as reader:
        taking = Taking(
            hook.database,
            reader,
            config,
            hook.rules,
            hook.moment,
            hook.actor,
            WorkHooks(unit=lambda work: run_unit(hook.database, work, hook.wait_seconds)),
        )
        events = taking.take({uid: subject.id})
    if events:
        return Answer(events)
    return Answer([], f"MikBill has nothing for uid {uid} that was not taken before.")


def _subject(hook: Hook, uid: str) -> Subject:
    subject = run_unit(
        hook.database, lambda: find_by_uid(hook.database, uid), hook.wait_seconds
    )  # fmt: skip
    if subject is None:
        raise InputError(
            f"there is no subscriber with the external uid '{uid}'. Nothing was recorded. What"
            " MikBill has booked for it is taken once the subscriber is there."
        )
    return subject


def _better(facts: Facts, person: Person | None) -> Facts:
    return facts if person is None else facts_with(facts, person)
