"""What is kept of a fault of ours: a file that only its owner can read.

It says where each error was raised, without messages and without the values of variables: they may
be personal data.
"""

from __future__ import annotations

import os
import tempfile
import time
import traceback
from pathlib import Path

from engine import __version__
from engine.text import safe

_MOST_LINES = 1_000


def keep(error: BaseException, prefix: str) -> str:
    """Writes the file (mode 0600) and returns its path, made safe, or says that it could not."""
    text = f"billdeck {__version__}\n" + "".join(chain(error))
    return keep_text(text, prefix) or "could not be kept"


def keep_text(text: str, prefix: str, suffix: str = ".txt") -> str | None:
    """Writes `text` to a new file of mode 0600 and returns its path, made safe; None when there is
    no folder to write to."""
    name = prefix + time.strftime("%Y%m%d-%H%M%S-", time.gmtime())
    for folder in (state_folder(), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            number, path = tempfile.mkstemp(prefix=name, suffix=suffix, dir=folder)
        except OSError:
            continue
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        return safe(path, 1_000)
    return None


def state_folder() -> Path:
    """Where the person's own files of billdeck go; it may not exist yet."""
    folder = Path(os.environ.get("XDG_STATE_HOME", ""))
    if folder.is_absolute():
        return folder / "billdeck"
    try:
        return Path.home() / ".local" / "state" / "billdeck"
    except RuntimeError:
        return Path(tempfile.gettempdir())


def place(error: BaseException) -> str:
    """Where an error was raised, as `module:line`."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).stem}:{frames[-1].lineno}" if frames else "an unknown place"


def chain(error: BaseException) -> list[str]:
    """The error and its causes: the name of each, and the lines of code that it came through."""
    found: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(found) < _MOST_LINES:
        found.append(f"{type(cause).__name__}\n")
        found.extend(traceback.format_tb(cause.__traceback__))
        cause = cause.__cause__ or cause.__context__
    return found
