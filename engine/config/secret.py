"""Where the database password comes from, and that nobody else can read it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from engine.config import values
from engine.config.model import Secret
from engine.errors import ConfigError
from engine.text import safe

CREDENTIAL_NAME = "database-password"
MAX_PASSWORD_BYTES = 4096
# Group may read (0640), nothing more; others nothing at all.
FORBIDDEN_MODE = 0o027


def require_private(mode: int, file_name: str) -> None:
    """Refuses (ConfigError) a file with a secret in it that others may read or the group change."""
    if mode & FORBIDDEN_MODE:
        raise ConfigError(
            f"{file_name} holds a password but has mode {stat.S_IMODE(mode):04o}: others could read"
            f" or change it; run: chmod 640 {file_name}"
        )


def credential_file(environ: Mapping[str, str]) -> Path | None:
    """The systemd credential `database-password`, None when the service was given none."""
    directory = environ.get("CREDENTIALS_DIRECTORY", "")
    file = Path(directory, CREDENTIAL_NAME)
    return file if directory and file.exists() else None


def read_password(file: Path, *, private: bool) -> Secret:
    """The first line of a password file, without its line end. `private` asks for a mode of 0640
    or stricter. Raises ConfigError, which never repeats the content."""
    name = safe(file)
    try:
        with file.open("rb") as stream:
            if private:
                require_private(os.fstat(stream.fileno()).st_mode, name)
            content = stream.read(MAX_PASSWORD_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"cannot read the database password from {name}: {error.strerror};"
            " check [database] password_file and the file's owner"
        ) from None
    text = _decode(content)
    if text is not None:
        text = text.removesuffix("\n").removesuffix("\r")
        try:
            return values.secret(text)
        except values.BadValue:
            text = None
    raise ConfigError(
        f"{name} must hold a database password: one line of Latin-1 characters in UTF-8, at most"
        f" {MAX_PASSWORD_BYTES} bytes, without control characters"
    )


def _decode(content: bytes) -> str | None:
    if len(content) > MAX_PASSWORD_BYTES:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
