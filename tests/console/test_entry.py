"""`billdeck` alone and `billdeck demo` at a terminal: they lead into the console."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.terminal import ROOT, Terminal

PROGRAM = [sys.executable, "-m", "cli.main"]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A home of its own, and a database that is there once it is made."""
    return {
        "HOME": str(tmp_path),
        "BILLDECK_DATABASE__PATH": str(tmp_path / "own.db"),
        "BILLDECK_CONSOLE__REFRESH_SECONDS": "1",
    }


def test_billdeck_alone_opens_the_console_which_then_is_quiet(environ: dict[str, str]) -> None:
    made = subprocess.run(
        [*PROGRAM, "init"], env=environ | {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        cwd=ROOT, check=False,
    )  # fmt: skip
    assert made.returncode == 0
    with Terminal(PROGRAM, (80, 24), environ) as terminal:
        shown = terminal.until(b"no payment in 30 days")
        assert b"Needs attention" in shown
        # The minute may end or the latency change meanwhile; but not every time.
        assert any(terminal.written_within(1.3) == b"" for _ in range(4))
        terminal.send("q")
        assert terminal.exit_status() == 0


def test_without_a_database_it_says_what_to_do(environ: dict[str, str]) -> None:
    with Terminal(PROGRAM, (80, 24), environ) as terminal:
        assert b"billdeck init" in terminal.until(b"billdeck demo")
        assert terminal.exit_status() == 1


def test_json_never_opens_it(environ: dict[str, str]) -> None:
    with Terminal([*PROGRAM, "--json"], (80, 24), environ) as terminal:
        assert b'{"error": ' in terminal.until(b"}")
        assert terminal.exit_status() == 1


def test_the_demonstration_offers_the_console(environ: dict[str, str], tmp_path: Path) -> None:
    demo = [*PROGRAM, "demo", "--subscribers", "20", "--path", str(tmp_path / "demo.db")]
    with Terminal(demo, (80, 24), environ) as terminal:
        assert b"Look around in it" in terminal.until(b"Enter opens the console on it")
        terminal.send("\r")
        terminal.until(b"Needs attention")
        terminal.send("q")
        assert terminal.exit_status() == 0
    with Terminal(demo, (80, 24), environ) as terminal:
        terminal.until(b"Enter opens the console on it")
        terminal.send("n\r")
        assert terminal.exit_status() == 0
    with Terminal([*demo, "--no-console"], (80, 24), environ) as terminal:
        assert b"Enter opens" not in terminal.until(b"prove it again")
        assert terminal.exit_status() == 0


def test_without_a_terminal_textual_stays_away(environ: dict[str, str], tmp_path: Path) -> None:
    code = (
        "import sys\nfrom cli.main import main\n"
        f"main(['demo', '--subscribers', '20', '--path', {str(tmp_path / 'demo.db')!r}])\n"
        f"main(['--config', {str(tmp_path / 'config.ini')!r}])\n"
        "print('modules', *sys.modules)"
    )
    (tmp_path / "config.ini").write_text(
        f"[database]\npath = {tmp_path / 'demo.db'}\n", encoding="utf-8"
    )
    del environ["BILLDECK_DATABASE__PATH"]
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environ | {"PATH": os.environ["PATH"]},
        cwd=ROOT, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert "All commands: `billdeck --help`." in done.stdout
    modules = done.stdout.rpartition("modules ")[2].split()
    assert not {"textual", "rich", "tui", "tui.run"} & set(modules)
