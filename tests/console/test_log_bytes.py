"""What the log of a run costs on the line while it grows, and while it does not."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.holder import holder_name
from tests.console import office
from tests.console.driving import NOW, config
from tests.console.terminal import Terminal

_SECONDS = 5
_LINES_A_SECOND = 100
_MOST_BYTES_A_SECOND = 60_000


def test_a_hundred_lines_a_second_and_none(tmp_path: Path) -> None:
    settings = config(tmp_path)
    database = office.open_books(settings)
    office.job_run(database, "running", total=0, holder=holder_name())
    now = database.dialect.now_ms
    database.execute(
        "INSERT INTO daemon (holder, version, state, started_at, heartbeat_at)"
        f" VALUES ('db1 812 7 x', '1', 'active', 0, {now})"
    )
    command = [sys.executable, "-m", "tests.console.log_app", str(settings.database.path), "1"]
    environ = {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    written = 0
    with Terminal(command, (160, 45), environ) as terminal:
        terminal.until(b"nothing was logged")
        for second in range(_SECONDS):
            first = second * _LINES_A_SECOND
            rows = [
                (number, NOW, f"line {number} of a run that says a lot: " + "x" * 90)
                for number in range(first + 1, first + _LINES_A_SECOND + 1)
            ]
            with database.transaction():
                database.write_many(
                    "INSERT INTO job_log (run_id, line, at, level, text)"
                    " VALUES (1, ?, ?, 'info', ?)",
                    rows,
                )
            last = f"line {first + _LINES_A_SECOND} of".encode()
            written += len(terminal.until(last))
        # The daemon is still heard of, and the run goes on: nothing of it is sent.
        quiet = terminal.written_within(2.3)
    database.close()
    assert written <= _MOST_BYTES_A_SECOND * _SECONDS
    assert quiet == b""
