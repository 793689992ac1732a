"""Two hosts, each with a daemon and a node of the cluster: one of them dies in the middle of a
month close of 100,000 subscribers, and the other goes on.

The hosts are two names on this machine, so that nobody can look whether a process of the other one
is still there: only the lease tells, as it would between machines.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bench.data
from engine.clock import SystemClock
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.period import Period
from engine.queries.daemons import daemons
from engine.queries.runs import JobRun, one_run
from jobs.lease import TTL_MS
from jobs.month_close import CloseOptions
from jobs.queue import ask
from jobs.registry import job_named
from tests.close.books import config, job, new_books
from tests.close.copies import at
from tests.close.looks import Look, faults, look
from tests.cluster.places import Places
from tests.servers.galera import EVICTION_SECONDS
from tests.servers.mariadb import PASSWORD, USER

pytestmark = [pytest.mark.heavy, pytest.mark.mariadb]

SUBSCRIBERS = 100_000
OCTOBER = Period(2025, 10)
ROOT = Path(__file__).parents[2]
# Far beyond what it takes: a test that hangs shall end.
LIMIT_SECONDS = 300


@pytest.fixture
def expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """What a close of the same subscribers leaves on SQLite, where nobody disturbs it."""
    monkeypatch.setattr(bench.data, "PERIOD", OCTOBER)
    database = new_books(at(tmp_path / "books.db"))
    bench.data.fill(database, SUBSCRIBERS)
    job(database, config(at(tmp_path / "books.db"))).run(CloseOptions(OCTOBER, late=True))
    found = look(database)
    database.close()
    return found


class Host:
    """A daemon on a host of its own name, with its node."""

    def __init__(self, name: str, folder: Path, where: DatabaseConfig) -> None:
        folder.mkdir()
        password = folder / "password"
        password.touch(mode=0o600)
        password.write_text(PASSWORD)
        (folder / "config.ini").write_text(
            f"[database]\nengine = mariadb\nsocket = {where.socket}\nname = {where.name}\n"
            f"user = {USER}\npassword_file = {password}\n[schedule]\nmonth-close = off\n"
        )
        environ = {key: text for key, text in os.environ.items() if "BILLDECK" not in key}
        self._log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [
                "unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--uts",
                "sh", "-c", 'hostname "$0" && exec "$@"', name, sys.executable, "-m", "cli.main",
                "--config", str(folder / "config.ini"), "daemon",
            ],
            cwd=ROOT,
            env=environ | {"XDG_STATE_HOME": str(folder)},
            stderr=self._log,
        )  # fmt: skip
        self.name = name

    def end(self) -> None:
        self.process.kill()
        self.process.wait(60)
        self._log.close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Callable[[str, DatabaseConfig], Host]]:
    """Starts a daemon."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here (Debian's util-linux): a second host cannot be made")
    started: list[Host] = []

    def start(name: str, where: DatabaseConfig) -> Host:
        started.append(Host(name, tmp_path / name, where))
        return started[-1]

    yield start
    for each in started:
        each.end()


def until(what: str, is_so: Callable[[], bool]) -> None:
    """Asks until it is so."""
    pause, deadline = threading.Event(), time.monotonic() + LIMIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, what
        pause.wait(0.05)


def seen(database: Database, number: int) -> JobRun:
    found = one_run(database, SystemClock().now_ms(), number)
    assert found is not None
    return found


def kill_all(host: Host, run: JobRun) -> None:
    """As if its power was cut: the daemon and the process of the run, at the same moment."""
    name, pid = run.holder.split(" ")[:2]
    assert name == host.name
    host.process.kill()
    os.kill(int(pid), signal.SIGKILL)


def test_the_other_host_goes_on(
    places: Places,
    host: Callable[[str, DatabaseConfig], Host],
    expected: Look,
    capsys: pytest.CaptureFixture[str],
) -> None:
    watch = open_database(places.configs[1])
    bench.data.fill(watch, SUBSCRIBERS)
    first = host("alpha", places.configs[0])
    until("the first daemon is there", lambda: len(daemons(watch)) == 1)
    values = {"period": str(OCTOBER), "late": True}
    asked = ask(watch, SystemClock(), job_named("month-close"), values, "anna")
    until("the first has begun", lambda: seen(watch, asked.number).state == "running")
    second = host("beta", places.configs[1])
    until("the second daemon is there", lambda: len(daemons(watch)) == 2)
    until("a part is closed", lambda: seen(watch, asked.number).done > SUBSCRIBERS // 4)

    run = seen(watch, asked.number)
    kill_all(first, run)
    places.nodes[0].kill()
    died = time.monotonic()
    until("the second took over", lambda: seen(watch, asked.number).holder.startswith("beta"))
    took_over = time.monotonic() - died
    until("it is done", lambda: not seen(watch, asked.number).is_open)
    whole = time.monotonic() - died

    after = seen(watch, asked.number)
    assert second.process.poll() is None
    assert (after.state, after.attempt, after.done) == ("done", 2, run.total)
    assert 0 < after.already < after.total
    for node in (1, 2):
        database = open_database(places.configs[node])
        assert faults(database, OCTOBER) == []
        assert look(database) == expected
        database.close()
    watch.close()
    with capsys.disabled():
        print(
            f"\n{SUBSCRIBERS} subscribers on three nodes: host and node killed at {run.done};"
            f" taken over after {took_over:.1f} s (lease {TTL_MS // 1000} s, eviction"
            f" {EVICTION_SECONDS:.0f} s), closed after {whole:.1f} s; each charged once,"
            f" {after.already} by the first"
        )
