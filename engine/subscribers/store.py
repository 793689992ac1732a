"""Adding and changing a subscriber: one transaction, which also writes the audit line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from typing import Any

import peewee

from engine.audit import AuditLine, is_audited, write_audit
from engine.config import Config
from engine.database import Database
from engine.dialect import is_duplicate
from engine.errors import InputError, JobFailed
from engine.events.plan import Moment
from engine.events.record import record
from engine.events.settings import Rules
from engine.events.setup import rules_of
from engine.login import check_login
from engine.models.ledger import Account
from engine.models.subscribers import Discount, Subscriber, SubscriberService
from engine.money import format_amount
from engine.period import Period, hour_and_date
from engine.periods import ensure_period, first_open_period
from engine.retry import run_unit
from engine.subscribers.changes import Changes, apply
from engine.subscribers.facts import FIRST_NUMBER, Facts, difference, discount_value, find
from engine.subscribers.happened import events_of
from engine.text import safe

_TRIES_FOR_A_NUMBER = 20
_SET = "subscriber set"
_NOTHING_FOLLOWS = Rules()


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, when (epoch milliseconds), in which billing zone, and how many seconds a lost
    database is waited for. What follows a change is recorded with it, by `rules`, in `currency`."""

    actor: str
    now_ms: int
    timezone: tzinfo
    wait_seconds: float = 60
    rules: Rules = _NOTHING_FOLLOWS
    currency: str = "RUB"

    @classmethod
    def of(
        cls, config: Config, actor: str, now_ms: int, wait_seconds: float | None = None
    ) -> Writer:
        """A writer by the configuration."""
        billing = config.billing
        wait = config.database.wait_seconds if wait_seconds is None else wait_seconds
        return cls(actor, now_ms, billing.timezone, wait, rules_of(config), billing.currency)

    @property
    def today(self) -> date:
        """The day in the billing zone."""
        return hour_and_date(self.now_ms, self.timezone)[1]


