"""The commands of a page of docs/, run as they stand there, in a place of the test's own.

Programs that would touch the machine are stood in for by small scripts that come first on the
path: `sudo` becomes nobody else, `systemctl` only notes what it was told, `billdeck` and `mariadb`
are the real ones with the test's configuration.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.deploy.programs import ROOT

HOME = "/var/lib/billdeck"


def blocks(page: str, heading: str) -> list[str]:
    """The blocks of commands below a heading of a page, in their order."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return re.findall(r"^```\n(.*?)^```", section, re.M | re.S)


class Machine:
    """Where the commands run: `home` stands for /var/lib/billdeck, our user for billdeck."""

    def __init__(self, folder: Path, config_file: Path, mariadb: Sequence[str] = ()) -> None:
        """`mariadb`: the options with which an administrator's client finds the server."""
        self.home = folder / "home"
        self._programs = folder / "programs"
        self._told = folder / "systemctl"
        for place in (self.home, self._programs):
            place.mkdir()
        self._stand_in("sudo", 'shift 2\nexec "$@"')
        self._stand_in("systemctl", f'echo "$@" >>{shlex.quote(str(self._told))}')
        path = os.environ["PATH"]
        main = "import sys; from cli.main import main; sys.exit(main())"
        billdeck = shlex.join(["env", f"PATH={path}", sys.executable, "-c", main])
        self._stand_in("billdeck", f'exec {billdeck} "$@"')
        for name in ("mariadb", "mariadb-dump") if mariadb else ():
            program = subprocess.check_output(["which", name], text=True).strip()
            self._stand_in(name, f'exec {shlex.join([program, *mariadb])} "$@"')
        self._environ = {
            **os.environ,
            "PATH": f"{self._programs}{os.pathsep}{path}",
            "PYTHONPATH": str(ROOT),
            "BILLDECK_CONFIG": str(config_file),
        }

    @property
    def told_systemd(self) -> list[str]:
        """What `systemctl` was told so far."""
        return self._told.read_text().splitlines() if self._told.exists() else []

    def run(self, *commands: str) -> str:
        """Runs the blocks as one script that ends at the first failure; its output."""
        user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
        script = "\n".join(["set -euo pipefail", *commands]).replace(HOME, str(self.home))
        script = script.replace("-o billdeck -g billdeck", f"-o {user} -g {group}")
        done = subprocess.run(
            ["bash", "-c", script],
            capture_output=True,
            text=True,
            env=self._environ,
            cwd=self.home,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _stand_in(self, name: str, body: str) -> None:
        file = self._programs / name
        file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        file.chmod(0o755)
