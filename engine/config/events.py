"""The settings of events: which actions follow them, notices, receipts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engine.config import values
from engine.config.bonuses import amount
from engine.config.setting import Section, Setting
from engine.events.kinds import EVENT_KINDS, ActionKind, EventKind
from engine.events.settings import (
    FOLLOWS,
    POSSIBLE,
    SMS_PROVIDERS,
    SOCIAL_PROVIDERS,
    EventsConfig,
    NoticesConfig,
    ReceiptsConfig,
)

_NUMBER = values.whole_number


def written(kind: str) -> str:
    """A kind of event or action, or the name of a text, as the configuration writes it."""
    return kind.replace("_", "-")


def _actions(event: EventKind) -> Callable[[str], tuple[ActionKind, ...]]:
    """A parser of the actions that shall follow an event; any that could never act is refused."""
    possible = {written(action): action for action in POSSIBLE[event]}

    def parse(text: str) -> tuple[ActionKind, ...]:
        words = values.split_list(text)
        if len(set(words)) < len(words) or not set(words) <= set(possible):
            raise values.BadValue(
                f"a comma list of {', '.join(possible)}, each at most once, or nothing"
                f" (no other action can follow {written(event)})"
            )
        return tuple(action for word, action in possible.items() if word in words)

    return parse


def _events(**given: Any) -> EventsConfig:
    follows = {event: given.pop(written(event)) for event in EVENT_KINDS}
    return EventsConfig(follows=follows, **given)


_HELP: dict[EventKind, str] = {
    "payment": "what follows a payment",
    "refund": "money that was returned",
    "limit": "a credit limit that staff set",
    "credit": "the service credit, switched on by the subscriber",
    "tariff_change": "another plan",
    "freeze": "a subscriber that becomes frozen",
    "block": "one that becomes blocked",
    "unblock": "one that becomes active again",
    "delete": "one that becomes deleted",
    "real_ip": "another real IP address",
    "birthday": "a birthday",
    "reminder": "a fee that will soon be due",
}

EVENTS = Section(
    "events",
    "events",
    _events,
    "What follows when something happens to a subscriber. docs/events.md tells all.",
    (
        Setting(
            "mode",
            values.one_of("off", "dry", "on"),
            "off",
            "off only records events, dry also shows what would follow, on does it",
        ),
        *(
            Setting(
                written(event),
                _actions(event),
                ", ".join(written(action) for action in FOLLOWS[event]),
                f"{_HELP[event]}: of {', '.join(written(action) for action in POSSIBLE[event])}",
                may_be_empty=True,
            )
            for event in EVENT_KINDS
        ),
        Setting(
            "session_minutes",
            _NUMBER(1, 1_440),
            "15",
            "minutes after which a session that could not be dropped is left alone",
        ),
        Setting(
            "pause_after",
            _NUMBER(1, 10_000),
            "20",
            "failures in a row that pause a provider or NAS",
        ),
        Setting("pause_minutes", _NUMBER(1, 1_440), "5", "for how many minutes"),
        Setting(
            "linger_seconds",
            _NUMBER(0, 600),
            "60",
            "seconds that the delivery waits for more when all is done",
        ),
    ),
)


def _or_nothing(parse: Callable[[str], str]) -> Callable[[str], str]:
    """A parser that also takes nothing, as the empty text."""

    def parse_some(text: str) -> str:
        try:
            return parse(text) if text else ""
        except values.BadValue as bad:
            raise values.BadValue(f"{bad}, or nothing") from None

    return parse_some


NOTICES = Section(
    "notices",
    "notices",
    NoticesConfig,
    "Notices to subscribers; their words are in [texts LANG].",
    (
        Setting(
            "sms",
            _or_nothing(values.one_of(*SMS_PROVIDERS)),
            "",
            f"who sends SMS: {' or '.join(SMS_PROVIDERS)}; none are sent without",
            may_be_empty=True,
        ),
        Setting(
            "social",
            _or_nothing(values.one_of(*SOCIAL_PROVIDERS)),
            "",
            "who writes by social networks: smsc; nobody does without",
            may_be_empty=True,
        ),
        Setting(
            "language",
            values.matching(r"[a-z]{2}", "a language's two small letters, such as ru"),
            "ru",
            "the language of the texts",
        ),
        Setting(
            "region",
            values.matching(r"[A-Z]{2}", "a country's two capital letters, such as RU"),
            "RU",
            "the country of phone numbers that do not name theirs",
        ),
        Setting("minimum", amount(1), "10.00", "the least payment that is told"),
        Setting(
            "quiet_from",
            _NUMBER(0, 23),
            "23",
            "from this hour on the notice of a plan that staff changed waits",
        ),
        Setting("quiet_until", _NUMBER(0, 23), "10", "until this one; two equal hours: never"),
        Setting("expire_hours", _NUMBER(1, 720), "12", "hours after which it is no longer sent"),
        Setting(
            "reminder_days", _NUMBER(0, 27), "3", "how many days before a fee it is told; 0: never"
        ),
    ),
)

_VAT = ("no", "0", "5", "7", "10", "20", "22", "105", "107", "110", "120", "122")


def _subject(text: str) -> str:
    """The text of a receipt's position: nothing but {login} may stand in brackets."""
    if not 0 < len(text) <= 100 or re.search(r"[{}]", text.replace("{login}", "")):
        raise values.BadValue("text of 1 to 100 characters, {login} for the login")
    return text


RECEIPTS = Section(
    "receipts",
    "receipts",
    ReceiptsConfig,
    "Fiscal receipts of payments and refunds.",
    (
        Setting(
            "provider",
            _or_nothing(values.one_of("komtet")),
            "",
            "who makes them: komtet; nobody does without",
            may_be_empty=True,
        ),
        Setting("minimum", amount(1), "0.01", "the least payment or refund that gets one"),
        Setting(
            "subject",
            _subject,
            "Домашний интернет (Л/СЧ №{login})",
            "what was paid for, {login} for the login",
        ),
        Setting("tax_system", _NUMBER(0, 5), "1", "the tax system's number, 0 to 5"),
        Setting("vat", values.one_of(*_VAT), "no", f"the VAT: {', '.join(_VAT)}"),
        Setting(
            "cashier_name",
            _or_nothing(values.text_of(64)),
            "",
            "the cashier, printed only when cashier_inn is known too",
            may_be_empty=True,
        ),
        Setting(
            "cashier_inn",
            _or_nothing(values.matching(r"[0-9]{10}|[0-9]{12}", "an INN of 10 or 12 digits")),
            "",
            "the cashier's INN",
            may_be_empty=True,
        ),
        Setting("link_notice", values.yes_no, "no", "yes sends the receipt's link as a notice"),
    ),
)
