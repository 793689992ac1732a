"""A terminal with a stop-watch: what a program writes there, how soon, and how much."""

from __future__ import annotations

import os
import select
import time
from dataclasses import dataclass

from tests.console.terminal import Terminal

_GIVE_UP_SECONDS = 60.0
# So long nothing must come before an answer counts as complete; not part of any figure.
_QUIET_SECONDS = 0.08


@dataclass(frozen=True, slots=True)
class Answer:
    """Milliseconds to the first and to the last of what was written, and what it was. Both are zero
    when nothing was."""

    first_ms: float
    last_ms: float
    written: bytes


class TimedTerminal(Terminal):
    """Times are counted from the start of the program or from the last key. What comes behind
    `wanted` in one piece is kept for the next reading."""

    _kept = b""

    def __enter__(self) -> TimedTerminal:
        return self

    def read_on(self, started: float, wanted: bytes = b"", quiet: float = _QUIET_SECONDS) -> Answer:
        """Reads until `wanted` has been written, and without it until nothing more comes. `started`
        is the time on `time.perf_counter`. AssertionError when `wanted` never comes."""
        found, first, last = b"", 0.0, 0.0
        deadline = started + _GIVE_UP_SECONDS
        while (now := time.perf_counter()) < deadline:
            patience = deadline - now if wanted else quiet
            part = self._part(patience)
            if not part:
                break
            last = (time.perf_counter() - started) * 1000
            first = first or last
            found += part
            if wanted and wanted in found:
                end = found.index(wanted) + len(wanted)
                self._kept = found[end:]
                return Answer(first, last, found[:end])
        assert not wanted, f"{wanted.decode()!r} never came, but {found[-500:]!r}"
        return Answer(first, last, found)

    def key(self, keys: str, wanted: bytes = b"") -> Answer:
        """Types, and reads as `read_on` does. Without `wanted` the answer must begin within a
        second."""
        started = time.perf_counter()
        self.send(keys)
        if not wanted and not self._kept:
            ready = select.select([self.master], [], [], 1.0)[0]
            assert ready, f"{keys!r} has no answer"
        return self.read_on(started, wanted)

    def until_end(self, started: float) -> float:
        """Milliseconds until the program has ended."""
        while self._part(_GIVE_UP_SECONDS):
            pass
        self.exit_status()
        return (time.perf_counter() - started) * 1000

    def _part(self, seconds: float) -> bytes:
        """What is there within so many seconds, nothing if nothing is or the program has ended."""
        if self._kept:
            kept, self._kept = self._kept, b""
            return kept
        if not select.select([self.master], [], [], seconds)[0]:
            return b""
        try:
            return os.read(self.master, 65_536)
        except OSError:  # the other end is closed
            return b""
