"""The settings about providers: who sends messages, who makes receipts."""

from __future__ import annotations

from urllib.parse import urlsplit

from engine.config import values
from engine.config.setting import Section, Setting
from engine.errors import ConfigError
from engine.integrations.provider_settings import KomtetConfig, SmscConfig, SmspilotConfig
from engine.integrations.wire import require_safe

_NUMBER = values.whole_number
_ID = values.matching(r"[A-Za-z0-9._-]{1,80}", "letters, digits, dot, _ and -")
_SENDER = values.matching(r"[ -~]{1,40}", "at most 40 ASCII characters")


def _url(text: str) -> str:
    """The address of a provider. Only printable ASCII, as it is signed in the form it has here."""
    try:
        parts = urlsplit(require_safe(text))
    except ConfigError:
        parts = None
    plain = text.isascii() and text.isprintable() and " " not in text
    if parts is None or not plain or parts.query or parts.fragment:
        raise values.BadValue(
            "https://HOST, perhaps with a port and a path (http only to this machine)"
        )
    return text


def _secret(section: str, key: str, whose: str) -> tuple[Setting, Setting]:
    return (
        Setting(
            f"{key}_file",
            values.absolute_path,
            None,
            f"a file with {whose} (mode 0640 or stricter); the systemd credential"
            f" {section}-{key} comes before it",
            example=f"/etc/billdeck/{section}-{key}",
        ),
        Setting(
            key,
            values.any_secret,
            None,
            f"{whose} itself, in place of {key}_file; needs a configuration file of mode 0640 or"
            " stricter",
            example="...",
            secret=True,
        ),
    )


_PACE = (
    Setting("per_second", _NUMBER(1, 1_000), "10", "at most so many requests a second"),
    Setting("parallel", _NUMBER(1, 64), "4", "and so many at a time"),
    Setting("deadline_seconds", _NUMBER(1, 300), "15", "seconds until a request is given up"),
)

SMSPILOT = Section(
    "smspilot",
    "smspilot",
    SmspilotConfig,
    "Messages by SMSPilot. Without a key it is not set up.",
    (
        Setting("url", _url, "https://smspilot.ru", "where it is"),
        Setting("sender", _SENDER, None, "who messages come from", "INFORM"),
        *_secret("smspilot", "key", "the API key"),
        *_PACE,
    ),
)

SMSC = Section(
    "smsc",
    "smsc",
    SmscConfig,
    "Messages by SMSC, also to VKontakte and Odnoklassniki. Without a login it is not set up.",
    (
        Setting("url", _url, "https://smsc.ru", "where it is"),
        Setting("login", values.text_of(80), None, "the account", "telecom"),
        Setting("sender", _SENDER, None, "who messages come from", "TELECOM"),
        Setting("valid_hours", _NUMBER(1, 24), "12", "hours that it tries to deliver a message"),
        *_secret("smsc", "password", "the account's password for the API"),
        *_PACE,
    ),
)

KOMTET = Section(
    "komtet",
    "komtet",
    KomtetConfig,
    "Fiscal receipts by Komtet Kassa. Without a shop it is not set up.",
    (
        Setting("url", _url, "https://kassa.komtet.ru", "where it is"),
        Setting("shop_id", _ID, None, "the shop's id", "shop7"),
        Setting("queue", _ID, None, "the number of its queue of receipts", "3"),
        Setting(
            "callback_url",
            _url,
            None,
            "where it reports what became of a receipt; it is asked in any case",
            "https://billing.example.com/komtet",
        ),
        *_secret("komtet", "secret", "the shop's secret key"),
        *_PACE,
    ),
)
