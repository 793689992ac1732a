"""The files of deploy/, and the programs of a Debian system that judge them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

_SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def need(name: str) -> str:
    """The path of a program; without it the test is skipped."""
    found = shutil.which(name, path=_SEARCH)
    if found is None:
        pytest.skip(f"no {name} on this machine (scripts/test-programs.sh deploy installs it)")
    return found


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end, in plain English; its output is text."""
    environ = {**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ)


def settings(unit: Path) -> list[tuple[str, str]]:
    """The lines `Name=value` of a unit file, in its order."""
    lines = (line.strip() for line in unit.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and line[0] not in "#[")
    return [(name, value) for name, _, value in pairs]
