"""Where a password or key comes from, and that nobody else can read it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.config import values
from engine.errors import ConfigError
from engine.text import safe

MAX_SECRET_BYTES = 4096
# Group may read (0640), nothing more; others nothing at all.
FORBIDDEN_MODE = 0o027


def require_private(mode: int, file_name: str) -> None:
    """Refuses (ConfigError) a file with a secret in it that others may read or the group change."""
    if mode & FORBIDDEN_MODE:
        raise ConfigError(
            f"{file_name} holds a password or key but has mode {stat.S_IMODE(mode):04o}: others"
            f" could read or change it; run: chmod 640 {file_name}"
        )


def credential_file(environ: Mapping[str, str], section: str, key: str = "password") -> Path | None:
    """The systemd credential `SECTION-KEY`, None when the service was given none."""
    directory = environ.get("CREDENTIALS_DIRECTORY", "")
    file = Path(directory, f"{section}-{key}")
    return file if directory and file.exists() else None


def read_secret(
    file: Path,
    *,
    private: bool,
    section: str,
    parse: Callable[[str], object],
    key: str = "password",
) -> object:
    """The line in the file of a section's secret `key`, without its end, as `parse` has it.
    `private` asks for a mode of 0640 or stricter. Raises ConfigError, which never repeats the
    content."""
    name = safe(file)
    try:
        with file.open("rb") as stream:
            if private:
                require_private(os.fstat(stream.fileno()).st_mode, name)
            content = stream.read(MAX_SECRET_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"cannot read the {section} {key} from {name}: {error.strerror};"
            f" check [{section}] {key}_file and the file's owner"
        ) from None
    text = _decode(content)
    if text is not None:
        text = text.removesuffix("\n").removesuffix("\r")
        try:
            return parse(text)
        except values.BadValue:
            text = None
    letters = "Latin-1 characters in UTF-8" if parse is values.secret else "UTF-8 text"
    raise ConfigError(
        f"{name} must hold a {section} {key}: one line of {letters}, at most"
        f" {MAX_SECRET_BYTES} bytes, without control characters"
    )


def _decode(content: bytes) -> str | None:
    if len(content) > MAX_SECRET_BYTES:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
