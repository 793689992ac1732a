"""Saved mails: a file with one mail, an mbox file, or a folder of such (a Maildir, too)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from engine.errors import InputError
from engine.text import safe

_BEGINNING = re.compile(rb"From |[!-9;-~]{1,80}[ \t]*:")


def saved_mails(
    path: Path, limit: int, left_out: Callable[[Path], None], inside: bool = False
) -> Iterator[bytes]:
    """The mails below a path, in the order of the names of files; of each at most one byte more
    than `limit`. Of a folder (`inside` it) hidden files are left out, and those that do not begin
    as a mail does, of which `left_out` is told. Raises InputError when something cannot be read."""
    try:
        if path.is_dir():
            for inner in sorted(path.iterdir()):
                if not inner.name.startswith(".") and (inner.is_dir() or inner.is_file()):
                    yield from saved_mails(inner, limit, left_out, inside=True)
            return
        with path.open("rb") as file:
            if inside and _BEGINNING.match(file.readline(limit + 1)) is None:
                left_out(path)
                return
            file.seek(0)
            yield from _mails_of(file, limit)
    except OSError as error:
        raise InputError(
            f"cannot read {safe(path)}: {safe(error.strerror)}. What was taken before it stays"
            " taken; a mail is never counted twice."
        ) from None


def _mails_of(file: BinaryIO, limit: int) -> Iterator[bytes]:
    first = file.readline(limit + 1)
    if not first.startswith(b"From "):
        yield (first + file.read(limit + 1))[: limit + 1]
        return
    held: list[bytes] = []
    size = 0
    blank = False
    while line := file.readline(limit + 1):
        if blank and line.startswith(b"From "):
            yield b"".join(held)[: limit + 1]
            held, size = [], 0
        elif size <= limit:
            # mbox writes > before a line that would look like the beginning of the next mail.
            held.append(line[1:] if line.lstrip(b">").startswith(b"From ") else line)
            size += len(line)
        blank = line in (b"\n", b"\r\n")
    yield b"".join(held)[: limit + 1]
