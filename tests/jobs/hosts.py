"""Real daemons in processes of their own, and waiting for what they do."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from engine.config import DatabaseConfig
from tests.jobs.dressed import ROOT, Dress

_GIVE_UP_SECONDS = 60.0
# The first that a daemon says, followed by its version and state.
_BEGUN = " info billdeck "
_KEEP = ("HOME", "PATH", "LANG", "TMPDIR", "TZ")


def until(is_so: Callable[[], object], tell: Callable[[], str] = str) -> None:
    """Asks until it is so; `tell` says what there is instead when it never comes."""
    pause = threading.Event()
    deadline = time.monotonic() + _GIVE_UP_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, tell()
        pause.wait(0.02)


class Host:
    """A machine with a configuration and, after `start`, a daemon. `folder` is its state folder."""

    def __init__(
        self,
        folder: Path,
        where: DatabaseConfig,
        dress: Dress,
        schedule: Mapping[str, str],
        settings: Mapping[str, Mapping[str, object]],
        environ: Mapping[str, str],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.dress = dress
        self._where = where
        self._environ = dict(environ)
        self._config = folder / "config.ini"
        self._log = folder / "daemon.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.configure(schedule, settings)

    def configure(
        self, schedule: Mapping[str, str], settings: Mapping[str, Mapping[str, object]]
    ) -> None:
        """Writes the configuration: the database, and all jobs off but those given."""
        sections = {
            "database": _database(self._where),
            "schedule": {"month-close": "off", "housekeeping": "off", **schedule},
        }
        for name, values in settings.items():
            sections[name] = {**sections.get(name, {}), **values}
        text = ""
        for name, values in sections.items():
            text += f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
        self.write_config(text)

    def write_config(self, text: str) -> None:
        """Writes the configuration as it is given."""
        self._config.touch(mode=0o600)
        self._config.write_text(text)

    def start(self) -> Host:
        """Starts the daemon and returns when it is active or standby."""
        before = self.log().count(_BEGUN)
        self.launch()
        self.wait_for_log(_BEGUN, before + 1)
        return self

    def launch(self) -> None:
        """Starts the daemon and does not wait for anything."""
        environ = {name: text for name, text in os.environ.items() if name in _KEEP}
        environ |= {"XDG_STATE_HOME": str(self.folder), **self._environ}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.dress.command("cli.main", ["--config", str(self._config), "daemon"]),
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The daemon that was started last."""
        assert self._process is not None
        return self._process

    def log(self) -> str:
        """All that its daemons have said."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def wait_for_log(self, words: str, times: int = 1) -> None:
        """Waits until a daemon of it has said that; one that ended cannot say it any more."""

        def said() -> bool:
            ended = self.process.poll() is not None
            found = self.log().count(words) >= times
            assert found or not ended, f"it ended, status {self.process.returncode}: {self.log()}"
            return found

        until(said, self.log)

    def signal(self, number: signal.Signals) -> None:
        """Sends the daemon a signal."""
        self.process.send_signal(number)

    def exit_status(self) -> int:
        """Waits for the daemon's end."""
        try:
            return self.process.wait(_GIVE_UP_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end: {self.log()}") from None

    def stop(self) -> int:
        """Asks the daemon to end, and waits for that."""
        self.signal(signal.SIGTERM)
        return self.exit_status()

    def kill(self) -> None:
        """Kills the daemon alone."""
        self.process.kill()
        self.process.wait()

    def workers(self) -> list[int]:
        """The process numbers of the workers of this host, also of daemons that are gone."""
        own = self._process.pid if self._process else 0
        return [pid for pid in _processes_with(str(self._config)) if pid != own]

    def signal_all(self, number: signal.Signals) -> None:
        """The whole machine stops, goes on or dies: the daemon, and then its workers. Of the death
        of the daemon no worker may hear first: it would end in order."""
        if number == signal.SIGKILL:
            self.signal_workers(signal.SIGSTOP)
        self.signal(number)
        self.signal_workers(number)

    def signal_workers(self, number: signal.Signals) -> None:
        """The same with the workers alone."""
        for pid in self.workers():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def clean_up(self) -> None:
        """Nothing of this host is left, in whatever state it was."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        until(self._no_worker)

    def _no_worker(self) -> bool:
        self.signal_workers(signal.SIGKILL)
        return not self.workers()


def _processes_with(word: str) -> list[int]:
    """The processes with this word on their command line; a zombie has none."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                found += [int(entry.name)] if word.encode() in words else []
    return found


def _database(where: DatabaseConfig) -> dict[str, object]:
    if where.engine == "sqlite":
        return {"engine": "sqlite", "path": where.path}
    assert where.password is not None
    place = {"socket": where.socket} if where.socket else {"host": where.host, "port": where.port}
    return {"engine": "mariadb", **place, "name": where.name, "user": where.user,
            "password": where.password.reveal(), "wait_seconds": where.wait_seconds}  # fmt: skip
