"""What the start loads, and what it takes from the environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tui.run import prepare_environment

_ROOT = Path(__file__).parents[2]

_HEAVY = ("paramiko", "imap_tools", "schedule")


def _loaded(statement: str) -> set[str]:
    program = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=_ROOT, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_console_loads_nothing_that_only_jobs_need() -> None:
    loaded = _loaded("import tui.app, tui.screens.base, tui.screens.confirm, tui.screens.help")
    assert loaded.isdisjoint(_HEAVY)
    # The driver is loaded by the loader's thread, while the first frame is being painted.
    assert loaded.isdisjoint({"peewee", "pymysql", "playhouse"})


def test_the_way_in_loads_no_textual_before_the_environment_is_clean() -> None:
    assert "textual" not in _loaded("import tui, tui.run")


def test_the_environment_steers_nothing() -> None:
    environ = {
        "TEXTUAL": "debug",
        "TEXTUAL_DRIVER": "evil:Driver",
        "TEXTUAL_PRESS": "q",
        "TEXTUAL_LOG": "/var/log/x",
        "TEXTUAL_FPS": "1",
        "COLUMNS": "10",
        "NO_COLOR": "1",
        "HOME": "/root",
    }
    prepare_environment(environ)
    assert environ.pop("TEXTUAL_FPS") == "60"
    assert environ == {
        "NO_COLOR": "1",
        "HOME": "/root",
        "TEXTUAL_ANIMATIONS": "none",
        "TEXTUAL_SMOOTH_SCROLL": "0",
    }
