"""What we show a NAS to be let in: a key file, or a password from a credential or a file."""

from __future__ import annotations

import os
from collections.abc import Mapping

from engine.config import values
from engine.config.model import Secret
from engine.config.secret import credential_file, read_secret, require_private
from engine.errors import ConfigError
from engine.nas.settings import NasConfig
from engine.text import safe


def password_of(nas: NasConfig, environ: Mapping[str, str]) -> str | None:
    """The password, None where a key file is used. Raises ConfigError."""
    if nas.key_file is not None:
        return None
    section = f"nas {nas.name}"
    credential = credential_file(environ, f"nas-{nas.name}")
    file = credential or nas.password_file
    if file is None:
        raise ConfigError(
            f"[{section}] needs key_file, password_file or the credential nas-{nas.name}-password"
        )
    # systemd guards a credential itself; its folder's mode is not ours to judge.
    private = credential is None
    read = read_secret(file, private=private, section=section, parse=values.any_secret)
    return read.reveal() if isinstance(read, Secret) else None


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
