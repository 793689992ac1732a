"""A million subscribers are imported in little memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bundle.folders import SUBSCRIBERS_HEADER, USAGE_HEADER, make_folder

IMPORT = """
import resource, sys
from pathlib import Path
from engine.config import DatabaseConfig
from tests.bundle.folders import load, open_empty
database = open_empty(DatabaseConfig(engine="sqlite", path=Path(sys.argv[2])))
summary = load(database, Path(sys.argv[1]))
print(summary.counts["subscribers"], summary.counts["usage"])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
ROOT = Path(__file__).parents[2]


@pytest.mark.heavy
def test_a_million_subscribers_with_two_million_records(tmp_path: Path) -> None:
    count = 1_000_000
    folder = make_folder(tmp_path / "bundle")
    with (folder / "subscribers.csv").open("w") as people, (folder / "usage.csv").open("w") as used:
        people.write(SUBSCRIBERS_HEADER + "\n")
        used.write(USAGE_HEADER + "\n")
        for n in range(count):
            people.write(f"login{n},Somebody {n},1,1,,,,1,0,10,{n}.25\n")
            used.write(f"login{n},2026-10,1,{n},5\nlogin{n},2026-10,2,7,{n}\n")
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(folder), str(tmp_path / "billing.db")],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    counts, megabytes = done.stdout.splitlines()
    assert counts == "1000000 2000000"
    assert int(megabytes) < 300
