"""How an SSH server is named among pinned host keys."""

from __future__ import annotations


def known_as(host: str, port: int) -> str:
    """The host, with the port where it is not SSH's own, as OpenSSH writes it."""
    return host if port == 22 else f"[{host}]:{port}"
