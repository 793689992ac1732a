"""A daemon or a worker as a test wants it: with the jobs of `extra`, a host name, a lease and an
end of the test's own. It runs in a process of its own, and so do the workers that it starts.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EXTRA = Path(__file__).parent / "extra"
_FAKED = ("LD_PRELOAD", "FAKETIME", "FAKETIME_TIMESTAMP_FILE", "FAKETIME_NO_CACHE",
          "FAKETIME_DONT_FAKE_MONOTONIC")  # fmt: skip
_PR_SET_PDEATHSIG = 1
# Runs a program of ours in this dress, as `jobs.detached` runs it without.
_MAIN = (
    "import sys; root, program = sys.argv.pop(1), sys.argv.pop(1); sys.path.insert(0, root);"
    " from tests.jobs.dressed import begin; sys.exit(begin({text!r}, program))"
)


@dataclass(frozen=True, slots=True)
class Dress:
    """What is other than in earnest. `host`: the name of the machine, which then has a lock of its
    own, as a second machine would. `ttl_ms`: how long a lease lasts; `reserved_ms`: and a run that
    nobody has begun is reserved. `die_at`: a file with a number; the worker that finds it removes
    it and kills itself at the statement of that number. `retry_seconds`: the longest pause before
    an action, or a job that failed, is tried again."""

    host: str = ""
    ttl_ms: int = 30_000
    reserved_ms: int = 15_000
    die_at: str = ""
    retry_seconds: int = 0

    def command(self, program: str, words: list[str]) -> list[str]:
        """The command that runs a module of ours in this dress."""
        return [sys.executable, "-I", "-c", self.main(), str(ROOT), program, *words]

    def main(self) -> str:
        """The same as the text that `jobs.detached` puts between the interpreter and the words."""
        return _MAIN.format(text=json.dumps(asdict(self)))


def begin(text: str, program: str) -> int:
    """Puts the dress on, and runs the program."""
    dress = Dress(**json.loads(text))
    _jobs(dress)
    _lease(dress)
    if dress.host:
        _host(dress)
    if dress.retry_seconds:
        _pauses(dress)
    if program == "jobs.worker":
        _death(dress)
    else:
        _end_with_the_test()
    status: int = import_module(program).main()
    return status


def _jobs(dress: Dress) -> None:
    import jobs.all
    from jobs import detached

    jobs.all.__path__.append(str(EXTRA))
    detached._MAIN = dress.main()  # type: ignore[attr-defined]
    kept = detached.environment

    def environment(config: Any, environ: Mapping[str, str]) -> dict[str, str]:
        return kept(config, environ) | {
            name: environ[name] for name in _FAKED if name in environ
        }  # fmt: skip

    detached.environment = environment


def _lease(dress: Dress) -> None:
    from jobs import lease

    lease.TTL_MS = dress.ttl_ms  # before it is imported by others
    from jobs import queue

    queue.RESERVED_MS = dress.reserved_ms


def _pauses(dress: Dress) -> None:
    from engine.events import next_state
    from jobs import demand

    next_state.FIRST_SECONDS = next_state.LONGEST_SECONDS = dress.retry_seconds
    demand._AFTER_FAILURE_MS = dress.retry_seconds * 1_000


def _host(dress: Dress) -> None:
    from jobs import standby

    socket.gethostname = lambda: dress.host
    kept = standby.lock_file
    standby.lock_file = lambda config: kept(config).with_suffix(f".{dress.host}")


def _death(dress: Dress) -> None:
    file = Path(dress.die_at)
    if not dress.die_at or not file.exists():
        return
    left = int(file.read_text())

    def count(*_: object) -> None:
        nonlocal left
        if threading.current_thread() is not threading.main_thread():
            return
        left -= 1
        if left == 0:
            file.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    _before_each_statement(count)


def _before_each_statement(count: Any) -> None:
    import sqlite3

    import pymysql

    opened, sent = sqlite3.connect, pymysql.connections.Connection._execute_command

    def connect(*words: Any, **options: Any) -> sqlite3.Connection:
        connection = opened(*words, **options)
        connection.set_trace_callback(count)
        return connection

    def send(connection: Any, command: int, sql: Any) -> None:
        count()
        sent(connection, command, sql)

    import peewee

    peewee.sqlite3.connect = connect
    pymysql.connections.Connection._execute_command = send


def _end_with_the_test() -> None:
    """However the test dies, nothing of it stays: workers end when their daemon does."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
