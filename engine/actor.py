"""Who is behind this process: the name that every record and audit line carries."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.text import safe

LOGINUID_FILE = Path("/proc/self/loginuid")
# What the kernel shows when no login session stands behind the process.
UNSET_LOGINUID = 4_294_967_295
MAX_NAME_LENGTH = 64

_UID = re.compile(r"[0-9]{1,10}")


def current_actor(
    *,
    environ: Mapping[str, str] | None = None,
    loginuid_file: Path = LOGINUID_FILE,
    process_uid: int | None = None,
    name_of: Callable[[int], str | None] | None = None,
) -> str:
    """The login name of the person behind the process, or `uid:NNN` when the uid has no name.

    `SUDO_UID` counts only when the kernel's login uid says the same: a variable can be set by
    anyone, the login uid cannot. Otherwise the process's own user is the actor, as it is for a
    daemon, a timer or a hook. The parameters exist for tests.
    """
    environment = os.environ if environ is None else environ
    uid = os.getuid() if process_uid is None else process_uid
    sudo_uid = _parse_uid(environment.get("SUDO_UID", ""))
    if sudo_uid is not None and sudo_uid == _login_uid(loginuid_file):
        uid = sudo_uid
    name = (name_of or _account_name)(uid)
    return safe(name, MAX_NAME_LENGTH) if name else f"uid:{uid}"


def _login_uid(file: Path) -> int | None:
    """The kernel's login uid, None where it is unset or this system has none."""
    try:
        uid = _parse_uid(file.read_text(encoding="ascii", errors="replace").strip())
    except OSError:
        return None
    return None if uid == UNSET_LOGINUID else uid


def _parse_uid(text: str) -> int | None:
    return int(text) if _UID.fullmatch(text) else None


def _account_name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return None
