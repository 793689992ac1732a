"""A mail's bytes to its text and its identity. Pure.

Whatever the bytes are, the only error is MailRefused.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from engine.balances.charset import to_text
from engine.balances.markup import html_to_text
from engine.balances.mime import Headers, Part, leaves, split_mail
from engine.balances.refusal import MailRefused

MAX_TEXT = 32_768
"""Characters of a text that are looked at; a balance mail has a few hundred."""

_SPACES = re.compile(r"[^\S\n]+")
_EDGES = re.compile(r" ?\n ?(?:>[> ]*)?")
_PLAIN = re.compile("[\n -~\u0400-\u045f«»№—–]*")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a mail is known by. `key` comes from the Message-ID, else from the content; `content` is
    a hash of sender, date, subject and body."""

    key: str
    content: str


@dataclass(frozen=True, slots=True)
class MailText:
    """The texts of a mail, the likeliest first: its plain text, its HTML, what is attached."""

    identity: Identity
    texts: tuple[str, ...]


def identify(raw: bytes, size: int | None = None) -> Identity:
    """The identity of a mail. `size` stands for the body where only the headers were loaded."""
    try:
        headers, body = split_mail(raw)
    except MailRefused:
        headers, body = Headers({}), raw
    return _identity(headers, body if size is None else str(size).encode())


def read_mail(raw: bytes, words: Sequence[str]) -> MailText:
    """The texts of a mail; `words` (small letters) help to find the charset of one whose label
    lies. Raises MailRefused, and nothing else, when there is no text in it."""
    try:
        headers, body = split_mail(raw)
        texts = _texts(leaves(headers, body), words)
        return MailText(_identity(headers, body), texts)
    except MailRefused:
        raise
    except Exception as error:  # noqa: BLE001 - a mail must never stop the run; fuzzing found none
        raise MailRefused(f"it cannot be read ({type(error).__name__})") from None


def _identity(headers: Headers, body: bytes) -> Identity:
    hashed = hashlib.sha256()
    for piece in (*(headers.values.get(name, b"") for name in ("from", "date", "subject")), body):
        hashed.update(len(piece).to_bytes(8, "big") + piece)
    content = hashed.hexdigest()
    message_id = headers.values.get("message-id", b"").strip()
    key = content
    if message_id.strip(b"<> "):
        key = hashlib.sha256(b"message-id:" + message_id).hexdigest()
    return Identity(key, content)


def _texts(parts: Sequence[Part], words: Sequence[str]) -> tuple[str, ...]:
    kinds: dict[int, list[str]] = {0: [], 1: [], 2: []}
    refusal: MailRefused | None = None
    for part in parts:
        if part.kind not in ("text/plain", "text/html"):
            continue
        try:
            text = to_text(part.body, part.charset, words)
        except MailRefused as refused:
            refusal = refused
            continue
        html = part.kind == "text/html"
        kinds[2 if part.attached else int(html)].append(html_to_text(text) if html else text)
    texts = [tidy("\n".join(pieces)) for pieces in kinds.values() if pieces]
    found = tuple(text for text in texts if text)
    if not found:
        raise refusal or MailRefused("there is no text in it")
    return found


def tidy(text: str) -> str:
    """The text with plain spaces, without marks of quoting and characters that show nothing, at
    most MAX_TEXT long. Raises MailRefused for NUL."""
    text = text[:MAX_TEXT]
    if "\0" in text:
        raise MailRefused("it has NUL bytes")
    text = text.replace("\r\n", "\n")
    if not _PLAIN.fullmatch(text):
        text = "".join(_fit(char) for char in text)
    text = _EDGES.sub("\n", _SPACES.sub(" ", f"\n{text}"))
    return text.strip()


def _fit(char: str) -> str:
    category = unicodedata.category(char)
    if char == "\n" or category in ("Zl", "Zp") or char in "\r\x0b\x0c\x85":
        return "\n"
    if category == "Zs" or char == "\t":
        return " "
    return "" if category[0] == "C" else char
