"""Another time for a process and those that it starts, which can be stepped while they run."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from engine.clock import now_ms


def libfaketime() -> Path:
    """The library; without it the test is skipped."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        pytest.skip("no libfaketime on this machine (scripts/test-programs.sh clock installs it)")
    return found[0]


class FakeTime:
    """The clock on the wall of whoever has `environ`: it runs as fast as the real one, from where
    it is set. The clock that nobody sets is not touched."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "offset"
        self._offset = 0
        self.environ = {
            "LD_PRELOAD": str(libfaketime()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.step(0)

    def set(self, utc: str) -> None:
        """It is this time now, such as `2026-03-29T00:59:50`."""
        at = int(datetime.fromisoformat(f"{utc}+00:00").timestamp())
        self.step(at - now_ms() // 1_000 - self._offset)

    def step(self, seconds: int) -> None:
        """It is set forward, or back, by so many seconds."""
        self._offset += seconds
        new = self._file.with_suffix(".new")
        new.write_text(f"{self._offset:+d}\n")
        new.replace(self._file)

    def now_ms(self) -> int:
        """What it shows."""
        return now_ms() + self._offset * 1_000
