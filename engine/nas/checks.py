"""What would keep sessions from being dropped, without calling any NAS."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.errors import ConfigError
from engine.integrations import known_hosts
from engine.nas.secrets import password_of, require_private_key
from engine.nas.settings import NasConfig, RouterosConfig
from engine.text import safe


def problems(
    nas: Sequence[NasConfig], routeros: RouterosConfig, environ: Mapping[str, str] | None = None
) -> list[str]:
    """Sentences, each with what to do: keys and passwords that cannot be used or that others can
    read, host keys that others could change, NAS that are not trusted yet."""
    if not nas:
        return []
    found = _folder(routeros.known_hosts.parent)
    pinned: known_hosts.Pinned | None = None
    try:
        pinned = known_hosts.read(routeros.known_hosts)
    except ConfigError as error:
        found.append(error.message)
    for one in nas:
        try:
            require_private_key(one)
            password_of(one, os.environ if environ is None else environ)
        except ConfigError as error:
            found.append(error.message)
        if pinned is not None and one.address not in pinned:
            found.append(
                f"the host key of NAS {one.name} is not pinned, so no session is dropped there: run"
                f" `billdeck nas trust {one.name}`"
            )
    return found


def _folder(folder: Path) -> list[str]:
    """Whoever may write to the folder can put another file in its place."""
    try:
        mode = folder.stat().st_mode
    except OSError:
        # It is made with the first pinned key.
        return []
    if not mode & (stat.S_IWGRP | stat.S_IWOTH):
        return []
    return [
        f"{safe(folder)} holds the pinned host keys but has mode {stat.S_IMODE(mode):04o}: others"
        f" could replace them; run: chmod go-w {safe(folder)}"
    ]
