"""Which NAS there are and how patient we are with them, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.integrations.address import known_as


@dataclass(frozen=True, slots=True)
class NasConfig:
    """One NAS. We log in as `user` with the key in `key_file`; without one, with the password of
    the credential `nas-NAME-password` or of `password_file`."""

    name: str
    host: str
    port: int = 22
    user: str = "billdeck"
    key_file: Path | None = None
    password_file: Path | None = None

    @property
    def address(self) -> str:
        """How its host key is named where it is pinned."""
        return known_as(self.host, self.port)


@dataclass(frozen=True, slots=True)
class RouterosConfig:
    """How NAS are talked to: `parallel` of them at a time; seconds for one step (`step_seconds`),
    for one command from the first packet to the last (`deadline_seconds`), and after which an
    unused connection is closed (`idle_seconds`). `known_hosts` has the pinned host keys."""

    known_hosts: Path = Path("/etc/billdeck/known_hosts")
    parallel: int = 16
    step_seconds: float = 5
    deadline_seconds: float = 15
    idle_seconds: float = 60
