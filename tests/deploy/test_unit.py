"""The unit of the daemon: systemd understands every line, and little is left that it may do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.config import load_config
from engine.config.secret import credential_file
from engine.errors import ConfigError, NeedsConfirmation
from jobs import daemon
from tests.deploy.programs import DEPLOY, need, run, settings

UNIT = DEPLOY / "billdeck.service"
DROP_IN = DEPLOY / "billdeck.service.d" / "mariadb.conf"
# Tenths of systemd's measure, from 0 (may do nothing) to 100.
WORST_EXPOSURE = 15
# What the unit names and systemd knows.
TARGETS = ("sysinit", "basic", "shutdown", "network-online", "multi-user")


def make_root(folder: Path, *, drop_in: bool) -> Path:
    """A file system with the unit and all that it refers to."""
    own, system = folder / "etc/systemd/system", folder / "usr/lib/systemd/system"
    for place in (own, system, folder / "opt/billdeck/bin", folder / "bin"):
        place.mkdir(parents=True)
    shutil.copy(UNIT, own)
    if drop_in:
        shutil.copytree(DROP_IN.parent, own / DROP_IN.parent.name)
    for name in TARGETS:
        (system / f"{name}.target").write_text("[Unit]\n", encoding="utf-8")
    (system / "mariadb.service").write_text("[Service]\nExecStart=/bin/kill\n", encoding="utf-8")
    for program in ("opt/billdeck/bin/billdeck", "bin/kill"):
        (folder / program).write_text("#!/bin/sh\n", encoding="utf-8")
        (folder / program).chmod(0o755)
    return folder


@pytest.fixture(params=[False, True], ids=["sqlite", "mariadb"])
def root(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The system of an installation on either engine."""
    return make_root(tmp_path / "root", drop_in=request.param)


def test_systemd_understands_every_line(root: Path) -> None:
    done = run(need("systemd-analyze"), "verify", "--man=no", f"--root={root}", UNIT.name)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("place", [UNIT.name, f"{UNIT.name}.d/{DROP_IN.name}"])
def test_a_misspelt_line_would_be_noticed(tmp_path: Path, place: str) -> None:
    root = make_root(tmp_path / "root", drop_in=True)
    with (root / "etc/systemd/system" / place).open("a", encoding="utf-8") as file:
        file.write("\n[Service]\nLimitCOER=0\n")
    done = run(need("systemd-analyze"), "verify", "--man=no", f"--root={root}", UNIT.name)
    assert "LimitCOER" in done.stderr


def test_the_daemon_may_do_little(root: Path) -> None:
    exposure = [need("systemd-analyze"), "security", "--offline=true", f"--root={root}"]
    done = run(*exposure, f"--threshold={WORST_EXPOSURE}", UNIT.name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(*exposure, "--threshold=5", UNIT.name).returncode != 0, "nothing is measured"


def test_what_the_daemon_needs_is_left_to_it() -> None:
    """The lines that a stricter unit would break: the network's clients, the credential's name, the
    boot that leases name, SIGHUP, and a wrong configuration that is not tried for ever."""
    unit = settings(UNIT)
    assert ("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6") in unit
    assert ("ProcSubset", "pid") not in unit
    assert ("PrivateNetwork", "yes") not in unit
    final = f"{ConfigError.exit_status} {NeedsConfirmation.exit_status}"
    assert ("RestartPreventExitStatus", final) in unit
    assert [value for name, value in unit if name == "ExecReload"] == [
        "/opt/billdeck/bin/billdeck check config",
        "/bin/kill -HUP $MAINPID",
    ]


def test_the_credential_is_the_one_that_is_looked_for(tmp_path: Path) -> None:
    file = tmp_path / dict(settings(DROP_IN))["LoadCredential"].split(":")[0]
    file.touch()
    assert credential_file({"CREDENTIALS_DIRECTORY": str(tmp_path)}, "database") == file


def test_the_daemon_has_no_rights_and_leaves_no_core() -> None:
    unit = dict(settings(UNIT))
    assert unit["User"] == unit["Group"] == "billdeck"
    assert (unit["CapabilityBoundingSet"], unit["NoNewPrivileges"]) == ("", "yes")
    assert (unit["LimitCORE"], unit["UMask"], unit["StateDirectoryMode"]) == ("0", "0077", "0700")


def test_systemd_waits_longer_than_the_daemon() -> None:
    """For runs to stop, and for a silent database before it takes the daemon for hanging."""
    unit, config = dict(settings(UNIT)), load_config(environ={}, system_file=Path("/nonexistent"))
    assert int(unit["TimeoutStopSec"]) > config.daemon.stop_seconds + 10
    patience = daemon._SILENCE_SECONDS + config.database.connect_timeout
    assert int(unit["WatchdogSec"]) >= 2 * patience
    assert (unit["Type"], unit["TimeoutStartSec"]) == ("notify", "infinity")
