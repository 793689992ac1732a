"""The console against its limits: the real program on a terminal of 160 x 45, a key at a time.

    python -m bench.console [--subscribers 1000000] [--engines sqlite mariadb]

For each engine it makes a database, opens the console on it and prints each figure beside its
limit. A step is measured to its first frame, and to the last byte of all that follows from it;
`p95` is of all keys of that kind. MariaDB is a private server; its share of the memory is not
counted.
"""

from __future__ import annotations

import argparse
import heapq
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.places import Where, config_of, make_anew, peak_memory_mb, places, write_config
from bench.screen import TimedTerminal
from engine.database import Database, open_database
from engine.dialect import SQLITE

DOWN, PAGE_DOWN = "\x1b[B", "\x1b[6~"
_STARTS, _STEPS, _PAGES, _HELD = 5, 100, 40, 400
_FIRST = 1000
# The console's first frame has the names of its views, the overview's table the unclosed month.
_FRAME, _OVERVIEW = b"Subscribers", b"2026-10"
_MINUTE = 60.0
_IDLE_SECONDS = 10.0
# The console's own five, and the time that it takes.
_REFRESH_SECONDS = 6.0
_NEW_NAME = "Changed by the benchmark"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--engines", nargs="+", default=["sqlite", "mariadb"])
    parser.add_argument("--folder", type=Path, default=None, help="where to put the databases")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for engine in args.engines:
            with places(engine, Path(folder), ["console"]) as (where,):
                make_anew(where, args.subscribers)
                write_config(where, Path(folder) / "config.ini")
                print(f"{engine}, {args.subscribers:,} subscribers", flush=True)
                _starts(Path(folder))
                _walk(Path(folder), where, args.subscribers)
    return 0


def _open(folder: Path) -> TimedTerminal:
    environ = {
        "BILLDECK_CONFIG": str(folder / "config.ini"),
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder),
    }
    return TimedTerminal([sys.executable, "-m", "cli.main"], (160, 45), environ)


def _tell(figure: str, measured: str, limit: str, is_within: bool) -> None:
    verdict = "" if is_within else "   MISSED"
    print(f"  {figure:38} {measured:>24}   limit {limit}{verdict}", flush=True)


def _tell_ms(figure: str, milliseconds: float, limit: float) -> None:
    _tell(figure, f"{milliseconds:,.1f} ms", f"{limit:,.0f} ms", milliseconds <= limit)


