"""What happens to an error that nobody meant for the user: one line, and a file for us."""

from __future__ import annotations

import errno
import sys
from typing import TypeGuard

from engine.faults import keep, place
from engine.text import safe

_REFUSALS = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO,
    errno.EMFILE, errno.ENFILE,
}  # fmt: skip


def is_database_error(error: BaseException) -> bool:
    """Whether the driver raised it. peewee is asked only if somebody has loaded it."""
    peewee = sys.modules.get("peewee")
    return peewee is not None and isinstance(error, peewee.PeeweeException)


def database_message(error: BaseException) -> str:
    """One line about an error of the database."""
    return (
        f"the database failed: {safe(error, 400)}. What was committed stays, the rest was undone."
        " `billdeck check database` tells more."
    )


def is_refusal(error: BaseException) -> TypeGuard[OSError]:
    """Whether the operating system had no room or no right for us, which is no fault of ours."""
    return isinstance(error, OSError) and error.errno in _REFUSALS


def refusal_message(error: OSError) -> str:
    """One line about what the operating system refused."""
    where = f" {safe(error.filename)}:" if error.filename else ""
    return (
        f"the operating system refused:{where} {safe(error.strerror)}. What was committed stays,"
        " the rest was undone. Look at the free space and the rights, then run it again."
    )


def internal_message(error: BaseException) -> str:
    """One line about a fault of ours, naming the file with the details."""
    return (
        f"internal error: {type(error).__name__} at {place(error)}. What was committed stays,"
        f" the rest was undone. Details for the developers: {keep(error, 'error-')}"
    )
