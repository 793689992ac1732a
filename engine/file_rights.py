"""Why an SQLite database cannot be written: rights of the files, and room on their disk."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from engine.text import safe

# SQLite keeps its journal in these, beside the file; whoever opens the database makes them.
_BESIDE = ("-wal", "-shm")
_LEAST_FREE_MB = 16


def why_not_writable(path: Path) -> str | None:
    """What keeps this user from writing the database at `path`, as words that go on a sentence;
    None when nothing is known to."""
    beside = [path.with_name(path.name + ending) for ending in _BESIDE]
    for kind, place in (("folder", path.parent), *(("file", one) for one in (path, *beside))):
        if not place.exists() or _may_write(place, kind == "folder"):
            continue
        if os.statvfs(place).f_flag & os.ST_RDONLY:
            return f"the {kind} {safe(place)} lies on a file system that is mounted read-only"
        return f"the {kind} {safe(place)} is not writable for the user {_user()}"
    return None


def short_of_room(path: Path) -> str | None:
    """How little room the disk of `path` has left, as a sentence; None when it has some."""
    disk = os.statvfs(path.parent)
    free = disk.f_bavail * disk.f_frsize // 1_000_000
    if free >= _LEAST_FREE_MB:
        return None
    return f"the disk of {safe(path)} has {free} MB left: make room before anything is written"


def _may_write(place: Path, folder: bool) -> bool:
    wanted = os.W_OK | os.X_OK if folder else os.W_OK
    return os.access(place, wanted, effective_ids=os.access in os.supports_effective_ids)


def _user() -> str:
    number = os.geteuid()
    try:
        return safe(pwd.getpwuid(number).pw_name)
    except KeyError:
        return str(number)
