"""How long a hook script waits for `billdeck event`, the start of the interpreter included.

    python -m bench.event [--engines sqlite mariadb] [--calls 30] [--subscribers 10000]

Prints the median and the 95th percentile beside the limit, and the ratio to `billdeck --version`,
which does nothing. Each call records a payment with its receipt on its way.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.places import make_anew, places, write_config

_LIMIT_MS = 250
_RULES = "[events]\nmode = on\n[receipts]\nprovider = komtet\n"
_PAID = ("--amount", "500.00", "--time", "2026-10-05")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", nargs="+", default=["sqlite", "mariadb"])
    parser.add_argument("--calls", type=int, default=30)
    parser.add_argument("--subscribers", type=int, default=10_000)
    args = parser.parse_args()
    nothing = _times([["--version"]] * args.calls)
    print(f"billdeck --version: median {statistics.median(nothing):.0f} ms", flush=True)
    for engine in args.engines:
        with (
            tempfile.TemporaryDirectory() as folder,
            places(engine, Path(folder), ["event"]) as (where,),
        ):
            make_anew(where, args.subscribers)
            file = Path(folder) / "config.ini"
            write_config(where, file)
            file.write_text(file.read_text(encoding="utf-8") + _RULES, encoding="utf-8")
            calls = [
                ["--config", str(file), "event", "payment", login, "--payment", str(number), *_PAID]
                for number, login in enumerate(_logins(file, args.calls))
            ]
            taken = _times(calls)
        median, late = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
        ratio = median / statistics.median(nothing)
        print(
            f"{engine}: median {median:.0f} ms, 95th percentile {late:.0f} ms (limit {_LIMIT_MS}"
            f" ms), {ratio:.1f} times billdeck --version",
            flush=True,
        )
    return 0


def _logins(file: Path, number: int) -> list[str]:
    from engine.database import open_database
    from jobs.registry import read_config

    database = open_database(read_config(file).database)
    with database.transaction():
        database.execute("UPDATE subscriber SET phone = '+79991234567'")
    logins = [
        str(login)
        for (login,) in database.rows("SELECT login FROM subscriber ORDER BY id LIMIT ?", (number,))
    ]
    database.close()
    return logins


def _times(calls: Sequence[Sequence[str]]) -> list[float]:
    """The milliseconds of each call, as a process of its own."""
    taken = []
    for words in calls:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "cli.main", *words], check=True, capture_output=True)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


if __name__ == "__main__":
    sys.exit(main())
