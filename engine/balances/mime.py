"""The parts of a mail: raw bytes in, leaves with their headers and decoded bytes out. Pure.

The mail is hostile: nothing here is recursive, each part is looked at once, and how many parts
there may be, and how deep, is bounded. Python's own parser is not used: it follows a mail of ten
thousand nested parts as deep as it goes.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from dataclasses import dataclass

from engine.balances.refusal import MailRefused

MAX_PARTS = 50
MAX_DEPTH = 8
MAX_HEADER_BYTES = 65_536

_HEADER = re.compile(rb"([!-9;-~]{1,80})[ \t]*:[ \t]*(.*)", re.DOTALL)
_PARAMETER = re.compile(r';\s*([\w-]{1,40})\*?[ \t]*=[ \t]*(?:"([^"]{0,200})"|([^;\s"]{1,200}))')
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of a mail. `kind` is its type in lower case, `charset` what it claims to be in (or
    empty), `body` the bytes after the transfer encoding was undone."""

    kind: str
    charset: str
    attached: bool
    body: bytes


@dataclass(frozen=True, slots=True)
class Headers:
    """The first header of each name, names in lower case, values unfolded and as they came."""

    values: dict[str, bytes]

    def text(self, name: str) -> str:
        """A header's value as Latin-1 text, empty without one."""
        return self.values.get(name, b"").decode("latin-1").strip()


def split_mail(raw: bytes) -> tuple[Headers, bytes]:
    """The headers of a mail (or of a part) and its body, line ends made LF."""
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if raw.startswith((b"From ", b">From ")):  # of an mbox file
        raw = raw.partition(b"\n")[2]
    if raw.startswith(b"\n"):
        return Headers({}), raw[1:]
    head, blank, body = raw.partition(b"\n\n")
    if len(head) > MAX_HEADER_BYTES:
        raise MailRefused(f"its headers are longer than {MAX_HEADER_BYTES} bytes")
    values: dict[str, bytes] = {}
    for line in re.split(rb"\n(?![ \t])", head):
        match = _HEADER.fullmatch(line)
        if match:
            values.setdefault(match[1].decode("ascii").lower(), match[2].replace(b"\n", b" "))
    if not values and not blank:
        return Headers({}), raw
    return Headers(values), body


def leaves(headers: Headers, body: bytes) -> list[Part]:
    """The leaves of a mail in their order. Raises MailRefused when there are too many parts, or
    too deep ones."""
    found: list[Part] = []
    waiting = [(headers, body, 1)]
    seen = 0
    while waiting:
        headers, body, depth = waiting.pop()
        seen += 1
        if seen > MAX_PARTS:
            raise MailRefused(f"it has more than {MAX_PARTS} parts")
        if depth > MAX_DEPTH:
            raise MailRefused(f"its parts are nested more than {MAX_DEPTH} deep")
        kind, parameters = _content_type(headers)
        inner: list[bytes] = []
        if kind.startswith("multipart/"):
            inner = _split(body, parameters.get("boundary", ""))
        elif kind == "message/rfc822":
            inner = [_decode(headers, body)]
        if inner:
            for one in reversed(inner):
                waiting.append((*split_mail(one), depth + 1))
            continue
        if kind.startswith("multipart/"):
            kind = "text/plain"  # its boundary is nowhere: what is there is text
        attached = headers.text("content-disposition").lower().startswith("attachment")
        found.append(Part(kind, parameters.get("charset", ""), attached, _decode(headers, body)))
    return found


def _content_type(headers: Headers) -> tuple[str, dict[str, str]]:
    text = headers.text("content-type")
    kind = text.partition(";")[0].strip().lower() or "text/plain"
    parameters: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(text[:2_000]):
        value = quoted or plain
        # RFC 2231 writes charset'language'value.
        parameters.setdefault(name.lower(), value.rpartition("'")[2] if "''" in value else value)
    return kind if "/" in kind else "text/plain", parameters


def _split(body: bytes, boundary: str) -> list[bytes]:
    """The parts between the lines of a boundary; one that is not closed goes to the end."""
    if not boundary:
        return []
    mark = re.escape(boundary.encode("latin-1", "replace"))
    lines = list(re.finditer(rb"(?m)^--" + mark + rb"(--)?[ \t]*$", body))
    parts: list[bytes] = []
    for number, line in enumerate(lines):
        if line[1]:
            break
        end = lines[number + 1].start() if number + 1 < len(lines) else len(body)
        parts.append(body[line.end() + 1 : end])
        if len(parts) > MAX_PARTS:
            raise MailRefused(f"it has more than {MAX_PARTS} parts")
    return parts


def _decode(headers: Headers, body: bytes) -> bytes:
    """Undoes the transfer encoding, as far as it can be undone."""
    encoding = headers.text("content-transfer-encoding").lower().strip('"; ')
    if encoding == "quoted-printable":
        return quopri.decodestring(body)
    if encoding != "base64":
        return body
    clean = _NOT_BASE64.sub(b"", body.partition(b"=")[0])
    if len(clean) % 4 == 1:
        clean = clean[:-1]
    try:
        return base64.b64decode(clean + b"=" * (-len(clean) % 4))
    except binascii.Error:
        return body
