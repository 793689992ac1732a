"""What we show a NAS to be let in: a key file, or a password from a credential or a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.config.secret import read_password, require_private
from engine.errors import ConfigError
from engine.nas.settings import NasConfig
from engine.text import safe


def password_place(nas: NasConfig, environ: Mapping[str, str]) -> Path | None:
    """The file with the password: the systemd credential if there is one, else `password_file`."""
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    credential = Path(folder, f"nas-{nas.name}-password")
    return credential if folder and credential.exists() else nas.password_file


def password_of(nas: NasConfig, environ: Mapping[str, str]) -> str | None:
    """The password, None where a key file is used. Raises ConfigError."""
    if nas.key_file is not None:
        return None
    file = password_place(nas, environ)
    if file is None:
        raise ConfigError(f"[nas {nas.name}] needs key_file, password_file or a credential")
    return read_password(file, private=file == nas.password_file).reveal()


def require_private_key(nas: NasConfig) -> None:
    """Raises ConfigError for a key file that cannot be read, or that others can."""
    if nas.key_file is None:
        return
    try:
        with nas.key_file.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
    except OSError as error:
        raise ConfigError(
            f"[nas {nas.name}] key_file = {safe(nas.key_file)} cannot be read: {error.strerror}"
        ) from None
    require_private(mode, safe(nas.key_file))
