"""Opening the console: the environment, the signals, and the end, whichever it is.

This module imports Textual only within `run`: it reads its variables when it is imported.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Collection, MutableMapping
from types import FrameType
from typing import TYPE_CHECKING

from tui import crash

if TYPE_CHECKING:
    from engine.config import Config
    from tui.app import Console

# Textual and rich would take these from whoever started us: a driver to import, keys to press, a
# log to write, a wrong size.
_FOREIGN = ("TEXTUAL", "COLUMNS", "LINES", "UNICODE_VERSION", "FORCE_COLOR", "TTY_COMPATIBLE",
            "TTY_INTERACTIVE")  # fmt: skip
_OURS = {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0", "TEXTUAL_FPS": "60"}

# Nothing made while the console opens is garbage; to look for some costs a tenth of the time.
_OPENING_SECONDS = 1.5
_LAST_SECONDS = 1.5
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def run(config: Config, actor: str, groups: Collection[str] = ()) -> int:
    """Opens the console on the terminal and returns the exit status when the person leaves: 0, 70
    after a fault of ours, 128 + N after a signal. `groups` are the actor's unix groups. Raises
    ConfigError for keys that cannot be, and what `open_console` raises."""
    gc.disable()
    prepare_environment(os.environ)
    logging.getLogger().addHandler(logging.NullHandler())
    threading.excepthook = crash.on_thread_error
    from tui.app import Console

    console = Console(config, actor, config.roles.role_of(actor, groups))
    return open_console(console, config.console.mouse)


def open_console(console: Console, mouse: bool = True) -> int:
    """Runs a console on the terminal; see `run`. Raises DatabaseUnavailable or InputError, once the
    terminal was given back, when there is no database or no tables to look at."""
    ending: list[threading.Timer] = []

    def stop(number: int, frame: FrameType | None) -> None:
        # Where the terminal is gone or hangs, the orderly way may never come to its end.
        timer = threading.Timer(_LAST_SECONDS, os._exit, (128 + number,))
        timer.daemon = True
        timer.start()
        ending.append(timer)
        console.stop_by_signal(128 + number)

    opened = threading.Timer(_OPENING_SECONDS, _collect_garbage)
    opened.daemon = True
    opened.start()
    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    fault: BaseException | None = None
    try:
        console.run(mouse=mouse)
    except Exception as error:  # noqa: BLE001 - the one place where all errors end
        fault = error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for timer in (opened, *ending):
            timer.cancel()
        gc.enable()
    _let_go()
    if ending:
        return console.return_code or crash.EXIT_STATUS
    if console.refusal is not None:
        raise console.refusal
    fault = console.fault or fault
    if fault is not None:
        _tell(crash.lines(fault))
        return crash.EXIT_STATUS
    return console.return_code or 0


def prepare_environment(environ: MutableMapping[str, str]) -> None:
    """Takes away what would steer Textual from outside, and sets what is ours. NO_COLOR and
    ESCDELAY are the person's own and stay."""
    for name in list(environ):
        if name in _FOREIGN or name.startswith("TEXTUAL_"):
            del environ[name]
    environ.update(_OURS)


def _collect_garbage() -> None:
    """From now on, but never in what is there already: modules, styles, the first screen."""
    gc.freeze()
    gc.enable()


def _let_go() -> None:
    """Where the terminal is gone, the streams lead nowhere from now on: else Python would try to
    write what they still hold at its very end, and change the exit status."""
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _tell(text: str) -> None:
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        # The terminal is gone; the file has been written.
        return
