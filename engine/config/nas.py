"""The settings about NAS: how they are talked to, and one section for each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.config import values
from engine.config.setting import Family, Given, Section, Setting
from engine.errors import InputError
from engine.nas.settings import NasConfig, RouterosConfig
from engine.text import safe

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")

ROUTEROS = Section(
    "routeros",
    "routeros",
    RouterosConfig,
    "How sessions are dropped on MikroTik NAS, which are talked to over SSH.",
    (
        Setting(
            "known_hosts",
            values.absolute_path,
            None,
            "the file of pinned host keys; default: billdeck/known_hosts in $XDG_STATE_HOME or"
            " ~/.local/state",
            example="/var/lib/billdeck/.local/state/billdeck/known_hosts",
        ),
        Setting("parallel", values.whole_number(1, 64), "16", "how many NAS are asked at once"),
        Setting(
            "step_seconds",
            values.whole_number(1, 60),
            "5",
            "seconds that a NAS may take to take a call, to greet, to open a session",
        ),
        Setting(
            "deadline_seconds",
            values.whole_number(1, 300),
            "15",
            "seconds after which a NAS that has not answered in full is given up",
        ),
        Setting(
            "idle_seconds",
            values.whole_number(1, 3_600),
            "60",
            "seconds after which a connection that nobody uses is closed",
        ),
    ),
)

_SECTION = Section(
    "nas NAME",
    "nas",
    NasConfig,
    "A MikroTik NAS; one section for each. NAME is a word of letters, digits, dot, _ and -.",
    (
        Setting(
            "host",
            values.matching(r"[A-Za-z0-9._:-]{1,255}", "a host name or IP address"),
            None,
            "its name or address",
            example="10.0.0.1",
        ),
        Setting("port", values.whole_number(1, 65_535), "22", "its SSH port"),
        Setting(
            "user",
            values.matching(r"[!-~]{1,80}", "a user name of ASCII characters without spaces"),
            "billdeck",
            "its user that we log in as; docs/nas.md says which rights it needs",
        ),
        Setting(
            "key_file",
            values.absolute_path,
            None,
            "our private key, without passphrase (mode 0640 or stricter)",
            example="/etc/billdeck/nas-key",
        ),
        Setting(
            "password_file",
            values.absolute_path,
            None,
            "in place of a key: a file with the password (mode 0640 or stricter); the systemd"
            " credential nas-NAME-password comes before it",
            example="/etc/billdeck/nas-password",
        ),
    ),
)


def _all_nas(given: Given, _parts: Mapping[str, Any]) -> tuple[NasConfig, ...]:
    """The NAS in the order of the configuration. Raises InputError naming the section."""
    by_name: dict[str, str] = {}
    by_address: dict[str, str] = {}
    found = []
    for section, settings in given.items():
        where = f"[{safe(section, 60)}]"
        name = NAS.member(section)
        if not _NAME.fullmatch(name):
            raise InputError(
                f"{where} does not name a NAS: a name is a word of at most 40 letters, digits, dot,"
                " _ and -, and begins with a letter or digit"
            )
        if settings["host"] is None:
            raise InputError(f"{where} needs the setting host")
        if settings["key_file"] is not None and settings["password_file"] is not None:
            raise InputError(f"{where} has both key_file and password_file; keep one of them")
        nas = NasConfig(name=name, **settings)
        other = by_name.setdefault(name.casefold(), section)
        if other != section:
            raise InputError(f"{where} and [{other}] differ only in capital letters")
        other = by_address.setdefault(nas.address.casefold(), section)
        if other != section:
            raise InputError(f"{where} and [{other}] are both at {nas.address}")
        found.append(nas)
    return tuple(found)


NAS = Family("nas", _SECTION, _all_nas)
