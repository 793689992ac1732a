"""Bytes to text when the label may lie. Pure.

The ladder: the declared charset and UTF-8, strictly; then those that Russian mail comes in. Where
several can be read, the words that a balance mail is known to have decide, then the declaration,
then how common its letters are.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

from engine.balances.refusal import MailRefused

# What mail calls them, without signs and in small letters. Python knows more codecs, and some of
# them (idna, undefined) raise whatever they like.
_NAMES = {
    "utf8": "utf-8", "unicode11utf8": "utf-8", "usascii": "ascii", "ascii": "ascii",
    "ansix341968": "ascii", "windows1251": "cp1251", "win1251": "cp1251", "cp1251": "cp1251",
    "xcp1251": "cp1251", "1251": "cp1251", "ansi1251": "cp1251", "koi8r": "koi8-r",
    "koi8": "koi8-r", "koi8u": "koi8-u", "koi8ru": "koi8-u", "cp866": "cp866", "ibm866": "cp866",
    "866": "cp866", "dos": "cp866", "iso88595": "iso8859-5", "cyrillic": "iso8859-5",
    "xmaccyrillic": "mac-cyrillic", "maccyrillic": "mac-cyrillic", "iso88591": "latin-1",
    "latin1": "latin-1", "windows1252": "cp1252", "cp1252": "cp1252", "iso885915": "iso8859-15",
    "utf16": "utf-16", "utf16le": "utf-16-le", "utf16be": "utf-16-be", "utf32": "utf-32",
}  # fmt: skip
_RUSSIAN = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COMMON = frozenset("оеаинтсрвлкмдпу")
_SAMPLE = 20_000
# Of the letters beyond ASCII so many must be common ones for a guess without known words.
_PLAUSIBLE = 0.5


def to_text(body: bytes, declared: str, words: Sequence[str]) -> str:
    """The text of a part; `words` (in small letters) are known to occur in balance mails.

    Raises MailRefused when no charset fits.
    """
    for mark, codec in _MARKS:
        if body.startswith(mark) and (marked := _strict(body, codec)) is not None:
            return marked
    claimed = _NAMES.get(re.sub("[^a-z0-9]", "", declared.lower()))
    if body.isascii() and claimed not in ("utf-16-le", "utf-16-be"):
        return body.decode("ascii")
    ladder = dict.fromkeys([*([claimed] if claimed else []), "utf-8", *_RUSSIAN])
    best: tuple[int, int, float] | None = None
    chosen = ""
    for place, codec in enumerate(ladder):
        text = _strict(body, codec)
        if text is None:
            continue
        sample = text[:_SAMPLE].lower()
        found = sum(word in sample for word in words)
        trusted = codec in (claimed, "utf-8")
        if trusted and place == 0 and found == len(words):
            return text
        rank = (found, 2 - place if trusted else 0, _commonness(sample))
        if best is None or rank > best:
            best, chosen = rank, text
    if best is not None and (best[0] or best[1] or best[2] >= _PLAUSIBLE):
        return chosen
    raise MailRefused("its charset cannot be told")


def _strict(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except UnicodeError:
        return None


def _commonness(sample: str) -> float:
    """The share of common Russian letters among what is not ASCII."""
    letters = [char for char in sample if char > "\x7f"]
    return sum(char in _COMMON for char in letters) / len(letters) if letters else 0.0
