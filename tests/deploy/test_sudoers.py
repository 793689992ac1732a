"""The sudoers file: sudo takes it, and it allows one command, as one user, to two groups."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.deploy.programs import DEPLOY, need, run

SUDOERS = DEPLOY / "sudoers"


def rules() -> list[str]:
    """Its lines without comments."""
    lines = (line.strip() for line in SUDOERS.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def test_sudo_takes_it(tmp_path: Path) -> None:
    done = run(need("visudo"), "-c", "-f", SUDOERS)
    assert (done.returncode, done.stderr) == (0, "")
    broken = shutil.copy(SUDOERS, tmp_path / "broken")
    broken.write_text(broken.read_text(encoding="utf-8").replace("ALL =", "ALL"), encoding="utf-8")
    assert run(need("visudo"), "-c", "-f", broken).returncode != 0


def test_it_allows_one_command_to_two_groups() -> None:
    who = [line for line in rules() if not line.startswith(("Defaults", "Cmnd_Alias"))]
    assert who == ["%billing, %billing-admins ALL = (billdeck) NOPASSWD: BILLDECK"]
    assert "Cmnd_Alias BILLDECK = /usr/local/bin/billdeck" in rules()
    assert not any(sign in line for line in rules() for sign in "*?[")
    assert not any(word in line for line in rules() for word in ("NOPASSWD: ALL", " SETENV"))


def test_the_environment_stays_behind() -> None:
    defaults = " ".join(line for line in rules() if line.startswith("Defaults!BILLDECK"))
    for option in ("env_reset", "!setenv", "use_pty", "secure_path"):
        assert option in defaults
    assert "env_keep" not in defaults
