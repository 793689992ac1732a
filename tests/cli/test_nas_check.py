"""`billdeck nas list` and `billdeck check nas`, which call no NAS and need no database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.config import DatabaseConfig
from engine.integrations import known_hosts
from engine.integrations.known_hosts import HostKey
from jobs.registry import read_config
from tests.cli.conftest import Shell

_NAME = b"ssh-ed25519"
KEY = HostKey("ssh-ed25519", b"\0\0\0\x0b" + _NAME + b"\0\0\0\x20" + b"." * 32)


@pytest.fixture
def two(
    tmp_path: Path,
    config_file: Callable[[DatabaseConfig], Path],
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    """A shell whose configuration has gw1 and gw2, not trusted yet, and their key."""
    shell = Shell(config_file(DatabaseConfig("sqlite", tmp_path / "none.db")), capsys)
    key = tmp_path / "key"
    key.touch(mode=0o600)
    for number in (1, 2):
        shell.configure(f"[nas gw{number}]\nhost = 10.9.9.{number}\nkey_file = {key}\n")
    return shell


@pytest.fixture
def pinned(two: Shell) -> Shell:
    """The same, trusted."""
    with known_hosts.changing(known_hosts_of(two)) as pins:
        for nas in read_config(two.config_file).nas:
            pins[nas.address] = (KEY,)
    return two


def known_hosts_of(shell: Shell) -> Path:
    return read_config(shell.config_file).routeros.known_hosts


def test_list_shows_what_is_pinned(two: Shell) -> None:
    assert two("nas", "list").out.count("NOT TRUSTED YET") == 2
    with known_hosts.changing(known_hosts_of(two)) as pins:
        pins["10.9.9.1"] = (KEY,)
    assert two("nas", "list").out.splitlines() == [
        "NAME  ADDRESS   USER      PINNED HOST KEY",
        f"gw1   10.9.9.1  billdeck  ssh-ed25519 {KEY.fingerprint}",
        "gw2   10.9.9.2  billdeck  NOT TRUSTED YET",
    ]
    first, second = two("--json", "nas", "list").json
    assert first["host_keys"] == [{"type": "ssh-ed25519", "fingerprint": KEY.fingerprint}]
    assert (first["name"], first["port"], second["host_keys"]) == ("gw1", 22, [])


def test_without_nas(
    tmp_path: Path,
    config_file: Callable[[DatabaseConfig], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    shell = Shell(config_file(DatabaseConfig("sqlite", tmp_path / "none.db")), capsys)
    assert shell("nas", "list").out == "No NAS is configured: see docs/nas.md.\n"
    assert shell("--json", "nas", "list").json == []
    for words in (("trust", "gw1"), ("drop", "ivan", "--yes")):
        answer = shell("nas", *words)
        assert (answer.status, "no NAS is configured" in answer.err) == (2, True)
    assert shell("check", "nas").status == 0


def problems(shell: Shell) -> list[str]:
    answer = shell("--json", "check", "nas")
    (found,) = answer.json["checks"]
    assert answer.status == (1 if found["problems"] else 0)
    listed: list[str] = found["problems"]
    return listed


def test_check_names_what_is_in_the_way(two: Shell) -> None:
    assert [text.partition(" is not pinned")[0] for text in problems(two)] == [
        "the host key of NAS gw1",
        "the host key of NAS gw2",
    ]
    path = known_hosts_of(two)
    with known_hosts.changing(path) as pins:
        for nas in read_config(two.config_file).nas:
            pins[nas.address] = (KEY,)
    assert problems(two) == []
    path.chmod(0o666)
    path.parent.chmod(0o777)
    folder, file = problems(two)
    assert "others could replace them; run: chmod go-w" in folder
    assert "others could put keys of their own there" in file


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("", "[nas gw3] needs key_file, password_file or the credential nas-gw3-password"),
        ("key_file = /none", "key_file = /none cannot be read: No such file or directory"),
        ("key_file = {file}", "has mode 0644"),
        ("password_file = {file}", "has mode 0644"),
        ("password_file = /none", "cannot read the nas gw3 password from /none"),
    ],
)
def test_check_looks_at_keys_and_passwords(
    pinned: Shell, tmp_path: Path, lines: str, problem: str
) -> None:
    file = tmp_path / "secret"
    file.write_text("x\n")
    file.chmod(0o644)
    pinned.configure(f"[nas gw3]\nhost = 10.9.9.9\n{lines.format(file=file)}\n")
    found = problems(pinned)
    assert problem in found[0]
    assert "the host key of NAS gw3 is not pinned" in found[1]


def test_a_credential_is_a_password(
    pinned: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned.configure("[nas gw3]\nhost = 10.9.9.9\n")
    (tmp_path / "nas-gw3-password").write_text("пароль\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (problem,) = problems(pinned)
    assert "not pinned" in problem


def test_only_calling_a_nas_loads_paramiko(pinned: Shell) -> None:
    code = (
        "import sys\nfrom cli.main import main\n"
        f"main(['--config', {str(pinned.config_file)!r}, 'nas', 'list'])\n"
        f"main(['--config', {str(pinned.config_file)!r}, 'check', 'nas'])\n"
        "import jobs.daemon, engine.nas.fleet\nprint(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "gw1" in done.stdout
    assert "paramiko" not in done.stdout.splitlines()[-1].split()
