"""The settings about balance mails: the mailbox, the status of numbers, operators' profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from engine.balances.profile import MEGAFON, MEGAFON_NAME, Profile, ProfileConfig, megafon
from engine.balances.trend import TrendRules
from engine.config import values
from engine.config.model import BalanceImportConfig
from engine.config.setting import Family, Given, Section, Setting
from engine.errors import InputError

_NUMBER = values.whole_number
_PATTERN = values.text_of(200)

BALANCE_IMPORT = Section(
    "balance-import",
    "balance_import",
    BalanceImportConfig,
    "The mailbox that operators send balance mails to. Without a host none is read.",
    (
        Setting("host", _PATTERN, None, "the IMAP server", example="imap.example.com"),
        Setting("port", _NUMBER(1, 65_535), "993", "its port"),
        Setting(
            "tls",
            values.one_of("implicit", "starttls", "off"),
            "implicit",
            "implicit, starttls, or off, which only a server on this machine may have",
        ),
        Setting(
            "tls_ca",
            values.absolute_path,
            None,
            "CA certificates to verify the server with, in place of the system's",
            example="/etc/ssl/certs/ca-certificates.crt",
        ),
        Setting("user", _PATTERN, None, "the mailbox's user", example="balance@example.com"),
        Setting(
            "password_file",
            values.absolute_path,
            None,
            "a file with the password (mode 0640 or stricter); the systemd credential"
            " balance-import-password comes before it",
            example="/etc/billdeck/balance-import-password",
        ),
        Setting(
            "password",
            values.any_secret,
            None,
            "the password itself, in place of password_file; needs a configuration file of mode"
            " 0640 or stricter",
            example="...",
            secret=True,
        ),
        Setting("inbox", _PATTERN, "INBOX", "the folder that mails are read from"),
        Setting("processed", _PATTERN, "processed", "the folder for mails that were read"),
        Setting("skipped", _PATTERN, "skipped", "the folder for mails that could not be read"),
        Setting(
            "keep_processed",
            values.kept_days,
            "forever",
            "how long read mails are kept: forever, no, or a number of days such as 30 days",
        ),
        Setting("chunk", _NUMBER(1, 500), "200", "how many mails are taken in one transaction"),
        Setting("max_mail_kib", _NUMBER(1, 65_536), "1024", "KiB; a larger mail is not loaded"),
        Setting("timeout", _NUMBER(1, 600), "30", "seconds that the server may be silent"),
        Setting("run_seconds", _NUMBER(1, 3_600), "50", "seconds after which no chunk is begun"),
        Setting("add_tariffs", values.yes_no, "no", "yes adds tariffs that only a mail names"),
        Setting("alert_percent", _NUMBER(0, 100), "10", "alert: more than this many percent"),
        Setting(
            "alert_skipped",
            _NUMBER(1, 1_000_000),
            "20",
            "and at least so many mails skipped in 24 hours",
        ),
    ),
)

BALANCE_STATUS = Section(
    "balance-status",
    "balance_status",
    TrendRules,
    "How the balance status of a number is told.",
    (
        Setting("window", _NUMBER(2, 400), "14", "of how many reports, the newest"),
        Setting("no_data", _NUMBER(1, 400), "3", "no data: missing in so many of the newest"),
        Setting("terminated", _NUMBER(2, 400), "10", "terminated: missing in so many"),
        Setting("today_from", _NUMBER(0, 23), "12", "the hour from which today's report counts"),
    ),
)

OPERATOR = Section(
    "operator NAME",
    "operators",
    ProfileConfig,
    "How an operator writes its balance mails; one section for each. Megafon is built in.",
    (
        Setting("personal_account", _PATTERN, None, "words around it", "Account: {value}"),
        Setting("number", _PATTERN, None, "words around it", "Number: {value}"),
        Setting("time", _PATTERN, None, "words around it", "Time: {value}"),
        Setting("balance", _PATTERN, None, "words around it", "Balance: {value} RUB"),
        Setting("tariff", _PATTERN, None, "words around it", "Tariff: {value} since {date}"),
        Setting("timezone", values.time_zone, None, "of its times", "Asia/Yekaterinburg"),
        Setting("account_digits", values.number_range, "7-8", "digits of a personal account"),
        Setting("number_digits", _NUMBER(3, 15), "10", "digits of a number"),
        Setting(
            "number_prefixes",
            values.prefixes,
            "+7, 7, 8",
            "what may stand before a number",
            may_be_empty=True,
        ),
        Setting(
            "time_format", values.text_of(40), "DD.MM.YYYY hh:mm", "DD MM YYYY or YY, hh mm, ss"
        ),
        Setting(
            "decimal_sign",
            values.one_of("point", "comma", "either"),
            "either",
            "what stands before the decimals of a balance: point, comma, either",
        ),
        Setting("aliases", values.names, "", "other names of it, a comma list", may_be_empty=True),
    ),
)
_NEEDED = ("personal_account", "number", "time", "balance", "tariff")


def _profiles(given: Given, parts: Mapping[str, Any]) -> tuple[ProfileConfig, ...]:
    """The profiles of the configuration, each by its section's name, and the built-in one unless a
    section of its name stands in its place, which then may leave patterns out. Who gives no time
    zone has that of the billing. Raises InputError naming the section."""
    timezone: ZoneInfo = parts["billing"].timezone
    found: dict[str, ProfileConfig] = {}
    for section, settings in given.items():
        name = OPERATORS.member(section)
        built_in = MEGAFON if name.casefold() == MEGAFON_NAME.casefold() else {}
        values_of = {**built_in, **{k: v for k, v in settings.items() if v is not None}}
        for needed in _NEEDED:
            if needed not in values_of:
                raise InputError(f"[{section}] needs the setting {needed}")
        if name.casefold() in found:
            raise InputError(f"[{section}] is there twice")
        config = ProfileConfig(name=name, **{"timezone": timezone, **values_of})
        try:
            Profile(config)
        except InputError as error:
            raise InputError(f"[{section}] {error.message}") from None
        found[name.casefold()] = config
    found.setdefault(MEGAFON_NAME.casefold(), megafon(timezone))
    return tuple(found.values())


OPERATORS = Family("operator", OPERATOR, _profiles)
