"""`billdeck run month-close` as a process of its own, asked to stop in the middle."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import bench.data
from engine.database import Database
from engine.ledger.proof import prove
from engine.period import Period
from tests.close.books import new_books
from tests.close.copies import at

LONG_AGO = Period(2025, 10)
SUBSCRIBERS = 10_000
# Each chunk takes some hundredths of a second, so that the middle of the run cannot be missed.
_SLOW = (
    "CREATE TRIGGER slow AFTER INSERT ON journal_entry"
    " BEGIN SELECT COUNT(*) FROM subscriber, plan WHERE subscriber.name < plan.name; END"
)
_ROOT = Path(__file__).parents[2]
_SETTINGS = """\
[database]
path = {path}
[billing]
close_chunk = 250
close_latency_ms = 1
"""


@pytest.fixture
def crowd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Many subscribers of a month that has long ended, in `tmp_path`; the ledger is proved."""
    monkeypatch.setattr(bench.data, "PERIOD", LONG_AGO)
    database = new_books(at(tmp_path / "books.db"))
    bench.data.fill(database, SUBSCRIBERS)
    database.execute(_SLOW)
    (tmp_path / "config.ini").write_text(_SETTINGS.format(path=tmp_path / "books.db"))
    yield database
    assert prove(database) == []
    database.close()


def start(
    folder: Path, hangup: signal.Handlers = signal.SIG_DFL, stderr: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    """The process; `hangup` is what a SIGHUP does as long as it has not said otherwise."""
    environment = {name: value for name, value in os.environ.items() if "BILLDECK" not in name}
    return subprocess.Popen(
        [
            sys.executable, "-m", "cli.main", "--config", str(folder / "config.ini"), "run",
            "month-close", "--period", str(LONG_AGO), "--late", "--yes",
        ],
        cwd=_ROOT,
        env=environment | {"TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, hangup),
    )  # fmt: skip


def wait_for_progress(database: Database, process: subprocess.Popen[str]) -> None:
    """Returns once the run says, in job_run, that it has closed some."""
    pause = threading.Event()
    deadline = time.monotonic() + 60
    while not database.integer("SELECT MAX(done) FROM job_run WHERE state = 'running'"):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        pause.wait(0.002)


def closed(database: Database) -> int:
    return database.integer("SELECT COUNT(*) FROM close_record WHERE period = ?", (str(LONG_AGO),))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_stops_after_the_chunk_and_goes_on_later(
    crowd: Database, tmp_path: Path, number: signal.Signals
) -> None:
    process = start(tmp_path)
    wait_for_progress(crowd, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (out, err)
    assert "Run the same command again to go on" in err
    assert "Traceback" not in out + err

    done = closed(crowd)
    assert 0 < done < SUBSCRIBERS
    # The numbers have no gaps, so a whole chunk is what ends at the highest.
    assert crowd.integer("SELECT MAX(subscriber_id) FROM close_record") == 1000 + done - 1
    run = crowd.row("SELECT state, done, total FROM job_run")
    assert run == ("interrupted", done, SUBSCRIBERS)
    assert crowd.value("SELECT holder FROM lease") is None
    assert prove(crowd) == []

    crowd.execute("DROP TRIGGER slow")
    process = start(tmp_path)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (out, err)
    assert closed(crowd) == SUBSCRIBERS
    state = "SELECT state FROM billing_period WHERE period = ?"
    assert crowd.value(state, (str(LONG_AGO),)) == "closed"


def test_the_terminal_is_lost(crowd: Database, tmp_path: Path) -> None:
    """The progress bar goes to a terminal whose window is closed in the middle of the run."""
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    process = start(tmp_path, stderr=theirs)
    os.close(theirs)
    wait_for_progress(crowd, process)
    os.close(ours)  # the kernel tells only the leader of the terminal's session: we tell the rest
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert crowd.value("SELECT state FROM job_run") == "interrupted"
    assert crowd.value("SELECT holder FROM lease") is None


def test_under_nohup_a_lost_terminal_does_not_stop_it(crowd: Database, tmp_path: Path) -> None:
    process = start(tmp_path, signal.SIG_IGN)
    wait_for_progress(crowd, process)
    crowd.execute("DROP TRIGGER slow")
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (out, err)
    assert closed(crowd) == SUBSCRIBERS


@pytest.mark.parametrize("times", [1, pytest.param(25, marks=pytest.mark.heavy)])
def test_killed_again_and_again(crowd: Database, tmp_path: Path, times: int) -> None:
    for _ in range(times):
        process = start(tmp_path)
        before = closed(crowd)
        pause = threading.Event()
        while closed(crowd) <= before and process.poll() is None:
            pause.wait(0.001)
        process.kill()
        process.communicate()
        assert prove(crowd) == []
        if closed(crowd) == SUBSCRIBERS:
            break
    process = start(tmp_path)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (out, err)
    assert closed(crowd) == SUBSCRIBERS
