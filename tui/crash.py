"""What is left of a fault of ours: a file that only its owner can read, and three lines.

The file says where each error was raised, without messages and without the values of variables:
they may be personal data.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
import traceback
from pathlib import Path

from engine import __version__
from engine.text import safe

EXIT_STATUS = 70


def keep(error: BaseException) -> str:
    """Writes the file (mode 0600) and returns its path, made safe, or says that it could not."""
    text = f"billdeck {__version__}\n" + "".join(_chain(error))
    return keep_text(text, "crash-") or "could not be kept"


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


def lines(error: BaseException) -> str:
    """The three lines for the person, after the file has been written."""
    return (
        f"billdeck: internal error: {type(error).__name__} at {_place(error)}."
        " Nothing was left half done: what was committed stays, the rest was undone.\n"
        f"Details for the developers, without personal data: {keep(error)}\n"
        f"This is billdeck {__version__}; run it again, jobs have gone on without the console."
    )


def on_thread_error(arguments: threading.ExceptHookArgs) -> None:
    """For `threading.excepthook`: a thread that dies writes a file, never to the screen."""
    if arguments.exc_value is not None:
        keep(arguments.exc_value)


def state_folder() -> Path:
    """Where the person's own files of billdeck go; it may not exist yet."""
    folder = Path(os.environ.get("XDG_STATE_HOME", ""))
    if folder.is_absolute():
        return folder / "billdeck"
    try:
        return Path.home() / ".local" / "state" / "billdeck"
    except RuntimeError:
        return Path(tempfile.gettempdir())


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).stem}:{frames[-1].lineno}" if frames else "an unknown place"


def _chain(error: BaseException) -> list[str]:
    found: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(found) < 1_000:
        found.append(f"{type(cause).__name__}\n")
        found.extend(traceback.format_tb(cause.__traceback__))
        cause = cause.__cause__ or cause.__context__
    return found
