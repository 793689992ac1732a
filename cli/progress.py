"""Progress on stderr for whoever waits at a terminal; nothing at all elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from cli.output import Output, silence
from engine.text import safe

_EVERY_SECONDS = 0.1
_CLEAR = "\r\x1b[K"


class Progress:
    """One line on the terminal that is written over, and gone at the end."""

    def __init__(self, out: Output) -> None:
        self._stream = out.stderr
        self._shown = False
        self._next = 0.0
        self._active = not out.as_json and out.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._draw(_CLEAR)

    def step(self, what: str, done: int, total: int) -> None:
        """Shows what is being done and how much of it is; `total` 0: not known."""
        now = time.monotonic()
        if not self._active or (now < self._next and done != total):
            return
        self._next = now + _EVERY_SECONDS
        share = f"{done * 100 // total} %" if total else str(done)
        self._draw(f"{_CLEAR}{safe(what, 60)} {share}")
        self._shown = True

    def _draw(self, text: str) -> None:
        """What cannot be written, as at a terminal that is gone, stops nothing."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            silence(self._stream)
