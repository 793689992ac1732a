"""A program on a terminal of its own: what it writes there, byte by byte."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[2]

# So long nothing must come before the program counts as done with what it was told.
QUIET_SECONDS = 0.25
_GIVE_UP_SECONDS = 30.0


class Terminal:
    """Runs `command` on a pseudo-terminal of `size` (columns, rows). A context manager."""

    def __init__(
        self,
        command: Sequence[str],
        size: tuple[int, int] = (160, 45),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.master, slave = pty.openpty()
        columns, rows = size
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            **(environ or {}),
        }
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.master >= 0:
            os.close(self.master)

    def send(self, data: str) -> None:
        """Types."""
        os.write(self.master, data.encode("utf-8"))

    def until_quiet(self, quiet: float = QUIET_SECONDS) -> bytes:
        """All that is written until nothing was for `quiet` seconds, or the program has ended."""
        found = b""
        deadline = time.monotonic() + _GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self.master], [], [], quiet)
            if not ready:
                return found
            part = self._read()
            if not part:
                return found
            found += part
        raise AssertionError(f"the program never was quiet; {len(found)} bytes came")

    def until(self, wanted: bytes) -> bytes:
        """All that is written until `wanted` has been, and then quiet."""
        found = b""
        deadline = time.monotonic() + _GIVE_UP_SECONDS
        while wanted not in found:
            left = deadline - time.monotonic()
            ready = select.select([self.master], [], [], max(0.0, left))[0]
            part = self._read() if ready else b""
            if not part:
                raise AssertionError(f"{wanted!r} never came, only {found[-2000:]!r}")
            found += part
        return found + self.until_quiet()

    def written_within(self, seconds: float) -> bytes:
        """What is written within so many seconds."""
        found = b""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                found += self._read()
        return found

    def hang_up(self) -> None:
        """The line breaks."""
        os.close(self.master)
        self.master = -1

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the program."""
        self.process.send_signal(number)

    def exit_status(self) -> int:
        """Waits for the end."""
        return self.process.wait(_GIVE_UP_SECONDS)

    def _read(self) -> bytes:
        try:
            return os.read(self.master, 65_536)
        except OSError:  # the other end is closed
            return b""


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
