"""Text from outside made fit for a terminal, a log line or a spreadsheet. Pure."""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
MAX_MARKS_IN_A_ROW = 3

# The quick way for nearly every real string: printable ASCII, Latin-1 without the soft hyphen,
# Latin Extended and Cyrillic without combining marks, and common typographic signs.
_PLAIN = re.compile(
    "[ -~\u00a0-\u00ac\u00ae-\u02ff\u0400-\u0482\u048a-\u04ff"
    "\u2013\u2014\u2026\u201e\u201c\u201d\u2116\u20bd]*"
)

# Letters that look like nothing; category L, so the category test would let them through.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")

_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(value: object, limit: int = 200) -> str:
    """`str(value)` made harmless for a terminal or a log line, at most `limit` characters long.

    Control and format characters (newline, ESC, bidi controls, zero width, ...), line separators,
    lone surrogates, private and unassigned code points become visible `\\xNN`, `\\uNNNN` or
    `\\UNNNNNNNN`. More than three combining marks in a row are dropped. A longer text is cut and
    ends with `…`. The result is its own `safe`. `limit` must be 1 or more.
    """
    if limit < 1:
        raise ValueError("limit must be 1 or more")
    text = str(value)
    if len(text) <= limit and _PLAIN.fullmatch(text):
        return text
    pieces: list[str] = []
    length = marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category[0] == "M" else 0
        if marks > MAX_MARKS_IN_A_ROW:
            continue
        piece = _escape(char) if _is_unsafe(char, category) else char
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            return _cut(pieces, length, limit)
    return "".join(pieces)


def _is_unsafe(char: str, category: str) -> bool:
    return category[0] == "C" or category in ("Zl", "Zp") or char in _BLANK_LETTERS


def _escape(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    return f"\\U{code:08x}"


def _cut(pieces: list[str], length: int, limit: int) -> str:
    """Drops whole pieces (an escape is never halved) until the ellipsis fits."""
    while length > limit - 1:
        length -= len(pieces.pop())
    return "".join(pieces) + ELLIPSIS


def csv_cell(text: str) -> str:
    """A CSV cell that no spreadsheet takes for a formula: `'` goes before = + - @, tab or a line
    break at its start, unless the whole cell is a plain number such as `-12.50`."""
    if text.startswith(_FORMULA_STARTS) and not _PLAIN_NUMBER.fullmatch(text):
        return "'" + text
    return text


def mask_phone(phone: str) -> str:
    """A phone number for logs: `+79161234567` becomes `+*******4567`.

    The last four digits stay visible of ten or more digits, the last two of seven to nine, none of
    fewer. All that is not a digit or the leading `+` is dropped, for it may be a name.
    """
    digits = [char for char in phone if char in "0123456789"]
    visible = 4 if len(digits) >= 10 else 2 if len(digits) >= 7 else 0
    hidden = len(digits) - visible
    plus = "+" if phone.lstrip().startswith("+") else ""
    return plus + "*" * hidden + "".join(digits[hidden:])
