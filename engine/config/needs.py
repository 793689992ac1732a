"""What a section needs beyond single values: settings that belong together. Pure, but for looking
whether a file can be read."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import ConfigError
from engine.text import safe

Parsed = Mapping[tuple[str, str], Any]
"""The values of all settings by section and key."""

# The settings without which a provider is not set up; SMSPilot needs its key alone.
_TOGETHER = {"smsc": ("login", "password"), "komtet": ("shop_id", "queue", "secret")}


def is_used(parsed: Parsed, section: str) -> bool:
    """Whether anything is to be reached by the settings of a section, so that its password or key
    is needed."""
    match section:
        case "database":
            return bool(parsed["database", "engine"] == "mariadb")
        case "balance-import":
            return parsed["balance-import", "host"] is not None
        case "mikbill":
            return _has_mikbill(parsed)
    return True


def check_needs(parsed: Parsed) -> None:
    """Raises ConfigError for a section that is set half, or against its own settings."""
    _check_mariadb(parsed)
    _check_mailbox(parsed)
    _check_mikbill(parsed)
    for section, keys in _TOGETHER.items():
        _check_together(parsed, section, keys)


def _check_together(parsed: Parsed, section: str, keys: tuple[str, ...]) -> None:
    """A provider has all of its settings, or none."""
    there = [key for key in keys if parsed[section, key] is not None]
    missing = [key for key in keys if parsed[section, key] is None]
    if there and missing:
        raise ConfigError(
            f"[{section}] has {' and '.join(there)} but not {' and '.join(missing)}: set"
            f" {'it' if len(missing) == 1 else 'them'} too, a password or secret also by a file or"
            " a credential; or leave out the whole section"
        )


def _check_mariadb(parsed: Parsed) -> None:
    """What MariaDB needs beyond single values."""
    if parsed["database", "engine"] == "mariadb":
        _check_server(parsed, "database", "engine = mariadb")


def _has_mikbill(parsed: Parsed) -> bool:
    return any(parsed["mikbill", key] is not None for key in ("socket", "host"))


def _check_mikbill(parsed: Parsed) -> None:
    """What MikBill's database needs beyond single values: a first day, too."""
    if not _has_mikbill(parsed):
        return
    _check_server(parsed, "mikbill", "MikBill's database")
    if parsed["mikbill", "since"] is None:
        raise ConfigError(
            "[mikbill] needs since, the day from which billdeck answers for what follows a payment,"
            " such as since = 2026-11-26: what was paid before it is not taken"
        )


def _check_server(parsed: Parsed, section: str, what: str) -> None:
    """A server has one address, and TLS where it is another machine."""
    host, socket = parsed[section, "host"], parsed[section, "socket"]
    if (host is None) == (socket is None):
        raise ConfigError(
            f"[{section}] {what} needs exactly one of socket and host;"
            f" {'both are' if host else 'neither is'} set"
        )
    tls_ca: Path | None = parsed[section, "tls_ca"]
    if host is not None and tls_ca is None and not _is_loopback(host):
        raise ConfigError(
            f"[{section}] host = {safe(host)} is another machine: set tls_ca to the CA file that"
            " verifies the server, or use socket"
        )
    if tls_ca is not None and not os.access(tls_ca, os.R_OK):
        raise ConfigError(f"[{section}] tls_ca = {safe(tls_ca)} cannot be read")


def _check_mailbox(parsed: Parsed) -> None:
    """What a mailbox needs beyond single values: who we are, and TLS to another machine."""
    of = "balance-import"
    host, tls_ca = parsed[of, "host"], parsed[of, "tls_ca"]
    if host is None:
        return
    for needed in ("user", "password"):
        if parsed[of, needed] is None:
            more = ", password_file or a credential" if needed == "password" else ""
            raise ConfigError(f"[{of}] with a host needs {needed}{more}")
    if parsed[of, "tls"] == "off" and not _is_loopback(host):
        raise ConfigError(f"[{of}] host = {safe(host)} is another machine: tls must not be off")
    if tls_ca is not None and not os.access(tls_ca, os.R_OK):
        raise ConfigError(f"[{of}] tls_ca = {safe(tls_ca)} cannot be read")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
