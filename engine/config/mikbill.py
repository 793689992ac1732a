"""The settings of MikBill's database."""

from __future__ import annotations

import re
from datetime import date

from engine.config import values
from engine.config.setting import Section, Setting
from engine.errors import InputError
from engine.mikbill.settings import MikbillConfig
from engine.period import parse_date


def _day(text: str) -> date:
    try:
        return parse_date(text)
    except InputError:
        raise values.BadValue("a date such as 2026-11-26") from None


def _types(text: str) -> frozenset[int]:
    items = values.split_list(text)
    if not all(re.fullmatch(r"[0-9]{1,9}", item) for item in items):
        raise values.BadValue("a comma list of numbers, such as 62, 110, or nothing")
    return frozenset(map(int, items))


MIKBILL = Section(
    "mikbill",
    "mikbill",
    MikbillConfig,
    "MikBill's database, which is only read. Without socket and host there is none.",
    (
        Setting(
            "socket",
            values.absolute_path,
            None,
            "its server's socket; give this or host",
            example="/run/mysqld/mysqld.sock",
        ),
        Setting(
            "host",
            values.matching(r"[A-Za-z0-9._:-]{1,255}", "a host name or IP address"),
            None,
            "its server's name or address; give this or socket",
            example="127.0.0.1",
        ),
        Setting("port", values.whole_number(1, 65_535), "3306", "the port on host"),
        Setting(
            "name",
            values.matching(
                r"[A-Za-z0-9_$-]{1,64}", "a database name of letters, digits, _ $ - (at most 64)"
            ),
            "mikbill",
            "the database",
        ),
        Setting(
            "user",
            values.matching(r"[!-~]{1,80}", "a user name of ASCII characters without spaces"),
            "billdeck",
            "a database user that may SELECT and nothing else",
        ),
        Setting(
            "password_file",
            values.absolute_path,
            None,
            "a file with the password (mode 0640 or stricter);"
            " the systemd credential mikbill-password comes before it",
            example="/etc/billdeck/mikbill-password",
        ),
        Setting(
            "password",
            values.secret,
            None,
            "the password itself, in place of password_file; needs a configuration file"
            " of mode 0640 or stricter",
            example="...",
            secret=True,
        ),
        Setting(
            "tls_ca",
            values.absolute_path,
            None,
            "CA certificates to verify the server with; needed for a host elsewhere",
            example="/etc/ssl/certs/ca-certificates.crt",
        ),
        Setting(
            "timezone",
            values.time_zone,
            None,
            "the zone of its times; without it the billing time zone",
            example="Europe/Moscow",
        ),
        Setting(
            "since",
            _day,
            None,
            "payments before this day are not taken; needed with socket or host",
            example="2026-11-26",
        ),
        Setting(
            "look_back_days",
            values.whole_number(1, 3_650),
            "31",
            "how far back the job mikbill-import looks, in days",
        ),
        Setting(
            "bonus_types",
            _types,
            "",
            "bughtypeids that are credited bonuses, a comma list: no events follow from them",
            may_be_empty=True,
        ),
        Setting(
            "timeout", values.whole_number(1, 60), "5", "seconds that its server may be silent"
        ),
    ),
)
