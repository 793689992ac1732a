"""What a run has to say: lines on their way from the thread that works to the one that writes."""

from __future__ import annotations

import threading
from typing import Literal, NamedTuple

from engine.text import safe

Level = Literal["info", "warning", "error"]

# A run that floods its log is cut off, so that it harms neither the database nor the others.
MOST_LINES = 5_000
_MOST_WAITING = 1_000
_LONGEST = 1_000


class Line(NamedTuple):
    """One line; `number` from 1 on within its run, `at` epoch milliseconds."""

    number: int
    at: int
    level: Level
    text: str


class RunLog:
    """The log of one run; `put` and `take` may be called from different threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[Line] = []
        self._last = 0
        self._most = MOST_LINES
        self._dropped = 0

    def go_on_after(self, number: int) -> None:
        """An earlier attempt has left lines up to this number; this one may add as many anew."""
        with self._lock:
            self._last = number
            self._most = number + MOST_LINES

    def put(self, at: int, text: str, level: Level = "info") -> None:
        """Adds a line, made safe. Beyond the limits it is only counted."""
        with self._lock:
            if self._last >= self._most or len(self._lines) >= _MOST_WAITING:
                self._dropped += 1
                return
            self._last += 1
            self._lines.append(Line(self._last, at, level, safe(text, _LONGEST)))

    def take(self) -> list[Line]:
        """The lines that wait to be written. If they cannot be written, give them back."""
        with self._lock:
            lines, self._lines = self._lines, []
            return lines

    def give_back(self, lines: list[Line]) -> None:
        """Lines that could not be written wait again, before those that came since."""
        with self._lock:
            self._lines = lines + self._lines

    def close(self, at: int) -> list[Line]:
        """The last lines, with a word on those that were dropped."""
        lines = self.take()
        if self._dropped:
            text = f"{self._dropped} more lines were not kept: a run may write {MOST_LINES}."
            lines.append(Line(self._last + 1, at, "warning", text))
        return lines
