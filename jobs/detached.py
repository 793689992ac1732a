"""Starting billdeck as a process of its own, so that a job outlives who asked for it.

The process has a session of its own, so no terminal that goes away takes it along, an environment
of what it needs, and no secret among its arguments, which everybody on the machine can read.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import engine
from engine.config import Config, variable_name
from engine.errors import JobFailed
from engine.text import safe

# What a job needs to find its configuration, its user and its folders. LD_* is not among it.
_KEPT = (
    "HOME", "USER", "LOGNAME", "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SUDO_UID",
    "CREDENTIALS_DIRECTORY", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
)  # fmt: skip
_OURS = "BILLDECK_"

# Without the folder it is run in and without PYTHON* variables (-I); the tree that this process
# runs from is found even when it is not installed.
_MAIN = (
    "import sys; from importlib import import_module; root, program = sys.argv.pop(1),"
    " sys.argv.pop(1); root in sys.path or sys.path.insert(0, root);"
    " sys.exit(import_module(program).main())"
)
_COMMAND, _WORKER = "cli.main", "jobs.worker"
_LOG_TAIL = 4_000


@dataclass(frozen=True, slots=True)
class Detached:
    """A job that goes on by itself; `log` has all that it says."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def has_ended(self) -> bool:
        """Whether its process is no more."""
        return self.process.poll() is not None

    def said(self) -> str:
        """The end of the log (not made safe)."""
        try:
            with self.log.open("rb") as stream:
                stream.seek(max(0, self.log.stat().st_size - _LOG_TAIL))
                return stream.read(_LOG_TAIL).decode("utf-8", "replace")
        except OSError:
            return ""


@dataclass(frozen=True, slots=True)
class Captured:
    """A process whose answer is wanted."""

    process: subprocess.Popen[bytes]
    errors: IO[bytes]

    def said(self) -> str:
        """The end of what it has said besides its answer so far (not made safe); nothing once
        `read` has come to its end."""
        try:
            number = self.errors.fileno()
            size = os.fstat(number).st_size
            # Not by `seek`: the process writes where the file stands.
            return os.pread(number, _LOG_TAIL, max(0, size - _LOG_TAIL)).decode("utf-8", "replace")
        except (ValueError, OSError):
            return ""

    def read(self, limit: int) -> tuple[int, bytes, str]:
        """Waits for the end: exit status, output, the end of what it complained of (not made safe).
        More than `limit` bytes of output end it with JobFailed."""
        stream = self.process.stdout
        output = stream.read(limit + 1) if stream else b""
        if len(output) > limit:
            self.process.kill()
            self.process.wait()
            raise JobFailed(f"the answer was longer than {limit} bytes and was not read.")
        status = self.process.wait()
        with self.errors as errors:
            size = errors.seek(0, os.SEEK_END)
            errors.seek(max(0, size - _LOG_TAIL))
            return status, output, errors.read().decode("utf-8", "replace")


def start_run(number: int, config: Config, folder: Path) -> Detached:
    """Starts the run that waits in the queue under this number, as a process that writes what it
    complains of to a new file of mode 0600 in `folder`. Raises JobFailed when it cannot be
    started."""
    prefix = f"run-{number}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, path = tempfile.mkstemp(prefix=prefix, suffix=".log", dir=folder)
        with os.fdopen(descriptor, "wb") as log:
            process = _popen(_WORKER, [str(number)], config, log, log)
    except OSError as error:
        raise JobFailed(_cannot(error)) from None
    return Detached(process, Path(path))


def ask(words: Sequence[str], config: Config, given: bytes = b"") -> Captured:
    """Starts `billdeck WORDS` to read its output; `given` is its stdin. Raises JobFailed when it
    cannot be started."""
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - `Captured.read` closes it
    try:
        with tempfile.TemporaryFile() as source:
            source.write(given)
            source.seek(0)
            return Captured(
                _popen(_COMMAND, words, config, subprocess.PIPE, errors, source), errors
            )
    except OSError as error:
        errors.close()
        raise JobFailed(_cannot(error)) from None


def start_worker(number: int, config: Config) -> subprocess.Popen[bytes]:
    """Starts the run of this number as a worker of a daemon: it stops at a safe point when its
    standard input ends, as it does with the daemon, and what it has to say of faults can be read
    from its standard error. Raises OSError."""
    return _popen(
        _WORKER, [str(number), "--of-daemon"], config, subprocess.DEVNULL, subprocess.PIPE,
        subprocess.PIPE,
    )  # fmt: skip


def _popen(
    program: str,
    words: Sequence[str],
    config: Config,
    output: IO[bytes] | int,
    errors: IO[bytes] | int,
    reads: IO[bytes] | int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    root = str(Path(engine.__file__).resolve().parents[1])
    return subprocess.Popen(  # noqa: S603 - our own program, no shell
        [sys.executable, "-I", "-c", _MAIN, root, program, *_config_option(config), *words],
        stdin=reads,
        stdout=output,
        stderr=errors,
        env=environment(config, os.environ),
        cwd="/",
        start_new_session=True,
    )


def _cannot(error: OSError) -> str:
    return f"no process could be started: {safe(error.strerror)}. Nothing was changed."


def _config_option(config: Config) -> list[str]:
    file = Path(config.source)
    return ["--config", str(file.absolute())] if file.is_file() else []


def environment(config: Config, environ: Mapping[str, str]) -> dict[str, str]:
    """What the process is given: of `environ` only what it needs, and the settings that `config`
    may have from elsewhere than a file or `environ` (an option, the demonstration)."""
    kept = {name: text for name, text in environ.items()
            if name in _KEPT or name.startswith(_OURS)}  # fmt: skip
    for name, text in _settings(config).items():
        kept[variable_name(name)] = text
    return kept


def _settings(config: Config) -> dict[tuple[str, str], str]:
    """Settings as they would be written. The password only where nothing else leads to it."""
    database, billing, close = config.database, config.billing, config.month_close
    found: dict[tuple[str, str], str | Path | int | None] = {
        (row.section, row.key): row.value
        for row in config.settings
        if row.origin == "option" and row.value != "***"
    }
    found |= {
        ("database", "engine"): database.engine,
        ("database", "path"): database.path.absolute(),
        ("database", "wait_seconds"): database.wait_seconds,
        ("billing", "timezone"): billing.timezone.key,
        ("billing", "currency"): billing.currency,
        ("billing", "close_chunk"): billing.close_chunk,
        ("billing", "close_latency_ms"): billing.close_latency_ms,
        ("month-close", "settle_minutes"): close.settle_minutes,
        ("month-close", "exempt_states"): ", ".join(sorted(close.exempt_states)),
    }
    if database.engine == "mariadb":
        found |= {("database", name): getattr(database, name)
                  for name in ("socket", "host", "port", "name", "user", "tls_ca")}  # fmt: skip
        if database.password is not None and not config.settings:
            found["database", "password"] = database.password.reveal()
    return {name: str(value) for name, value in found.items() if value is not None}
