"""What a RouterOS console is told, and how its answer is read. Pure.

Between quotes the console still evaluates `$name`, `$(...)` and `$[...]`, and a backslash begins an
escape; a name put there as it is could run any command. So nothing but letters, digits and four
signs goes out as itself: each other byte is written `\\XX`, which the console takes for that byte.
"""

from __future__ import annotations

import re
import string

from engine.errors import InputError
from engine.text import safe

MAX_NAME_LENGTH = 128
"""The longest name of a session, in characters, that is sent to a console."""

_AS_ITSELF = frozenset((string.ascii_letters + string.digits + "@._-").encode("ascii"))
# The line break belongs to it: without one, the 1 of a 12 that was cut off would do.
_COUNT = re.compile(rb"\s*([0-9]{1,9})\r?\n\s*")


class BadAnswer(Exception):
    """The console said something else than a count. The text is what it said, made safe."""


def ros_quote(text: str) -> str:
    """`text` as a string of the console, in quotes. Raises InputError for an empty text, for more
    than MAX_NAME_LENGTH characters, and for what is no text in UTF-8."""
    if not text:
        raise InputError("an empty name was to be sent to a NAS; nothing was sent")
    if len(text) > MAX_NAME_LENGTH:
        raise InputError(
            f"the name {safe(text, 40)} has {len(text)} characters, a NAS is sent at most"
            f" {MAX_NAME_LENGTH}; nothing was sent"
        )
    try:
        encoded = text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"the name {safe(text, 40)} is not UTF-8; nothing was sent") from None
    inside = "".join(chr(byte) if byte in _AS_ITSELF else f"\\{byte:02X}" for byte in encoded)
    return f'"{inside}"'


def drop_command(name: str) -> str:
    """The command that ends all PPP sessions of a name. It prints how many it found, and only after
    they were removed: an error before that stops it, so a count says that they are gone. Raises
    InputError as `ros_quote` does."""
    return (
        f":local s [/ppp active find where name={ros_quote(name)}];"
        " /ppp active remove $s; :put [:len $s]"
    )


def read_count(answer: bytes) -> int:
    """The count that `drop_command` printed. The console tells errors by text, and its exit status
    says nothing: whatever is not one whole number on a line of its own is an error, BadAnswer."""
    match = _COUNT.fullmatch(answer)
    if match is None:
        said = safe(answer.decode("utf-8", "replace").strip(), 120)
        raise BadAnswer(f"it answered: {said}" if said else "it answered nothing")
    return int(match[1])
