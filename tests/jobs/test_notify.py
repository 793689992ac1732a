"""What systemd is told, on a real socket, and how lines look in its journal."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.database import Database
from tests.jobs.asking import request, wait_for_state
from tests.jobs.conftest import StartHost
from tests.jobs.dressed import ROOT
from tests.jobs.hosts import Host, until

QUICK_ON = "sqlite"

_LONG_SECONDS = 60.0
_SILENCE_SECONDS = 3.0


class Manager:
    """The end of sd_notify(3) that listens."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def close(self) -> None:
        self._socket.close()

    def heard(self, wait: float = _LONG_SECONDS) -> str:
        """The next message; '' when none comes."""
        self._socket.settimeout(wait)
        try:
            return self._socket.recv(4_096).decode()
        except TimeoutError:
            return ""

    def until(self, message: str) -> list[str]:
        """What is heard up to this message."""
        found = []
        while not found or found[-1] != message:
            found.append(self.heard())
            assert found[-1], f"{message} never came, only {found}"
        return found

    def empty(self) -> None:
        """Forgets what has been said so far."""
        while self.heard(0.0001):
            pass


@pytest.fixture(params=["a path", "an abstract name"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    """One that listens."""
    path = tmp_path / "notify"
    listens = Manager(str(path) if request.param == "a path" else f"@billdeck-{os.getpid()}-{path}")
    yield listens
    listens.close()


def watched(manager: Manager) -> dict[str, str]:
    return {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "60000000"}


def test_what_it_says(books: Database, new_host: StartHost, manager: Manager) -> None:
    host = new_host(environ={"NOTIFY_SOCKET": manager.address}).start()
    assert manager.until("STATUS=idle")[0] == "READY=1"
    run = request(books, "deaf")
    manager.until("STATUS=running deaf")
    host.signal(signal.SIGHUP)
    manager.until("READY=1")
    wait_for_state(books, run, "running", host=host)
    host.signal(signal.SIGTERM)
    last = manager.until("STOPPING=1")
    assert "WATCHDOG=1" not in last, "nobody watches"
    host.signal(signal.SIGTERM)
    assert host.exit_status() == 0


@pytest.mark.parametrize("manager", ["a path"], indirect=True)
class TestWatchdog:
    def test_it_barks_only_while_the_loop_turns(
        self, books: Database, new_host: StartHost, manager: Manager
    ) -> None:
        host = new_host(environ=watched(manager)).start()
        manager.until("WATCHDOG=1")
        host.signal(signal.SIGSTOP)
        until(lambda: _is_stopped(host.process.pid))
        manager.empty()
        assert manager.heard(_SILENCE_SECONDS) == ""
        host.signal(signal.SIGCONT)
        manager.until("WATCHDOG=1")

    def test_not_while_a_beat_is_stuck(
        self, books: Database, new_host: StartHost, manager: Manager
    ) -> None:
        """Another holds the only lock that the daemon needs, to add a slot."""
        new_host(schedule={"ticks": "every second"}, environ=watched(manager)).start()
        manager.until("WATCHDOG=1")
        with books.transaction():
            books.execute("UPDATE job_schedule SET seen_until = seen_until")
            assert any(not manager.heard(_SILENCE_SECONDS) for _ in range(20))
        manager.until("WATCHDOG=1")

    @pytest.mark.heavy
    def test_what_is_meant_for_another_process_is_not_ours(
        self, books: Database, new_host: StartHost, manager: Manager
    ) -> None:
        host = new_host(environ={**watched(manager), "WATCHDOG_PID": "1"}).start()
        manager.until("STATUS=idle")
        assert host.stop() == 0
        assert "WATCHDOG=1" not in manager.until("STOPPING=1")


def _is_stopped(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


def test_workers_do_not_speak_to_the_manager(
    books: Database, new_host: StartHost, tmp_path: Path
) -> None:
    """The variables of the daemon are its own."""
    listens = Manager(str(tmp_path / "notify"))
    host = new_host(environ=watched(listens)).start()
    run = request(books, "deaf")
    wait_for_state(books, run, "running", host=host)
    (worker,) = host.workers()
    environ = Path(f"/proc/{worker}/environ").read_bytes()
    assert b"NOTIFY_SOCKET" not in environ
    assert b"WATCHDOG" not in environ
    listens.close()


def test_lines_of_the_journal(books: Database, new_host: StartHost, tmp_path: Path) -> None:
    """Priorities instead of times where standard error is the journal's, and never a control
    character."""
    log = tmp_path / "host-one" / "daemon.log"
    log.parent.mkdir()
    log.touch()
    found = log.stat()
    host: Host = new_host(environ={"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
    host.launch()
    host.wait_for_log("<6>billdeck ")
    run = request(books, "raises")
    wait_for_state(books, run, "failed", host=host)
    host.wait_for_log("<4>run 1 of raises ended, status 1")
    host.write_config("[schedule]\nticks = \x1b[2Jwhenever\n")
    host.signal(signal.SIGHUP)
    host.wait_for_log("<3>the configuration was not taken over")
    assert host.stop() == 0
    lines = host.log().splitlines()
    assert all(line[:3] in {"<3>", "<4>", "<6>"} for line in lines)
    assert "\x1b" not in host.log()


_IMPORTED = (
    "import sys; {code}; print(*sorted(name for name in sys.modules if '.' not in name or"
    " name.startswith(('jobs.', 'cli.', 'engine.'))))"
)


def _imported_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED.format(code=code)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


def test_the_daemon_and_its_workers_import_nothing_of_the_console() -> None:
    code = "import cli.main, cli.daemon, jobs.daemon, jobs.worker, jobs.registry; "
    names = _imported_after(code + "jobs.registry.all_jobs()")
    assert "jobs.daemon" in names
    assert {"textual", "rich", "paramiko", "imap_tools", "httpx", "tui"}.isdisjoint(names)


def test_the_version_imports_nothing_heavy() -> None:
    lines = ("import cli.main", "try: cli.main.main(['--version'])", "except SystemExit: pass")
    code = "\n".join(lines)
    names = _imported_after(f"exec({code!r})")
    assert "cli.main" in names
    assert {"peewee", "pymysql", "schedule", "textual", "sqlite3", "logging"}.isdisjoint(names)
