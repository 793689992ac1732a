"""`billdeck demo` as it is typed."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.demo.test_build import digest


def billdeck(home: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs the command with a home of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(Path.cwd()),
             "LC_ALL": "C.UTF-8", **environ},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def shown(home: Path) -> subprocess.CompletedProcess[str]:
    return billdeck(home, "demo", "--subscribers", "300")


def test_it_makes_closes_proves_and_says_so(shown: subprocess.CompletedProcess[str]) -> None:
    assert shown.returncode == 0, shown.stderr
    assert re.search(r"^Closing 20[0-9]{2}-[0-9]{2}$", shown.stderr, re.MULTILINE)
    assert "\x1b" not in shown.stderr + shown.stdout
    assert "300, 3 of them second logins" in shown.stdout
    assert "Ledger" in shown.stdout
    assert "proved" in shown.stdout
    assert shown.stdout.count("has no plan") == 3


def test_the_commands_it_names_work(home: Path, shown: subprocess.CompletedProcess[str]) -> None:
    lines = [line.strip() for line in shown.stdout.split("Look around in it:")[1].splitlines()]
    variable, path = lines[1].removeprefix("export ").split("=", 1)
    commands = [shlex.split(line, comments=True) for line in lines[2:] if line]
    assert [words[:3] for words in commands] == [[sys.executable, "-m", "cli.main"]] * len(commands)
    for words in commands:
        done = billdeck(home, *words[3:], **{variable: path})
        assert done.returncode == 0, (words, done.stderr)
    exported = billdeck(home, *commands[-2][3:], **{variable: path})
    assert exported.stdout.count(",charged,") > 250
    assert ",failed," not in exported.stdout


def test_json_is_one_object_and_the_same_every_time(home: Path) -> None:
    answers = []
    for name in ("a.db", "b.db"):
        done = billdeck(
            home, "--json", "demo", "--subscribers", "60", "--seed", "5", "--today", "2026-03-01",
            "--path", str(home / name),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer.pop("path") == str(home / name)
        assert answer.pop("per_second") > 0
        assert answer.pop("seconds") > 0
        answers.append(answer | {"digest": digest(home / name)})
    assert answers[0] == answers[1]
    assert answers[0]["ledger"] == "proved"
    assert answers[0]["period"] == "2026-02"
    assert answers[0]["periods_closed"] == 3
    assert answers[0]["statuses"]["failed"] == len(answers[0]["failures"]) == 1


def test_a_file_that_is_no_demonstration_is_refused(home: Path) -> None:
    file = home / "billing.db"
    file.write_bytes(b"precious")
    done = billdeck(home, "demo", "--path", str(file))
    assert done.returncode == 2
    assert "not a demonstration" in done.stderr
    assert file.read_bytes() == b"precious"


@pytest.mark.parametrize(
    "arguments",
    [("--subscribers", "5"), ("--subscribers", "x"), ("--today", "22.11.2026"),
     ("--today", "1970-02-01"), ("--today", "1971-01-15"), ("--today", "1984-12-31"),
     ("--path", "/proc/none/demo.db")],
)  # fmt: skip
def test_wrong_use_is_one_line_and_status_2(home: Path, arguments: tuple[str, ...]) -> None:
    done = billdeck(home, "demo", *arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("billdeck: ")]) == 1
    assert "mistakes" not in done.stderr
