"""A consistent copy of the database, made while others write.

SQLite: its online backup, page by page. MariaDB: a dump in one transaction by the server's own
program. The copy appears under its name only when it is whole.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from engine.config import DatabaseConfig
from engine.database import Database
from engine.errors import InputError, JobFailed
from engine.text import safe

_PROGRAMS = ("mariadb-dump", "mysqldump")
_PAGES_AT_A_TIME = 4096


def back_up(database: Database, config: DatabaseConfig, target: Path) -> int:
    """Copies the database into a new file of mode 0600; returns its size in bytes.

    Raises InputError: the file exists or cannot be made, the dump program is missing; JobFailed:
    the copy failed. Then nothing is left behind.
    """
    if os.path.lexists(target):
        raise InputError(f"{safe(target)} exists: a backup never overwrites. Give a new name.")
    partial = _new_file(target)
    try:
        if config.engine == "sqlite":
            _copy_sqlite(database, partial)
        else:
            _dump_mariadb(config, partial)
        _settle(partial, target)
        return target.stat().st_size
    finally:
        partial.unlink(missing_ok=True)


def _new_file(target: Path) -> Path:
    """An empty private file beside the target, so that the rename stays on one disk."""
    try:
        number, name = tempfile.mkstemp(prefix=".billdeck-", suffix=".part", dir=target.parent)
    except OSError as error:
        raise InputError(
            f"cannot write into the folder {safe(target.parent)}: {error.strerror}"
        ) from None
    os.close(number)
    return Path(name)


def _settle(partial: Path, target: Path) -> None:
    """Makes the copy durable and gives it its name, unless somebody took that meanwhile."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    try:
        target.hardlink_to(partial)
    except FileExistsError:
        raise InputError(
            f"{safe(target)} was made by somebody else meanwhile: give a new name."
        ) from None
    except OSError:
        # A disk without hard links; what remains is a small window.
        if os.path.lexists(target):
            raise InputError(f"{safe(target)} exists meanwhile: give a new name.") from None
        _rename(partial, target)


def _rename(partial: Path, target: Path) -> None:
    try:
        partial.replace(target)
    except OSError as error:
        raise InputError(
            f"cannot make {safe(target)}: {safe(error.strerror)}. Give another name."
        ) from None


def _copy_sqlite(database: Database, partial: Path) -> None:
    handle: Any = database.handle
    source: sqlite3.Connection = handle.connection()
    copy = sqlite3.connect(partial)
    try:
        source.backup(copy, pages=_PAGES_AT_A_TIME)
        # A copy in one piece: no -wal file beside it is needed to read it.
        copy.execute("PRAGMA journal_mode = delete")
    except sqlite3.Error as error:
        raise JobFailed(
            f"the backup failed: {safe(error)}. The database itself is unharmed; nothing is left"
            " of the copy."
        ) from None
    finally:
        copy.close()


def _dump_mariadb(config: DatabaseConfig, partial: Path) -> None:
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise InputError(
            "neither mariadb-dump nor mysqldump is installed here: install Debian's package"
            " mariadb-client, or run the backup on the server."
        )
    with tempfile.TemporaryDirectory(prefix="billdeck-") as folder, partial.open("wb") as output:
        options = _write_options(config, Path(folder))
        done = subprocess.run(  # noqa: S603 - a fixed program; nothing passes through a shell
            [
                program,
                f"--defaults-file={options}",
                "--single-transaction",
                "--quick",
                "--triggers",
                "--hex-blob",
                "--default-character-set=utf8mb4",
                "--skip-lock-tables",
                "--",
                config.name,
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            check=False,
        )
    if done.returncode != 0:
        said = safe(done.stderr.decode("utf-8", "replace").strip(), 600)
        raise JobFailed(
            f"{Path(program).name} failed: {said}. The database itself is unharmed; nothing is"
            " left of the copy."
        )


def _write_options(config: DatabaseConfig, folder: Path) -> Path:
    """The options for the dump program in a file that only we can read: an argument would show
    the password to every user of the machine."""
    lines = [b"[client]", b"user=" + _quoted(config.user.encode())]
    if config.password:
        # PyMySQL sends a password as Latin-1: the same bytes here.
        lines.append(b"password=" + _quoted(config.password.reveal().encode("latin-1")))
    if config.socket:
        lines.append(b"socket=" + _quoted(os.fsencode(config.socket)))
    else:
        lines.append(b"host=" + _quoted(str(config.host).encode()))
        lines += [b"port=%d" % config.port, b"protocol=tcp"]
    if config.tls_ca:
        lines += [b"ssl-ca=" + _quoted(os.fsencode(config.tls_ca)), b"ssl-verify-server-cert"]
    file = folder / "options.cnf"
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "wb") as stream:
        stream.write(b"\n".join(lines) + b"\n")
    return file


def _quoted(text: bytes) -> bytes:
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