def _tell_bytes(figure: str, size: float, limit: int) -> None:
    _tell(figure, f"{size:,.0f} B", f"{limit:,} B", size <= limit)


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[-max(1, len(values) // 20)]


# Opening


def _starts(folder: Path) -> None:
    """Opens the console several times, the first of them not counted: the overview, and the list of
    subscribers, which is asked for by a key typed before anything is to be seen."""
    frames, overviews, lists = [], [], []
    for number in range(_STARTS + 1):
        started = time.perf_counter()
        with _open(folder) as terminal:
            frame = terminal.read_on(started, _FRAME).last_ms
            overview = terminal.read_on(started, _OVERVIEW).last_ms
        started = time.perf_counter()
        with _open(folder) as terminal:
            terminal.send("2")
            listed = terminal.read_on(started, f"u{_FIRST + 40}".encode()).last_ms
        if number:
            frames.append(frame)
            overviews.append(overview)
            lists.append(listed)
    _tell_ms("first frame", statistics.median(frames), 350)
    _tell_ms("first data, Overview", statistics.median(overviews), 500)
    _tell_ms("first data, Subscribers", statistics.median(lists), 500)


# One console through it all


def _walk(folder: Path, where: Where, size: int) -> None:
    database = open_database(config_of(where).database)
    with _open(folder) as terminal:
        terminal.read_on(time.perf_counter(), _OVERVIEW)
        # The number of rows is counted behind the first page; then nothing is left to be read.
        terminal.key("2", f"of {size:,}".replace(",", "\u00a0").encode())
        terminal.read_on(time.perf_counter(), quiet=0.5)
        _idle(terminal)
        _changed(terminal, database)
        _moves(terminal, size)
        _orders(terminal, size)
        _held(terminal)
        memory = peak_memory_mb(terminal.process.pid)
        _tell("memory (VmHWM)", f"{memory} MB", "100 MB", memory <= 100)
        _hang(terminal, database)
    database.close()


def _idle(terminal: TimedTerminal) -> None:
    """Ten seconds within one minute, and then a new one: ages are told in minutes, and a new one is
    news, which comes when it is next read again."""
    passed = time.time() % _MINUTE
    if not _REFRESH_SECONDS < passed < _MINUTE - _IDLE_SECONDS - 1:
        wait = _REFRESH_SECONDS - passed
        terminal.written_within(wait if wait > 0 else wait + _MINUTE)
    written = terminal.written_within(_IDLE_SECONDS)
    _tell_bytes("idle for 10 s", len(written), 0)
    terminal.written_within(_MINUTE - time.time() % _MINUTE - 0.5)
    _tell_bytes("a new minute", len(terminal.written_within(_REFRESH_SECONDS)), 100)


def _changed(terminal: TimedTerminal, database: Database) -> None:
    """Another process changes a row in sight; the console finds it when it reads again."""
    with database.transaction():
        database.execute("UPDATE subscriber SET name = ? WHERE id = ?", (_NEW_NAME, _FIRST + 20))
    started = time.perf_counter()
    written = terminal.read_on(started, _NEW_NAME.encode()).written
    written += terminal.read_on(started).written
    _tell_bytes("one changed row", len(written), 1_024)


def _moves(terminal: TimedTerminal, size: int) -> None:
    for name, key, count, limits in (
        ("down", DOWN, _STEPS, (15, 1_536)),
        ("page down", PAGE_DOWN, _PAGES, (50, 16_384)),
    ):
        answers = [terminal.key(key) for _ in range(count)]
        _tell_ms(f"{name}, p95 to the frame", _p95([one.first_ms for one in answers]), limits[0])
        whole = _p95([one.last_ms for one in answers])
        print(f"  {f'{name}, p95 to the last byte':38} {whole:>21,.1f} ms")
        _tell_bytes(f"{name}, p95", _p95([len(one.written) for one in answers]), limits[1])
    _jump("jump to the end", terminal, "G", f"u{_FIRST + size - 1}")


def _jump(name: str, terminal: TimedTerminal, key: str, wanted: str) -> None:
    answer = terminal.key(key, wanted.encode())
    terminal.read_on(time.perf_counter())
    _tell_ms(f"{name}, to data", answer.last_ms, 500)


def _orders(terminal: TimedTerminal, size: int) -> None:
    """By login up and down, then by name: what comes first then is far from what is in sight."""
    logins = [f"u{number}" for number in range(_FIRST, _FIRST + size)]
    third, last = heapq.nsmallest(3, logins)[2], max(logins)
    _jump("sort by login", terminal, "s", third)
    _jump("sort by login downwards", terminal, "s", last)
    terminal.key("l")
    _jump("sort by name", terminal, "s", third)


def _held(terminal: TimedTerminal) -> None:
    """A key held down: more pages than are kept, so that the memory is what it can become."""
    started = time.perf_counter()
    for _ in range(_HELD // 20):
        terminal.send(PAGE_DOWN * 20)
        terminal.read_on(started, quiet=0.05)
    print(f"  {_HELD} pages down, 20 at once: {time.perf_counter() - started:.1f} s")


def _hang(terminal: TimedTerminal, database: Database) -> None:
    """The subscribers cannot be read any more, and neither can the console that tries."""
    _make_hang(database)
    terminal.key("g")
    terminal.send("r")
    terminal.read_on(time.perf_counter(), quiet=0.5)
    steps = [terminal.key(DOWN).first_ms for _ in range(20)]
    _tell_ms("down while a query hangs, p95", _p95(steps), 15)
    started = time.perf_counter()
    terminal.send("q")
    _tell_ms("quit while a query hangs", terminal.until_end(started), 1_000)


def _make_hang(database: Database) -> None:
    """MariaDB: a lock that is not given up. SQLite, where no writer holds up a reader: a view in
    the table's place whose rows never come."""
    if database.dialect is not SQLITE:
        database.execute("LOCK TABLES subscriber WRITE, account WRITE")
        return
    database.execute("PRAGMA legacy_alter_table = ON")
    database.execute("ALTER TABLE subscriber RENAME TO subscriber_away")
    database.execute(
        "CREATE VIEW subscriber AS WITH RECURSIVE endless(n) AS"
        " (SELECT 1 UNION ALL SELECT n + 1 FROM endless)"
        " SELECT away.* FROM endless JOIN subscriber_away away ON away.id = -endless.n"
    )


if __name__ == "__main__":
    sys.exit(main())
