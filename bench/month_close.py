"""The month close against its limit: bare set-based SQL of the same row counts, in the same run.

    python -m bench.month_close [--subscribers 100000 1000000] [--engines sqlite mariadb]

For each engine and size it makes two databases with the same data, closes one with billdeck (in a
process of its own, whose peak memory is printed) and one with `bench.bare`, and prints the ratio of
the two times. MariaDB is a private server; its share of the memory is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import bare
from bench.data import PERIOD
from bench.places import Where, config_of, make_anew, peak_memory_mb, places
from engine.clock import FixedClock
from engine.close.hooks import Hooks
from engine.close.run import PeriodClose
from engine.database import open_database
from engine.ledger.proof import prove


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subscribers", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--engines", nargs="+", default=["sqlite", "mariadb"])
    parser.add_argument("--folder", type=Path, default=None, help="where to put the databases")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        what, where = args.child
        child = {"close": _close, "bare": _bare}[what]
        print(json.dumps(child(json.loads(where))))
        return 0
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        print(f"fdatasync of 4 KiB takes {_fsync_ms(Path(folder)):.2f} ms here (median of 100)")
        for engine in args.engines:
            with places(engine, Path(folder), ("ours", "bare")) as (ours, limit):
                for size in args.subscribers:
                    _compare(engine, size, ours, limit)
    return 0


def _compare(engine: str, size: int, ours: Where, limit: Where) -> None:
    make_anew(ours, size)
    told = _in_a_process_of_its_own("close", ours)
    database = open_database(config_of(ours).database)
    findings = prove(database)
    assert not findings, findings
    outcome = "SELECT subscriber_id, status, amount, block FROM close_record WHERE status"
    charged = database.rows(f"{outcome} = 'charged'")
    others = database.rows(f"{outcome} <> 'charged'")
    assert len(charged) + len(others) == size
    carried = database.rows(
        "SELECT subscriber_id, bytes1, bytes2, bytes3, bytes4 FROM carried_usage"
    )
    database.close()
    make_anew(limit, size)
    database = open_database(config_of(limit).database)
    bare.prepare(database, charged, others, carried)
    database.close()
    least = _in_a_process_of_its_own("bare", limit)
    print(
        f"{engine:8} {size:>9,} subscribers: {told['seconds']:6.2f} s"
        f" ({size / told['seconds']:>9,.0f}/s, {told['commits']:.0f} commits,"
        f" {told['memory_mb']:.0f} MB) against {least['seconds']:6.2f} s bare"
        f" ({size / least['seconds']:>9,.0f}/s, {least['commits']:.0f} commits):"
        f" ratio {told['seconds'] / least['seconds']:.2f}",
        flush=True,
    )


def _in_a_process_of_its_own(what: str, where: Where) -> dict[str, float]:
    """Both start cold, so that neither finds the other's pages in its memory."""
    told: dict[str, float] = json.loads(
        subprocess.run(
            [sys.executable, "-m", "bench.month_close", "--child", what, json.dumps(where)],
            check=True,
            capture_output=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        ).stdout
    )
    return told


def _bare(where: Where) -> dict[str, float]:
    """Closes a database by nothing but SQL; seconds and commits."""
    database = open_database(config_of(where).database)
    started = time.perf_counter()
    commits = bare.close(database, PERIOD)
    return {"seconds": time.perf_counter() - started, "commits": commits}


def _close(where: Where) -> dict[str, float]:
    """Closes a database in this process; seconds, commits, peak memory in MB."""
    config = config_of(where)
    database = open_database(config.database)
    clock = FixedClock(PERIOD.end_ms(config.billing.timezone) + 3_600_000)
    commits = 0

    def count(tally: object, total: int) -> None:
        nonlocal commits
        commits += 1

    close = PeriodClose(database, config, clock, "bench", PERIOD, Hooks(progress=count))
    started = time.perf_counter()
    close.run()
    seconds = time.perf_counter() - started
    database.close()
    return {"seconds": seconds, "commits": commits + 2, "memory_mb": peak_memory_mb()}


def _fsync_ms(folder: Path) -> float:
    """How long the disk takes to keep a page, in milliseconds."""
    times = []
    with (folder / "fsync").open("wb", buffering=0) as stream:
        for _ in range(100):
            stream.write(b"x" * 4096)
            started = time.perf_counter()
            os.fdatasync(stream.fileno())
            times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
