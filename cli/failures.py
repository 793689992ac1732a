"""What happens to an error that nobody meant for the user: one line, and a file for us."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TypeGuard

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
        f"internal error: {type(error).__name__} at {_place(error)}. What was committed stays,"
        f" the rest was undone. Details for the developers: {_keep(error)}"
    )


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "an unknown place"
    last = frames[-1]
    return f"{Path(last.filename).stem}:{last.lineno}"


def _keep(error: BaseException) -> str:
    """Writes where each error was raised into a file that only its owner can read. Values and
    messages stay out of it: they may be personal data."""
    text = "".join(_chain(error))
    name = time.strftime("error-%Y%m%d-%H%M%S-", time.gmtime())
    for folder in (_state_folder(), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            number, path = tempfile.mkstemp(prefix=name, suffix=".txt", dir=folder)
        except OSError:
            continue
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        return safe(path)
    return "could not be kept"


def _chain(error: BaseException) -> list[str]:
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(lines) < 1000:
        lines.append(f"{type(cause).__name__}\n")
        lines.extend(traceback.format_tb(cause.__traceback__))
        cause = cause.__cause__ or cause.__context__
    return lines


def _state_folder() -> Path:
    folder = Path(os.environ.get("XDG_STATE_HOME", ""))
    if folder.is_absolute():
        return folder / "billdeck"
    try:
        return Path.home() / ".local" / "state" / "billdeck"
    except RuntimeError:
        return Path(tempfile.gettempdir())
