"""The settings of events and their actions, as frozen values. Money is minor units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from engine.errors import InputError
from engine.events.kinds import ActionKind, EventKind

Mode = Literal["off", "dry", "on"]

FOLLOWS: dict[EventKind, tuple[ActionKind, ...]] = {
    "payment": ("notice", "receipt", "top_up_bonus", "loyalty_bonus", "session_drop"),
    "refund": ("notice", "receipt", "session_drop"),
    "limit": ("notice", "session_drop"),
    "credit": ("notice", "session_drop"),
    "tariff_change": ("notice", "discount_removal", "session_drop"),
    "freeze": ("discount_removal", "session_drop"),
    "block": ("discount_removal", "session_drop"),
    "unblock": (),
    "delete": ("discount_removal", "session_drop"),
    "real_ip": ("session_drop",),
    "birthday": ("birthday_bonus", "notice"),
    "reminder": ("notice",),
}
"""Which actions follow which event, unless the configuration says otherwise."""

POSSIBLE: dict[EventKind, tuple[ActionKind, ...]] = {
    **FOLLOWS,
    "freeze": ("notice", "discount_removal", "session_drop"),
    "block": ("notice", "discount_removal", "session_drop"),
    "unblock": ("notice", "session_drop"),
    "delete": ("notice", "discount_removal", "session_drop"),
    "real_ip": ("notice", "session_drop"),
}
"""Which actions can follow which event at all."""

SMS_PROVIDERS = ("smspilot", "smsc")
SOCIAL_PROVIDERS = ("smsc",)


@dataclass(frozen=True, slots=True)
class EventsConfig:
    """`mode`: off records events only; dry also writes their actions, suppressed; on carries them
    out. After `session_minutes` a session drop that was not possible is no longer tried. After
    `pause_after` failures of a channel in a row it is paused, for `pause_minutes` unless a person
    lifts it. `linger_seconds` is how long the delivery waits for more when all is done."""

    mode: Mode = "off"
    follows: dict[EventKind, tuple[ActionKind, ...]] = field(default_factory=lambda: dict(FOLLOWS))
    session_minutes: int = 15
    pause_after: int = 20
    pause_minutes: int = 5
    linger_seconds: int = 60


@dataclass(frozen=True, slots=True)
class NoticesConfig:
    """`sms` and `social` name the providers that notices go by, "" for none. `minimum` is the least
    payment that is told. Between `quiet_from` and `quiet_until` (hours of the billing time zone) a
    notice of a change that staff made, of a birthday or a fee waits for the end. `language` chooses
    the texts, `region` completes phone numbers. After `expire_hours` a notice is no longer sent.
    `reminder_days` before the fee day a payment reminder is sent, 0 is never."""

    sms: str = ""
    social: str = ""
    language: str = "ru"
    region: str = "RU"
    minimum: int = 10_00
    quiet_from: int = 23
    quiet_until: int = 10
    expire_hours: int = 12
    reminder_days: int = 3


@dataclass(frozen=True, slots=True)
class ReceiptsConfig:
    """`provider` is komtet or "" for none. `subject` is the text of the one position, `{login}` in
    it the login. The cashier is printed only when both name and INN are known. `link_notice` sends
    the receipt's link when it is done."""

    provider: str = ""
    minimum: int = 1
    subject: str = "Домашний интернет (Л/СЧ №{login})"
    tax_system: int = 1
    vat: str = "no"
    cashier_name: str = ""
    cashier_inn: str = ""
    link_notice: bool = False


@dataclass(frozen=True, slots=True)
class BonusesConfig:
    """The bonuses. Percentages are basis points (500 is 5 %). A bonus is a multiple of `step` and
    at least `least`. `loyalty` are pairs of whole years of contract and basis points of the plan's
    fee, ascending. A maximum (`..._most`) of None is no limit, a rate of 0 no bonus, and so is a
    `birthday` of 0. Raises InputError for amounts that do not fit each other."""

    step: int = 10_00
    least: int = 10_00
    top_up_from: int = 2_000_00
    top_up_rate: int = 500
    top_up_most: int | None = 300_00
    loyalty: tuple[tuple[int, int], ...] = ((1, 300), (2, 500), (3, 1000))
    loyalty_most: int | None = None
    birthday: int = 0

    def __post_init__(self) -> None:
        if self.least % self.step:
            raise InputError("[bonuses] least must be a multiple of step, as every bonus is")
        for key, most in (("top_up_most", self.top_up_most), ("loyalty_most", self.loyalty_most)):
            if most is not None and most < self.least:
                raise InputError(f"[bonuses] {key} must not be less than least")


@dataclass(frozen=True, slots=True)
class TextsConfig:
    """The notices of one language: Jinja2 templates by name (see `engine.events.texts`), in place
    of those that are built in. `compliments` None are the built-in ones."""

    language: str
    templates: tuple[tuple[str, str], ...] = ()
    compliments: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """All that decides which actions follow an event. `nas` are the names of the NAS."""

    events: EventsConfig = field(default_factory=EventsConfig)
    notices: NoticesConfig = field(default_factory=NoticesConfig)
    receipts: ReceiptsConfig = field(default_factory=ReceiptsConfig)
    bonuses: BonusesConfig = field(default_factory=BonusesConfig)
    texts: tuple[TextsConfig, ...] = ()
    nas: tuple[str, ...] = ()
