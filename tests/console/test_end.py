"""However the console ends, the terminal is given back, and no personal data is left behind."""

from __future__ import annotations

import errno
import signal
import sqlite3
import stat
import sys
import termios
import threading
from pathlib import Path

import pytest

from tests.console.terminal import Terminal
from tests.console.test_bytes import _open
from tui import crash

_GIVEN_BACK = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?2004l")


def test_quitting(tmp_path: Path) -> None:
    with _open(tmp_path, "people", (80, 24)) as terminal:
        before = termios.tcgetattr(terminal.master)
        written = terminal.until(b"row 1 of")
        assert b"\x1b[?1003h" not in written  # the mouse is off
        assert termios.tcgetattr(terminal.master) != before
        terminal.send("й")
        written = terminal.until_quiet()
        assert all(part in written for part in _GIVEN_BACK)
        assert terminal.exit_status() == 0
        assert termios.tcgetattr(terminal.master) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_give_the_terminal_back(tmp_path: Path, number: signal.Signals) -> None:
    with _open(tmp_path, "people", (80, 24)) as terminal:
        before = termios.tcgetattr(terminal.master)
        terminal.until(b"row 1 of")
        terminal.signal(number)
        written = terminal.until(b"\x1b[?1049l")
        assert all(part in written for part in _GIVEN_BACK)
        assert terminal.exit_status() == 128 + number
        assert termios.tcgetattr(terminal.master) == before


def test_a_broken_line_ends_the_console(tmp_path: Path) -> None:
    with _open(tmp_path, "people", (80, 24)) as terminal:
        terminal.until(b"row 1 of")
        terminal.hang_up()
        assert terminal.exit_status() == 128 + signal.SIGHUP


@pytest.mark.parametrize(
    ("error", "files"), [(OSError(errno.EIO, "gone"), 0), (ValueError("x"), 1), (OSError("x"), 1)]
)
def test_a_terminal_that_is_gone_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, files: int
) -> None:
    """Textual's thread that writes to the terminal dies of it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def write() -> None:
        raise error

    monkeypatch.setattr(threading, "excepthook", crash.on_thread_error)
    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    assert len(list(tmp_path.glob("billdeck/crash-*"))) == files


def test_a_terminal_that_takes_nothing_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """As when the network is gone and nobody has noticed yet."""
    with _open(tmp_path, "people") as terminal:
        terminal.until(b"row 1 of")
        for _ in range(60):  # far more than a terminal's buffer, and nobody reads it
            terminal.send("\x1b[6~")
        terminal.signal(signal.SIGTERM)
        assert terminal.exit_status() == 128 + signal.SIGTERM


def test_quitting_with_a_question_that_hangs(tmp_path: Path) -> None:
    with _open(tmp_path, "people", (80, 24)) as terminal:
        terminal.until(b"row 1 of")
        terminal.send(":hang\r")
        terminal.until(b"this hangs")
        terminal.send("q")
        assert b"\x1b[?1049l" in terminal.until_quiet(2)
        assert terminal.exit_status() == 0


def test_a_fault_leaves_a_file_without_personal_data(tmp_path: Path) -> None:
    with _open(tmp_path, "people", (80, 24)) as terminal:
        terminal.until(b"row 1 of")
        terminal.send(":fault\r")
        written = terminal.until(b"run it again")
        assert terminal.exit_status() == 70
    assert all(part in written for part in _GIVEN_BACK)
    after = written.split(b"\x1b[?1049l")[1]
    assert b"internal error: ValueError at terminal_app:" in after
    assert b"Traceback" not in after
    files = list((tmp_path / "state" / "billdeck").iterdir())
    assert len(files) == 1
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert files[0].name.encode() in after
    kept = files[0].read_text()
    assert "in fault" in kept
    for where in (kept, after.decode()):
        assert "Ivanov" not in where
        assert "9161234567" not in where


@pytest.mark.parametrize(
    ("statement", "words", "status"),
    [(None, b"there is no database at", 1), ("CREATE TABLE x (y)", b"no billdeck tables", 2)],
)
def test_without_anything_to_look_at_it_ends_with_a_message(
    tmp_path: Path, statement: str | None, words: bytes, status: int
) -> None:
    file = tmp_path / "billing.db"
    if statement:
        connection = sqlite3.connect(file)
        connection.execute(statement)
        connection.close()
    environ = {"BILLDECK_DATABASE__PATH": str(file), "HOME": str(tmp_path)}
    with Terminal([sys.executable, "-m", "cli.main"], (80, 24), environ) as terminal:
        before = termios.tcgetattr(terminal.master)
        written = terminal.until(words)
        assert terminal.exit_status() == status
        assert termios.tcgetattr(terminal.master) == before
    assert written.index(b"\x1b[?1049l") < written.index(words)
    assert b"Traceback" not in written
