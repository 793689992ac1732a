"""What goes over HTTP and what comes back, as frozen values. Pure: no library, no network.

None of them shows its content in a `repr`: a body may hold a key, a phone number, a text.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from engine.errors import ConfigError
from engine.text import safe


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One request. `headers` are pairs of a name and a value, in ASCII."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Request({self.method} {origin(self.url)}, {len(self.body)} bytes)"


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A whole answer. Of its headers only these are kept, "" when they were not sent."""

    status: int
    body: bytes = b""
    content_type: str = ""
    retry_after: str = ""
    date: str = ""

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.body)} bytes)"


class NoAnswerError(Exception):
    """A request without an answer that could be read. The text says why, in a few words without
    the address and without anything that was to be sent."""


class NotSent(NoAnswerError):
    """Not one byte of the request left us: it was certainly not carried out."""


class Unclear(NoAnswerError):
    """The request was sent, in part at least: it may have been carried out."""


def origin(url: str) -> str:
    """Scheme, host and port of a URL, made safe: what may be told of it."""
    parts = urlsplit(url)
    return safe(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", 120)


def require_safe(url: str) -> str:
    """`url`, if what is sent there can be read by nobody on the way: it is https, or http to this
    machine itself. Raises ConfigError otherwise, and for one that holds a password or is none."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise ConfigError("a URL must be like https://example.com/path; nothing was sent")
    if "@" in parts.netloc:
        raise ConfigError(
            f"the URL at {origin(url)} holds a user name or password; take them out, there are"
            " settings for that; nothing was sent"
        )
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigError(
            f"{origin(url)} would be sent to in clear text; use https, http is only for this"
            " machine itself; nothing was sent"
        )
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
