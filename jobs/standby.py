"""One daemon per host and database: a file that is locked for as long as its process lives.

The lock only spares work. What keeps two daemons from doing a thing twice is in the database.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

from engine.config import DatabaseConfig
from engine.errors import JobFailed
from engine.faults import state_folder
from engine.text import safe


def lock_file(config: DatabaseConfig) -> Path:
    """Beside the SQLite file; for MariaDB in the state folder, named after the database."""
    if config.engine == "sqlite":
        path = config.path.resolve()
        return path.with_name(f"{path.name}.daemon.lock")
    place = f"{config.socket or config.host}:{config.port}/{config.name}"
    return state_folder() / f"daemon-{hashlib.sha256(place.encode()).hexdigest()[:16]}.lock"


class HostLock:
    """The lock, once `take` has returned True. It ends with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._number: int | None = None

    def take(self) -> bool:
        """Whether this process has it now. Raises JobFailed when the file cannot be made."""
        try:
            if self._number is None:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._number = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise JobFailed(
                f"cannot lock {safe(self._path)}: {safe(error.strerror)}. The daemon did not start;"
                " run it as the user that the data belong to."
            ) from None
        return True
