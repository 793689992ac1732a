"""The file of pinned host keys: which key each address must show. Lines as OpenSSH has them,
`ADDRESS TYPE KEY`, so that ssh can use the file, too; ours alone, nobody else's keys are looked at.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from engine.errors import ConfigError
from engine.text import safe

_MAX_BYTES = 4_194_304
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class HostKey(NamedTuple):
    """A public key: its type, such as `ssh-ed25519`, and its bytes as SSH sends them."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:...`, as ssh-keygen and RouterOS show it."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode("ascii")
        return f"SHA256:{digest.rstrip('=')}"


Pinned = dict[str, tuple[HostKey, ...]]
"""The keys of each address (`known_as`); a file filled by hand may have several types for one."""


def read(path: Path) -> Pinned:
    """The pinned keys; none when there is no file. Raises ConfigError for a file that others may
    write, and for a line that is not one address, type and key: it could be a key that was meant
    to be trusted no more."""
    name = safe(path)
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            content = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(
            f"cannot read the pinned host keys in {name}: {error.strerror}; check [routeros]"
            " known_hosts"
        ) from None
    if mode & _WRITABLE_BY_OTHERS:
        raise ConfigError(
            f"{name} holds the pinned host keys but has mode {stat.S_IMODE(mode):04o}: others could"
            f" put keys of their own there; run: chmod 644 {name}, and look at what is in it"
        )
    if len(content) > _MAX_BYTES:
        raise ConfigError(f"{name} is larger than 4 MiB: not a file of host keys")
    pinned: Pinned = {}
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            where, key = _entry(line, f"{name}, line {number}")
            pinned[where] = (*pinned.get(where, ()), key)
    return pinned


def _entry(line: str, place: str) -> tuple[str, HostKey]:
    words = line.split()
    if len(words) >= 3 and words[0][0] not in "@|" and "," not in words[0]:
        try:
            blob = base64.b64decode(words[2], validate=True)
        except (binascii.Error, ValueError):
            blob = b""
        kind = words[1].encode("utf-8")
        # A key begins with the length of its type's name, and that name.
        if blob.startswith(len(kind).to_bytes(4, "big") + kind):
            return words[0], HostKey(words[1], blob)
    raise ConfigError(
        f"{place}: not ADDRESS TYPE KEY; take the line out and pin with `billdeck nas trust`"
    )


@contextmanager
def changing(path: Path) -> Iterator[Pinned]:
    """The pinned keys, to be changed in the block and then written in place of the old file, whole
    or not at all; whoever else wants to change it waits. Raises ConfigError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.with_name(path.name + ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            pinned = read(path)
            yield pinned
            _write(path, pinned)
    except OSError as error:
        raise ConfigError(
            f"cannot write the pinned host keys to {safe(path)}: {error.strerror}; they are as they"
            " were. Run billdeck as its service user, or set [routeros] known_hosts"
        ) from None


def _write(path: Path, pinned: Mapping[str, tuple[HostKey, ...]]) -> None:
    lines = [
        f"{where} {key.kind} {base64.b64encode(key.blob).decode('ascii')}\n"
        for where, keys in pinned.items()
        for key in keys
    ]
    number, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.writelines(["# Host keys that `billdeck nas trust` has pinned.\n", *lines])
            file.flush()
            # Nothing secret, and read by whoever runs the daemon.
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
