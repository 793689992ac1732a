"""Ctrl-C, SIGTERM and a lost terminal (SIGHUP) as a wish to stop at the next safe point."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that the first SIGINT, SIGTERM or SIGHUP sets; a second SIGINT raises
    KeyboardInterrupt, for whoever cannot wait. A SIGHUP that is ignored already (`nohup`) stays so.
    The handlers of before come back at the end."""
    stop = threading.Event()

    def ask_to_stop(number: int, _frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    minded = [one for one in _SIGNALS if one is not signal.SIGHUP or not _hangup_is_ignored()]
    before = {number: signal.signal(number, ask_to_stop) for number in minded}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _hangup_is_ignored() -> bool:
    return signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
