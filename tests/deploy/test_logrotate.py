"""What billdeck writes outside the journal: logrotate takes its rules and keeps to them."""

from __future__ import annotations

import grp
import os
import pwd
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.faults import state_folder
from tests.deploy.programs import DEPLOY, need, run

RULES = DEPLOY / "logrotate"
FOLDER = Path("/var/lib/billdeck")
DAYS = 60


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder in place of /var/lib/billdeck."""
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def rules(home: Path, tmp_path: Path) -> Path:
    """The rules for that home and for us as its owner."""
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    text = RULES.read_text(encoding="utf-8").replace(str(FOLDER), str(home))
    mine = tmp_path / "rules"
    mine.write_text(text.replace("su billdeck billdeck", f"su {user} {group}"), encoding="utf-8")
    mine.chmod(0o644)
    return mine


def test_logrotate_takes_them(rules: Path, tmp_path: Path) -> None:
    done = run(need("logrotate"), "-d", "-s", tmp_path / "state", rules)
    assert (done.returncode, "error:" in done.stderr) == (0, False), done.stderr


def test_what_is_old_goes_and_the_rest_stays(home: Path, rules: Path, tmp_path: Path) -> None:
    """In the folder where the program writes, with the names that it gives."""
    folder = state_folder()
    assert folder.is_relative_to(home)
    folder.mkdir(parents=True, mode=0o700)
    names = ("run-month-close-20260801-000000-x.log", "crash-20260801-000000-x.txt")
    old = [folder / name for name in names]
    young = [folder / f"run-{name}" for name in names]
    foreign = folder / "kept.db"
    state = tmp_path / "state"
    seen = datetime.now(UTC) - timedelta(days=DAYS + 10)
    lines = ["logrotate state -- version 2"]
    for file in (*old, *young, foreign):
        file.touch()
        age = DAYS + 5 if file not in young else DAYS - 5
        os.utime(file, (time.time() - age * 86_400,) * 2)
        lines.append(f'"{file}" {seen:%Y-%-m-%-d-%-H:%-M:%-S}')
    state.write_text("\n".join(lines) + "\n", encoding="utf-8")
    state.chmod(0o600)
    done = run(need("logrotate"), "-s", state, rules)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(folder.iterdir()) == sorted([*young, foreign])
