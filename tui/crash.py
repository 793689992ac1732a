"""What is left of a fault of ours in the console: a file (see `engine.faults`) and three lines."""

from __future__ import annotations

import errno
import threading

from engine import __version__, faults

EXIT_STATUS = 70
_TERMINAL_GONE = (errno.EIO, errno.EPIPE)


def keep(error: BaseException) -> str:
    """Writes the file (mode 0600) and returns its path, made safe, or says that it could not."""
    return faults.keep(error, "crash-")


def lines(error: BaseException) -> str:
    """The three lines for the person, after the file has been written."""
    return (
        f"billdeck: internal error: {type(error).__name__} at {faults.place(error)}."
        " Nothing was left half done: what was committed stays, the rest was undone.\n"
        f"Details for the developers, without personal data: {keep(error)}\n"
        f"This is billdeck {__version__}; run it again, jobs have gone on without the console."
    )


def on_thread_error(arguments: threading.ExceptHookArgs) -> None:
    """For `threading.excepthook`: a thread that dies writes a file, never to the screen. That the
    terminal is gone, as the thread that writes to it finds out, is no fault of ours."""
    error = arguments.exc_value
    if error is not None and getattr(error, "errno", None) not in _TERMINAL_GONE:
        keep(error)
