"""The file of pinned host keys."""

from __future__ import annotations

import base64
import stat
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.integrations import known_hosts
from engine.integrations.address import known_as
from engine.integrations.known_hosts import HostKey, changing, read


def key(seed: bytes = b"1", kind: str = "ssh-ed25519") -> HostKey:
    name = kind.encode()
    return HostKey(kind, len(name).to_bytes(4, "big") + name + b"\0\0\0\x20" + seed.ljust(32, b"."))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "known_hosts"


def test_without_a_file_nothing_is_pinned(path: Path) -> None:
    assert read(path) == {}


def test_what_is_pinned_is_read_again(path: Path) -> None:
    pins = {known_as("gw1", 22): (key(),), known_as("::1", 2200): (key(b"2"), key(kind="ssh-rsa"))}
    with changing(path) as pinned:
        pinned.update(pins)
    assert read(path) == pins
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {one.name for one in path.parent.iterdir()} == {"known_hosts", "known_hosts.lock"}


def test_ssh_finds_the_key_and_shows_the_same_fingerprint(path: Path, tmp_path: Path) -> None:
    own = tmp_path / "host"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", own], check=True)
    kind, text, *_ = own.with_suffix(".pub").read_text().split()
    real = HostKey(kind, base64.b64decode(text))
    with changing(path) as pinned:
        pinned[known_as("10.0.0.1", 2200)] = (real,)
    asked = ["ssh-keygen", "-l", "-F", "[10.0.0.1]:2200", "-f", path]
    said = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    assert real.fingerprint in said


def test_an_error_in_the_block_changes_nothing(path: Path) -> None:
    with changing(path) as pinned:
        pinned["gw1"] = (key(),)
    with pytest.raises(ZeroDivisionError), changing(path) as pinned:
        pinned["gw2"] = (key(),) * (1 // 0)
    assert read(path) == {"gw1": (key(),)}


def test_two_at_once_lose_nothing(path: Path) -> None:
    def pin(number: int) -> None:
        with changing(path) as pinned:
            pinned[f"gw{number}"] = (key(),)

    threads = [threading.Thread(target=pin, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read(path)) == 20


LINE = f"gw1 ssh-ed25519 {base64.b64encode(key().blob).decode()}"


@pytest.mark.parametrize(
    "line",
    [
        "gw1",
        "gw1 ssh-ed25519",
        "gw1 ssh-ed25519 !!!!",
        "gw1 ssh-ed25519 AAAA",
        LINE.replace("ssh-ed25519", "ssh-rsa"),
        f"@revoked {LINE}",
        f"|1|abc|def {LINE}",
        LINE.replace("gw1", "gw1,gw2"),
        LINE.replace("gw1", "gw\x1b1") + " \x00\xff" + "\n?",
    ],
)
def test_a_line_that_is_no_pin_is_an_error_with_its_number(path: Path, line: str) -> None:
    path.parent.mkdir()
    path.write_text(f"# comment\n\n{LINE}\n{line}\n", encoding="latin-1")
    with pytest.raises(ConfigError, match=r"line [45]: not ADDRESS TYPE KEY") as caught:
        read(path)
    assert caught.value.message.isprintable()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(max_size=60).map(lambda text: f"{LINE}{text}".encode()))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "known_hosts"
    path.write_bytes(content)
    path.chmod(0o644)
    with suppress(ConfigError):
        assert all(kind and blob for keys in read(path).values() for kind, blob in keys)


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_may_write_is_not_believed(path: Path, mode: int) -> None:
    path.parent.mkdir()
    path.write_text(LINE)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"has mode {mode:04o}"):
        read(path)
    with pytest.raises(ConfigError), changing(path):
        pass


def test_a_folder_that_cannot_be(path: Path) -> None:
    path.parent.write_text("a file")
    with pytest.raises(ConfigError, match="cannot read the pinned host keys"):
        read(path)
    with pytest.raises(ConfigError, match="cannot write the pinned host keys"), changing(path):
        pass


def test_a_file_without_end_is_no_file_of_keys(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_hosts, "_MAX_BYTES", 10)
    path.parent.mkdir()
    path.write_text(LINE)
    with pytest.raises(ConfigError, match="larger than"):
        read(path)
