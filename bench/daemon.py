"""The daemon against its limits, and the list of runs with a long history behind it.

    python -m bench.daemon [--engines sqlite mariadb] [--seconds 30] [--rows 10000 500000]

For each engine it starts `billdeck daemon` on a new database and prints each figure beside its
limit: what it takes while nothing is due, how soon a run is taken over whose worker, or whose whole
host, was killed, and how long the lists take. MariaDB is a private server, not counted itself.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.places import Where, config_of, make_anew, peak_memory_mb, places, write_config
from engine.clock import SystemClock
from engine.database import Database, open_database
from engine.queries.job_list import job_states
from engine.queries.run_list import Runs
from engine.queries.runs import recent_runs
from jobs.queue import ask
from jobs.registry import job_named, read_config
from tests.jobs.conftest import add_extra_jobs, make_tables
from tests.jobs.dressed import Dress
from tests.jobs.hosts import Host, until

CLOCK = SystemClock()
_TICKS = os.sysconf("SC_CLK_TCK")
_LEASE_SECONDS = 30
_PAGE = 50
_TIMES = 7


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", nargs="+", default=["sqlite", "mariadb"])
    parser.add_argument("--seconds", type=int, default=30, help="of an idle daemon")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 500_000])
    args = parser.parse_args()
    add_extra_jobs()
    for engine in args.engines:
        with (
            tempfile.TemporaryDirectory() as folder,
            places(engine, Path(folder), ["daemon"]) as (where,),
        ):
            print(engine, flush=True)
            make_anew(where, 0)
            database = open_database(config_of(where).database)
            make_tables(database)
            _idle(Path(folder), where, database, args.seconds)
            _takeover(Path(folder), where, database)
            for rows in args.rows:
                _history(Path(folder), where, database, rows)
            database.close()
    return 0


def _tell(figure: str, measured: str, limit: str, is_within: bool) -> None:
    verdict = "" if is_within else "   MISSED"
    print(f"  {figure:44} {measured:>14}   limit {limit}{verdict}", flush=True)


@contextmanager
def _host(folder: Path, where: Where, name: str, schedule: dict[str, str]) -> Iterator[Host]:
    """A daemon as if on a host of its own."""
    config = config_of(where).database
    host = Host(folder / name, config, Dress(host=name), schedule, {}, {})
    try:
        yield host.start()
    finally:
        host.clean_up()


# Idle


def _idle(folder: Path, where: Where, database: Database, seconds: int) -> None:
    schedule = {"month-close": "monthly 1 00:01", "housekeeping": "daily 04:20"}
    with _host(folder, where, "idle", schedule) as host:
        pid = host.process.pid
        pause = threading.Event()
        pause.wait(5)
        cpu, asked, began = _cpu_seconds(pid), _questions(database), time.perf_counter()
        pause.wait(seconds)
        took = time.perf_counter() - began
        share = (_cpu_seconds(pid) - cpu) / took
        _tell("idle, of a core", f"{share:.2%}", "1 %", share < 0.01)
        if database.dialect.name == "mariadb":
            rate = (_questions(database) - asked - 1) / took
            _tell("idle, statements a second", f"{rate:.1f}", "5", rate <= 5)
        memory = peak_memory_mb(pid)
        _tell("memory (VmHWM)", f"{memory} MB", "60 MB", memory <= 60)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _questions(database: Database) -> int:
    """The statements that the server has been sent, with this one."""
    if database.dialect.name == "sqlite":
        return 0
    found = database.row("SHOW GLOBAL STATUS LIKE 'Questions'")
    return int(found[1]) if found else 0


# Takeover


def _takeover(folder: Path, where: Where, database: Database) -> None:
    number = ask(
        database, CLOCK, job_named("counts"), {"upto": "1000000", "slowly": True}, "bench"
    ).number
    with _host(folder, where, "one", {}) as one, _host(folder, where, "two", {}) as two:
        first = _holder(database, number, other_than="")
        here, there = (one, two) if first.startswith("one ") else (two, one)
        began = time.perf_counter()
        here.signal_workers(signal.SIGKILL)
        second = _holder(database, number, other_than=first)
        took = time.perf_counter() - began
        _tell("worker killed: the run goes on after", f"{took:.1f} s", "5 s", took <= 5)
        here, there = (one, two) if second.startswith("one ") else (two, one)
        limit = _LEASE_SECONDS + 5
        began = time.perf_counter()
        here.signal_all(signal.SIGKILL)
        _holder(database, number, other_than=second)
        took = time.perf_counter() - began
        _tell("host killed: another goes on after", f"{took:.1f} s", f"{limit} s", took <= limit)
        there.stop()


def _holder(database: Database, number: int, other_than: str) -> str:
    """Who has the run, once it goes on with another holder."""
    question = "SELECT holder FROM job_run WHERE id = ? AND state = 'running' AND holder <> ?"
    until(lambda: database.value(question, (number, other_than)))
    return str(database.value(question, (number, other_than)))


# History


def _history(folder: Path, where: Where, database: Database, rows: int) -> None:
    print(f"  {rows:,} runs", flush=True)
    _fill(database, rows)
    file = folder / "config.ini"
    write_config(where, file)
    config = read_config(file, environ={})
    zone, now = config.billing.timezone, CLOCK.now_ms()
    source = Runs(CLOCK)
    newest, missed = source.query(""), source.query("job=month-close")
    end = max(0, rows - _PAGE)
    _tell_ms("the jobs", lambda: job_states(database, now, config.schedule, zone), 50)
    _tell_ms("the newest runs", lambda: recent_runs(database, now), 50)
    _tell_ms("first page of the list", lambda: source.page(database, newest, 0, _PAGE), 50)
    _tell_ms("last page of the list", lambda: source.page(database, newest, end, _PAGE), 500)
    _tell_ms("first page of one job", lambda: source.page(database, missed, 0, _PAGE), 500)
    command = [sys.executable, "-m", "cli.main", "--config", str(file), "jobs"]
    _tell_ms("billdeck jobs, the whole command", lambda: subprocess.run(
        command, check=True, capture_output=True), 1_000)  # fmt: skip


def _tell_ms(figure: str, work: Callable[[], object], limit: int) -> None:
    times = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1_000)
    median = statistics.median(times)
    _tell(f"  {figure}", f"{median:,.1f} ms", f"{limit} ms", median <= limit)


def _fill(database: Database, rows: int) -> None:
    """Runs of five jobs, one a minute, up to now."""
    names = ("housekeeping", "month-close", "counts", "ticks", "raises")
    states = ("done", "done", "done", "failed", "missed", "done", "interrupted")
    now = CLOCK.now_ms()
    with database.transaction():
        database.execute("DELETE FROM job_log")
        database.execute("DELETE FROM job_run")
        database.write_many(
            "INSERT INTO job_run (job, slot, state, actor, asked_at, started_at, heartbeat_at,"
            " finished_at, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (names[n % 5], at, states[n % 7], "schedule", at, at, at + 900, at + 1_000, "so so")
                for n in range(rows)
                for at in (now - (rows - n) * 60_000,)
            ],
        )
    if database.dialect.name == "sqlite":
        database.execute("ANALYZE")
    else:
        database.rows("ANALYZE TABLE job_run")


if __name__ == "__main__":
    sys.exit(main())
