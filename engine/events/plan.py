"""Which actions follow an event, and what each is given. Pure: from facts and rules to rows.

A condition that does not hold means no action, not an action that fails: the reference kit's
conditions stand here one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Any

from engine.events.bonus import bonus_of
from engine.events.facts import Facts, Happened
from engine.events.kinds import BONUS, NAS_PREFIX, OWN, ActionKind, EventKind
from engine.events.notice_values import notice_values
from engine.events.phone import is_known
from engine.events.quiet import after_quiet
from engine.events.settings import Rules
from engine.events.texts import template_of
from engine.period import Period

_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Planned:
    """An action to be. `payload` is JSON values; `next_at` and `expires_at` epoch milliseconds."""

    kind: ActionKind
    channel: str
    payload: dict[str, Any]
    next_at: int
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """When an event is recorded, in the billing time zone, and the currency of its amounts."""

    now_ms: int
    zone: tzinfo
    currency: str

    @property
    def day(self) -> date:
        """The day of the billing time zone."""
        return datetime.fromtimestamp(self.now_ms // 1_000, self.zone).date()


_MADE: dict[EventKind, str] = {"freeze": "frozen", "block": "blocked", "delete": "deleted"}
"""The state that an event leaves a subscriber in, if that is not active."""

Follow = Callable[[Happened, Facts, Rules, Moment], list[Planned]]


def plan(happened: Happened, facts: Facts, rules: Rules, moment: Moment) -> list[Planned]:
    """The actions that follow, in the order of their kinds in the rules."""
    found = []
    for kind in rules.events.follows.get(happened.kind, ()):
        found += _FOLLOWS[kind](happened, facts, rules, moment)
    return found


def notices(happened: Happened, facts: Facts, rules: Rules, moment: Moment) -> list[Planned]:
    """One notice for each channel of notices."""
    if not is_known(facts.phone) or not _is_told(happened, facts, rules):
        return []
    name = happened.kind
    next_at = moment.now_ms
    by_staff = name == "tariff_change" and happened.by != "subscriber"
    if by_staff or name in ("birthday", "reminder"):
        # Nobody waits for what is not an answer to something that the subscriber has just done.
        quiet = rules.notices
        next_at = after_quiet(next_at, moment.zone, quiet.quiet_from, quiet.quiet_until)
    template = template_of("tariff_change_by_staff" if by_staff else name, rules)
    values = notice_values(happened, facts, rules, moment.zone, moment.currency)
    # After the fee was taken nobody needs to be reminded of it.
    until = happened.at if name == "reminder" else None
    return notice(template, values, facts.phone, rules, next_at, until)


def notice(
    template: str,
    values: dict[str, str],
    phone: str,
    rules: Rules,
    next_at: int,
    until: int | None = None,
) -> list[Planned]:
    """The same notice for each channel of notices, to be sent at `next_at`, and not after `until`
    where that comes before its time is over."""
    payload = {
        "template": template,
        "values": values,
        "phone": phone,
        "region": rules.notices.region,
    }
    expires_at = next_at + rules.notices.expire_hours * _HOUR_MS
    if until is not None:
        expires_at = min(expires_at, until)
    channels = [rules.notices.sms] if rules.notices.sms else []
    if rules.notices.social:
        channels.append(f"{rules.notices.social}_social")
    return [Planned("notice", channel, payload, next_at, expires_at) for channel in channels]


def _is_told(happened: Happened, facts: Facts, rules: Rules) -> bool:
    if happened.kind == "payment":
        is_real = not happened.is_api and (happened.amount or 0) >= rules.notices.minimum
        return is_real and facts.state in ("active", "frozen")
    if happened.kind == "refund" or (
        happened.kind == "tariff_change" and happened.by != "subscriber"
    ):
        return facts.state in ("active", "frozen")
    if happened.kind in ("limit", "credit"):
        return facts.state == "active" and bool(happened.amount)
    # Of what has made somebody inactive it is the inactive one who is told.
    return facts.state in ("active", _MADE.get(happened.kind))


def receipts(happened: Happened, facts: Facts, rules: Rules, moment: Moment) -> list[Planned]:
    """A fiscal receipt: a sale for a payment, the return of a sale for a refund."""
    own, amount = rules.receipts, happened.amount or 0
    reachable = is_known(facts.phone) or bool(facts.email)
    if not own.provider or amount < own.minimum or not reachable:
        return []
    cashier = [own.cashier_name, own.cashier_inn] if own.cashier_name and own.cashier_inn else None
    payload = {
        "intent": "sellReturn" if happened.kind == "refund" else "sell",
        "subject": own.subject.replace("{login}", facts.login),
        "total": amount,
        "vat": own.vat,
        "tax_system": own.tax_system,
        "phone": facts.phone,
        "region": rules.notices.region,
        "email": facts.email,
        "cashier": cashier,
        "login": facts.login,
    }
    return [Planned("receipt", own.provider, payload, moment.now_ms)]


def _bonus(kind: ActionKind) -> Follow:
    def follow(
        happened: Happened, facts: Facts, rules: Rules, moment: Moment
    ) -> list[Planned]:  # fmt: skip
        if kind == "birthday_bonus":
            amount = rules.bonuses.birthday if facts.state == "active" else 0
        else:
            wanted = rules.events.follows[happened.kind]
            # A payment that carries a date to come, as MikBill lets it, is one of now.
            dated = replace(happened, at=min(happened.at, moment.now_ms))
            found = bonus_of(facts, dated, rules.bonuses, moment.zone, wanted)
            amount = found[1] if found is not None and found[0] == kind else 0
        if not amount:
            return []
        return [Planned(kind, BONUS, {"amount": amount, "login": facts.login}, moment.now_ms)]

    return follow


def discount_removals(
    _happened: Happened, facts: Facts, _rules: Rules, moment: Moment
) -> list[Planned]:
    """The removal of the discounts that there were before the event."""
    if not facts.discounts:
        return []
    payload = {"login": facts.login, "discounts": [list(one) for one in facts.discounts]}
    return [Planned("discount_removal", OWN, payload, moment.now_ms)]


def session_drops(
    happened: Happened, facts: Facts, rules: Rules, moment: Moment
) -> list[Planned]:  # fmt: skip
    """The end of all sessions of the subscriber and its aliases: one action for each NAS."""
    is_blocked = facts.is_blocked or facts.state == "blocked"
    if happened.kind in ("payment", "refund", "limit", "credit") and is_blocked:
        return []
    if happened.kind == "payment" and not is_fee_day(facts.fee_day, moment.day):
        return []
    expires_at = moment.now_ms + rules.events.session_minutes * _MINUTE_MS
    payload = {"logins": list(facts.logins)}
    return [
        Planned("session_drop", f"{NAS_PREFIX}{name}", payload, moment.now_ms, expires_at)
        for name in rules.nas
    ]


def is_fee_day(fee_day: int | None, day: date) -> bool:
    """Whether the fee is due on this day; the 31st is the last day of a shorter month."""
    return fee_day is not None and day.day == min(fee_day, Period.of_date(day).days)


_FOLLOWS: dict[ActionKind, Follow] = {
    "notice": notices,
    "receipt": receipts,
    "top_up_bonus": _bonus("top_up_bonus"),
    "loyalty_bonus": _bonus("loyalty_bonus"),
    "birthday_bonus": _bonus("birthday_bonus"),
    "discount_removal": discount_removals,
    "session_drop": session_drops,
}
