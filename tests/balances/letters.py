"""Balance letters for tests, in any charset and wrapping."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Mapping

LETTER = """\
Уважаемый абонент!
Л/С: {account}
Номер: {number}
Время: {time}
На счете {balance} руб.
Тарифный план: {tariff} с 01.02.2013.
С уважением, МегаФон
"""
FACTS: Mapping[str, str] = {
    "account": "12345678",
    "number": "9261234567",
    "time": "12.03.2013 09:15",
    "balance": "-15.30",
    "tariff": "Единый",
}


def letter(**facts: str) -> str:
    """The text of a letter, with some facts of its own."""
    return LETTER.format(**{**FACTS, **facts})


def page(text: str) -> str:
    """The letter as HTML."""
    lines = text.replace("&", "&amp;").replace("<", "&lt;").split("\n")
    return f"<html><head><title>x</title></head><body><p>{'<br>'.join(lines)}</p></body></html>"


def mail(
    text: str,
    charset: str = "utf-8",
    *,
    label: str | None = None,
    kind: str = "text/plain",
    encoding: str = "8bit",
    message_id: str | None = "<1@operator.example>",
    more: str = "",
) -> bytes:
    """The bytes of a mail; `label` is what it claims its charset is, where that differs."""
    body = text.replace("\n", "\r\n").encode(charset)
    if encoding == "base64":
        body = base64.encodebytes(body)
    elif encoding == "quoted-printable":
        body = quopri.encodestring(body)
    head = [
        "From: balance@operator.example",
        "To: balance@billing.example",
        "Subject: =?windows-1251?B?weDr4O3x?=",
        "Date: Tue, 12 Mar 2013 09:20:00 +0400",
        *([f"Message-ID: {message_id}"] if message_id else []),
        "MIME-Version: 1.0",
        f"Content-Type: {kind}; charset={charset if label is None else label}",
        f"Content-Transfer-Encoding: {encoding}",
        *([more] if more else []),
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def multipart(kind: str, *parts: bytes, boundary: str = "b1", closed: bool = True) -> bytes:
    """A mail of several parts, each with headers of its own."""
    head = (
        "From: balance@operator.example\r\nMessage-ID: <2@operator.example>\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'
    ).encode()
    mark = b"--" + boundary.encode()
    middle = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts)
    return head + middle + (mark + b"--\r\n" if closed else b"")


def part(text: str, kind: str = "text/plain", charset: str = "utf-8", more: str = "") -> bytes:
    """One part of a multipart mail."""
    head = f"Content-Type: {kind}; charset={charset}\r\n{more}\r\n"
    return head.encode() + text.encode(charset)
