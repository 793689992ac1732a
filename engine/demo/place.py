"""The file of a demonstration: where it is, and that nothing else is ever overwritten by it."""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from engine.errors import InputError
from engine.text import safe

MARK = "demo"
"""The kind of the system event that says: this database is a demonstration."""
_COMPANIONS = ("-wal", "-shm", "-journal")


def default_path(environ: Mapping[str, str]) -> Path:
    """demo.db in billdeck's data folder: `$XDG_DATA_HOME`, else `~/.local/share`."""
    data = Path(environ.get("XDG_DATA_HOME", ""))
    if not data.is_absolute():
        data = Path(environ.get("HOME") or Path.home()) / ".local" / "share"
    return data / "billdeck" / "demo.db"


def require_replaceable(path: Path) -> None:
    """InputError unless a demonstration may be made at `path`: nothing is there, or an older
    demonstration is."""
    if path.is_symlink() or (path.exists() and not is_demonstration(path)):
        raise InputError(
            f"{safe(path)} exists and is not a demonstration, so it stays as it is. Give another"
            " file with --path, or remove this one yourself."
        )


def is_demonstration(path: Path) -> bool:
    """Whether a file is a database that `billdeck demo` made. The file is only read."""
    if not path.is_file():
        return False
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            found = connection.execute(
                "SELECT 1 FROM system_event WHERE kind = ? AND id = 1", (MARK,)
            ).fetchone()
    except sqlite3.Error:
        return False
    return found is not None


def new_file(path: Path) -> Path:
    """A name beside `path` to build in, so that the last step is a rename. Makes the folder;
    InputError when it cannot be written."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot make the folder {safe(path.parent)}: {safe(error.strerror)}. Give another"
            " file with --path."
        ) from None
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(
            f"the folder {safe(path.parent)} cannot be written. Give another file with --path."
        )
    _remove_left_over(path)
    return path.with_name(f".{path.name}.{os.getpid()}.new")


def _remove_left_over(path: Path) -> None:
    """Removes what a run that was killed left of its unfinished file."""
    for file in path.parent.glob(f".{glob.escape(path.name)}.*.new"):
        number = file.name.split(".")[-2]
        if number.isdecimal() and not _runs(int(number)):
            discard(file)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def put_in_place(built: Path, path: Path) -> None:
    """Renames a finished, closed database to `path`, over an older demonstration if there is
    one. A write-ahead log of the older one must not be left for the new one to read."""
    require_replaceable(path)
    _discard_companions(path)
    built.replace(path)


def discard(path: Path) -> None:
    """Removes a database file and the files that SQLite keeps beside it."""
    path.unlink(missing_ok=True)
    _discard_companions(path)


def _discard_companions(path: Path) -> None:
    for companion in _COMPANIONS:
        path.with_name(path.name + companion).unlink(missing_ok=True)