@dataclass(frozen=True, slots=True)
class Changed:
    """What was done: only the facts that differ, as JSON values. Both empty: nothing."""

    login: str
    number: int
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Who was not changed, and why."""

    login: str
    reason: str


def add(database: Database, login: str, changes: Changes, writer: Writer) -> Changed:
    """Adds a subscriber with a balance of 0. The first one of an empty database opens the current
    period. Raises InputError: the login exists, a group or plan is missing."""
    _require_good(login)

    def work() -> Changed:
        if find(database, login):
            raise InputError(
                f"the subscriber {safe(login)} exists already. Nothing was changed."
                " `billdeck subscriber set` changes it."
            )
        facts = apply(Facts(), changes, _open_period(database, None, writer), writer.today)
        facts = _with_plan_of_main(database, facts)
        if not facts.group:
            raise InputError("a new subscriber needs a group: --group CODE")
        if facts.plan is None and facts.alias_of is None:
            raise InputError("a new subscriber needs a plan (--plan CODE) or --alias-of LOGIN")
        number = _insert(database, login, facts, writer)
        _write_sets(database, number, facts)
        return Changed(login, number, *difference(None, facts))

    return _once(database, work, "subscriber add", writer)


def _require_good(login: str) -> None:
    try:
        check_login(login)
    except InputError as error:
        raise InputError(
            f"'{safe(login, 80)}' cannot be a login: it {error.message}. Nothing was changed."
        ) from None


def change(database: Database, login: str, changes: Changes, writer: Writer) -> Changed:
    """Changes a subscriber; without a difference nothing is written. Raises InputError: there is
    no such subscriber, plan, group, service or add-on, or a setting is wrong."""

    def work() -> Changed:
        return _change(database, login, changes, writer)

    return _once(database, work, _SET, writer)


def change_some(
    database: Database, logins: Sequence[str], changes: Changes, writer: Writer
) -> list[Changed | Refusal]:
    """Changes some subscribers alike in one transaction, each as `change` does it or, where that
    raises InputError, not at all. The answers are in the order of the logins."""
    tried: list[Changed | Refusal] = []

    def attempt() -> list[Changed | Refusal]:
        nonlocal tried
        made = next((one for one in tried if isinstance(one, Changed) and one.after), None)
        if made is not None and is_audited(database, _line(made, _SET, writer)):
            return tried
        with database.transaction():
            tried = [_change_or_not(database, login, changes, writer) for login in logins]
        return tried

    return run_unit(database, attempt, writer.wait_seconds)


def _change_or_not(
    database: Database, login: str, changes: Changes, writer: Writer
) -> Changed | Refusal:
    try:
        with database.savepoint():
            changed = _change(database, login, changes, writer)
            if changed.after:
                write_audit(database, _line(changed, _SET, writer))
            return changed
    except InputError as error:
        return Refusal(login, error.message)


def _change(database: Database, login: str, changes: Changes, writer: Writer) -> Changed:
    number, before, after = _changed_facts(database, login, changes, writer, lock=True)
    changed = Changed(login, number, *difference(before, after))
    if changed.after:
        _update(database, number, before, after)
        happened = events_of(number, before, after, writer.now_ms, writer.actor)
        moment = Moment(writer.now_ms, writer.timezone, writer.currency)
        record(database, writer.rules, moment, happened)
    return changed


def preview(database: Database, login: str, changes: Changes, writer: Writer) -> Changed:
    """What `change` would do, without doing it; raises the same, but for codes of services."""
    number, before, after = _changed_facts(database, login, changes, writer, lock=False)
    _columns(database, after)
    return Changed(login, number, *difference(before, after))


def check(database: Database, changes: Changes, writer: Writer) -> None:
    """Raises InputError for what is wrong whoever it is done to: a value, a period already open, a
    group or plan that does not exist."""
    _columns(database, apply(Facts(), changes, _open_period(database, None, writer), writer.today))


def _changed_facts(
    database: Database, login: str, changes: Changes, writer: Writer, lock: bool
) -> tuple[int, Facts, Facts]:
    """The number of a subscriber, its facts as they are, and as the changes make them."""
    number, before = require(database, login, lock)
    after = apply(before, changes, _open_period(database, number, writer), writer.today)
    if after.alias_of is not None and after.alias_of != before.alias_of:
        _check_may_be_alias(database, number, login, after.alias_of)
        after = _with_plan_of_main(database, after, lock)
    return number, before, after


def require(database: Database, login: str, lock: bool = False) -> tuple[int, Facts]:
    """The number and the facts of a subscriber; InputError without one."""
    found = find(database, login, lock)
    if found is None:
        raise InputError(f"there is no subscriber '{safe(login, 80)}'. Check the login.")
    return found


def _once(database: Database, work: Callable[[], Changed], action: str, writer: Writer) -> Changed:
    """Does the work and writes its audit line in one transaction, again until it succeeds. A
    repeat looks first whether the attempt before it was committed and only its answer was lost:
    then the audit line of just that change is there."""
    tried: Changed | None = None

    def attempt() -> Changed:
        nonlocal tried
        if tried is not None and is_audited(database, _line(tried, action, writer)):
            return tried
        with database.transaction():
            changed = work()
            if changed.after:
                tried = changed
                write_audit(database, _line(changed, action, writer))
        return changed

    for _ in range(_TRIES_FOR_A_NUMBER):
        try:
            return run_unit(database, attempt, writer.wait_seconds)
        except peewee.IntegrityError as error:
            if not is_duplicate(error):
                raise
            if "external_uid" in str(error):
                raise InputError(
                    "another subscriber has this external uid. Nothing was changed."
                ) from None
            # Somebody took the same number at the same moment: the next one is tried.
    raise JobFailed("others keep adding subscribers at the same moment. Nothing was changed.")


def _line(changed: Changed, action: str, writer: Writer) -> AuditLine:
    name = f"subscriber:{changed.login}"
    return AuditLine(writer.now_ms, writer.actor, action, name, changed.before, changed.after)


def _open_period(database: Database, number: int | None, writer: Writer) -> Period:
    """The oldest period that is not closed for this subscriber; while a close goes on, one that is
    through with it already counts as closed."""
    period = first_open_period(database)
    if period is None:
        return Period.of_ms(writer.now_ms, writer.timezone)
    through = number is not None and database.value(
        "SELECT 1 FROM close_record WHERE period = ? AND subscriber_id = ? AND status <> 'failed'",
        (str(period), number),
    )
    return period.next() if through else period


def _with_plan_of_main(database: Database, facts: Facts, lock: bool = True) -> Facts:
    """An alias with the plan and the add-on plan of its main subscriber, and by default its group.
    InputError when that is no main subscriber."""
    if facts.alias_of is None:
        return facts
    _, main = require(database, facts.alias_of, lock)
    if main.alias_of is not None:
        raise InputError(
            f"{safe(facts.alias_of)} is an alias itself, of {safe(main.alias_of)}: name that one"
        )
    return replace(facts, plan=main.plan, addon=main.addon, group=facts.group or main.group)


def _check_may_be_alias(database: Database, number: int, login: str, main: str) -> None:
    """What would be lost when a subscriber becomes an alias stands in the way of it."""
    if main == login:
        raise InputError(f"{safe(login)} cannot be an alias of itself. Nothing was changed.")
    if database.value("SELECT 1 FROM subscriber WHERE alias_of = ? LIMIT 1", (number,)):
        raise InputError(f"{safe(login)} has aliases and cannot become one. Nothing was changed.")
    balance = database.integer("SELECT balance FROM account WHERE id = ?", (number,))
    if balance:
        raise InputError(
            f"{safe(login)} has a balance of {format_amount(balance)}, which an alias cannot use:"
            " bring it to 0 first (refund, correct). Nothing was changed."
        )
    used = database.value(
        "SELECT u.period FROM period_usage u JOIN billing_period b ON b.period = u.period"
        " WHERE u.subscriber_id = ? AND b.state <> 'closed' LIMIT 1",
        (number,),
    )
    if used:
        raise InputError(
            f"{safe(login)} has usage of its own in {used}: close that period first."
            " Nothing was changed."
        )


def _insert(database: Database, login: str, facts: Facts, writer: Writer) -> int:
    lock = database.dialect.lock_rows
    highest = database.integer(f"SELECT MAX(id) FROM account {lock}")
    number = max(highest + 1, FIRST_NUMBER)
    database.write(Account.insert(id=number, balance=0))
    own = {"account": number, "login": login, "created_at": writer.now_ms}
    database.write(Subscriber.insert(**own, **_columns(database, facts)))
    if first_open_period(database) is None:
        ensure_period(database, Period.of_ms(writer.now_ms, writer.timezone))
    return number


def _update(database: Database, number: int, before: Facts, after: Facts) -> None:
    old, new = _columns(database, before), _columns(database, after)
    changed = {name: value for name, value in new.items() if value != old[name]}
    if changed:
        database.write(Subscriber.update(**changed).where(Subscriber.account == number))
    if "plan" in changed or "addon" in changed:
        shared = Subscriber.update(plan=new["plan"], addon=new["addon"])
        database.write(shared.where(Subscriber.alias_of == number))
    if before.services != after.services or before.discounts != after.discounts:
        database.write(SubscriberService.delete().where(SubscriberService.subscriber == number))
        database.write(Discount.delete().where(Discount.subscriber == number))
        _write_sets(database, number, after)


def _write_sets(database: Database, number: int, facts: Facts) -> None:
    for code in facts.services:
        service = _id_of(database, "service", "service", code)
        database.write(SubscriberService.insert(subscriber=number, service=service))
    for text in facts.discounts:
        scope, kind, worth = text.split(":")
        value = discount_value(kind, worth)
        database.write(Discount.insert(subscriber=number, scope=scope, kind=kind, value=value))


def _columns(database: Database, facts: Facts) -> dict[str, Any]:
    """The facts as columns of the table subscriber; InputError for a code that does not exist."""

    def optional(table: str, word: str, code: str | None) -> int | None:
        return None if code is None else _id_of(database, table, word, code)

    columns = {
        name: getattr(facts, name)
        for name in (
            "name", "ordered_plan_from", "ordered_addon_from", "active_since", "first_month_day",
            "state", "credit_limit", "fee_day", "external_uid", "phone", "email",
            "contract_number", "contract_date", "birth_date", "address",
        )
    }  # fmt: skip
    main = facts.alias_of
    columns.update(
        group=optional("subscriber_group", "group", facts.group or None),
        plan=optional("plan", "plan", facts.plan),
        ordered_plan=optional("plan", "plan", facts.ordered_plan),
        addon=optional("addon", "add-on plan", facts.addon),
        ordered_addon=optional("addon", "add-on plan", facts.ordered_addon),
        alias_of=None if main is None else require(database, main)[0],
    )
    return columns


def _id_of(database: Database, table: str, word: str, code: str) -> int:
    number = database.value(f"SELECT id FROM {table} WHERE code = ?", (code,))
    if number is None:
        rows = database.rows(f"SELECT code FROM {table} ORDER BY code LIMIT 12")
        known = ", ".join(safe(one, 40) for (one,) in rows) or "none yet"
        raise InputError(
            f"there is no {word} '{safe(code, 60)}' (there are: {known}). Nothing was changed."
        )
    return int(number)
