"""The entry point: options, wrong use, exit statuses, what happens to errors."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import peewee
import pytest

from cli import jobs
from cli import main as entry
from engine import __version__
from engine.database import Database
from tests.cli.conftest import Shell

HEAVY = {"textual", "peewee", "paramiko", "imap_tools", "pymysql", "rich", "argparse"}
ROOT = Path(__file__).parents[2]


def in_process(
    *words: str, stdin: str | None = None, stdout: int = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        cwd=ROOT,
        input=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


def test_the_version_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom cli.main import main\nstatus = main(['--version'])\n"
        "print(*sys.modules)\nsys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    version, modules = done.stdout.splitlines()
    assert version == f"billdeck {__version__}"
    assert not HEAVY & set(modules.split())


@pytest.mark.parametrize("words", [("payment",), ("subscriber", "show"), ("check",), ("jobs",)])
def test_the_help_of_a_command_loads_no_database(words: tuple[str, ...]) -> None:
    code = (
        "import sys\nfrom cli.main import main\n"
        f"status = main([*{words!r}, '--help'])\nprint(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not {"textual", "peewee", "paramiko", "imap_tools", "pymysql", "rich"} & loaded


def test_the_version_after_other_global_options() -> None:
    done = in_process("--config", "/nowhere", "--verbose", "--version")
    assert (done.returncode, done.stdout) == (0, f"billdeck {__version__}\n")


@pytest.mark.parametrize("words", [("--json", "--version"), ("--version", "--json")])
def test_the_version_as_json(words: tuple[str, ...]) -> None:
    done = in_process(*words)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"version": __version__})


def test_a_process_says_wrong_use_with_status_2() -> None:
    done = in_process("paymnet", "ivan", "5")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "did you mean payment?" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["payment"], "required: LOGIN, AMOUNT"),
        (["payment", "ivan", "5", "--vta"], "unrecognized arguments: --vta"),
        (["payment", "ivan", "5", "--dat", "2026-11-01"], "unrecognized arguments"),
        (["subscriber"], "required: COMMAND"),
        (["subscriber", "shwo", "ivan"], "did you mean show?"),
        (["schema"], "required: --engine"),
        (["schema", "--engine", "oracle"], "unknown engine 'oracle'"),
        (["check", "ledgr"], "did you mean ledger?"),
        (["jobs", "--limit", "many"], "invalid int value"),
        (["--confg", "x", "jobs"], "unknown option '--confg': did you mean --config"),
        (["nonsense\x1b[2J"], "unknown command 'nonsense\\x1b[2J'"),
    ],
)
def test_wrong_use(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(words) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "usage: billdeck" in captured.err
    assert captured.out == ""
    assert "\x1b" not in captured.err


def test_wrong_use_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["--json", "payment"]) == 2
    captured = capsys.readouterr()
    told = json.loads(captured.err)
    assert told["exit"] == 2
    assert "LOGIN" in told["error"]
    assert captured.out == ""


def test_a_word_that_is_no_text_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["subscriber", "show", os.fsdecode(b"iv\xffan")]) == 2
    assert "UTF-8" in capsys.readouterr().err


def test_a_configuration_that_does_not_exist(shell: Shell) -> None:
    shell.config_file = Path("/nowhere/config.ini")
    answer = shell("jobs")
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("billdeck: the configuration file /nowhere/config.ini")


@pytest.mark.parametrize(
    "words",
    [("--json", "jobs"), ("jobs", "--json"), ("--json", "subscriber", "show", "ivan"),
     ("subscriber", "--json", "show", "ivan"), ("subscriber", "show", "ivan", "--json")],
)  # fmt: skip
def test_json_stands_anywhere(ivan: Shell, words: tuple[str, ...]) -> None:
    assert ivan(*words).json


def test_config_after_the_command(ivan: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["subscriber", "show", "ivan", "--config", str(ivan.config_file)]) == 0
    assert "ivan" in capsys.readouterr().out


def test_no_database_yet(empty: Shell) -> None:
    answer = empty("jobs")
    assert answer.status in (1, 2)
    assert "billdeck init" in answer.err
    assert "Traceback" not in answer.err


def test_an_interrupt_ends_with_130(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "run_line", interrupted)
    monkeypatch.setattr("engine.queries.runs.recent_runs", interrupted)
    assert shell("jobs").status == 130


def test_a_fault_of_ours_is_one_line_and_a_private_file(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object) -> None:
        secret = "phone +79161234567"
        raise RuntimeError(secret)

    monkeypatch.setattr("engine.queries.runs.recent_runs", broken)
    answer = shell("jobs")
    assert answer.status == 1
    assert answer.err.startswith("billdeck: internal error: RuntimeError at test_main:")
    assert answer.err.count("\n") == 1
    (kept,) = (tmp_path / "state" / "billdeck").iterdir()
    assert str(kept) in answer.err
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    text = kept.read_text(encoding="utf-8")
    assert "in broken" in text
    assert "+79161234567" not in text + answer.err


def test_an_error_of_the_database_is_one_line(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise peewee.OperationalError("disk I/O error \x1b[2J")

    monkeypatch.setattr("engine.queries.runs.recent_runs", broken)
    answer = shell("--json", "jobs")
    told = json.loads(answer.err)
    assert (answer.status, told["exit"]) == (1, 1)
    assert "the database failed: disk I/O error" in told["error"]
    assert "\x1b" not in told["error"]


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """`billdeck schema | head -1`: the pipe's end is closed before we write."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = in_process("schema", "--engine", "sqlite", stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_payment_is_made_even_if_nobody_reads_the_answer(ivan: Shell, books: Database) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    # The real clock of a process of its own: no date, and the period opened is in the past.
    books.execute("UPDATE billing_period SET period = '2020-01'")
    try:
        done = in_process("--config", str(ivan.config_file), "payment", "ivan", "5", stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")
    assert books.value("SELECT balance FROM account WHERE id = 1000") == 500


def in_shell(redirection: str, *words: str) -> tuple[int, str]:
    """The command with its streams as a shell redirects them; its status and all that it said."""
    command = ["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-m", "cli.main"]
    done = subprocess.run(
        [*command, *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("words", [("export", "subscribers"), ("check", "database")])
def test_a_result_that_cannot_be_written_fails_in_one_line(
    shell: Shell, words: tuple[str, ...]
) -> None:
    status, said = in_shell("> /dev/full", "--config", str(shell.config_file), *words)
    assert status == 1
    assert said.startswith("billdeck: cannot write the result: No space left on device")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_what_a_command_does_needs_no_listener(shell: Shell, redirection: str) -> None:
    options = ("--config", str(shell.config_file))
    status, said = in_shell(redirection, *options, "run", "month-close", "--late")
    assert status == 0
    assert "error" not in said
    status, said = in_shell(redirection, *options, "export", "subscribers")
    assert status == 0
    assert "error" not in said
    assert shell("check", "all").status == 0


@pytest.mark.parametrize("limit", ["0", "-1", "99999999999999999999999"])
def test_jobs_refuses_a_limit_that_is_none(shell: Shell, limit: str) -> None:
    answer = shell("jobs", "--limit", limit)
    assert answer.status == 2
    assert "--limit" in answer.err


def test_a_disk_without_room_is_told_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli.main", "demo", "--path", str(tmp_path / "demo.db")]
    done = subprocess.run(
        ["/bin/sh", "-c", 'ulimit -f 200; exec "$@"', "sh", *command],  # 512-byte blocks or more
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    *_, last = done.stderr.splitlines()
    assert last.startswith("billdeck: ")
    assert "internal error" not in done.stderr
