"""What may become a login: one rule for `subscriber add` and for bundles. Pure.

It judges new logins only. Where a login is looked up, the one that was entered decides.
"""

from __future__ import annotations

from engine.config.values import has_control
from engine.errors import InputError

MAX_LENGTH = 64


def check_login(login: str) -> str:
    """The login itself: 1 to 64 characters, none of them a control character, no space at either
    end. The message of its InputError goes on after the login."""
    if login and len(login) <= MAX_LENGTH and login.isprintable() and login == login.strip():
        return login
    if not login:
        raise InputError("is empty")
    if len(login) > MAX_LENGTH:
        raise InputError(f"has {len(login)} characters: at most {MAX_LENGTH} are allowed")
    if login != login.strip():
        raise InputError("has a space at one end")
    if has_control(login):
        raise InputError("has control characters or invisible ones")
    return login
