"""The patterns of an operator's profile: the words around a fact, `{value}` where it stands. Pure.

`На счете {value} руб` is a pattern. A space fits any run of spaces and line ends, `{date}` fits a
date like 01.02.2013, `{any}` fits up to 60 characters of the same line. Small and capital letters
are the same, so are е and ё, and letters that look alike in Cyrillic and Latin. `|` stands between
patterns of which the first that fits counts.

These are no regular expressions on purpose: a person who sets up billing writes them, and none can
be written that takes longer than a mail is long.
"""

from __future__ import annotations

import re

from engine.errors import InputError

MAX_LENGTH = 200
_HOLE = re.compile(r"\{([a-z]*)\}")
_HOLES = {"value": "", "date": r"[0-9]{2}\.[0-9]{2}\.[0-9]{4}", "any": r"[^\n]{0,60}?"}
_TWINS = ("её", "аa", "оo", "сc", "рp", "хx", "уy", "вb", "нh", "кk", "мm", "тt")
_SAME = {letter: pair for pair in _TWINS for letter in pair} | {"е": "еёe", "ё": "еёe", "e": "еёe"}
# So much must stand before the fact: else it would be looked for at every letter.
_LEAST_WORDS = 3


def compile_pattern(text: str, value: str, value_at_end: str = "") -> re.Pattern[str]:
    """The pattern as a regular expression whose one group that took part is the fact. `value` is
    the expression of the fact, `value_at_end` the one where nothing of the pattern follows it.
    Raises InputError saying what is wrong with the pattern."""
    if len(text) > MAX_LENGTH:
        raise InputError(f"has more than {MAX_LENGTH} characters")
    choices = [_compile_one(choice.strip(), value, value_at_end) for choice in text.split("|")]
    return re.compile("|".join(choices), re.IGNORECASE)


def words_of(text: str) -> list[str]:
    """What stands before the fact in each choice of a pattern, in small letters."""
    starts = (choice.partition("{")[0].strip().lower() for choice in text.split("|"))
    return [start for start in starts if start]


def _compile_one(text: str, value: str, value_at_end: str) -> str:
    holes = _HOLE.findall(text)
    if holes.count("value") != 1:
        raise InputError("must have {value} just once, where the fact stands")
    if unknown := [hole for hole in holes if hole not in _HOLES]:
        raise InputError(f"has {{{unknown[0]}}}; there are only {{value}}, {{date}} and {{any}}")
    if holes.count("any") > 1 or holes.count("date") > 1:
        raise InputError("may have {date} and {any} once each")
    if len(text.partition("{")[0].replace(" ", "")) < _LEAST_WORDS:
        raise InputError(f"must have {_LEAST_WORDS} letters or signs before its first {{}}")
    if text.endswith("{value}") and value_at_end:
        value = value_at_end
    pieces = _HOLE.split(text)
    made = [_literal(pieces[0])]
    for hole, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        made.append(value if hole == "value" else _HOLES[hole])
        made.append(_literal(literal))
    return "".join(made)


def _literal(text: str) -> str:
    """The words of a pattern; after a sign the space may be missing."""
    made: list[str] = []
    before = ""
    for char in text:
        if char != " ":
            same = _SAME.get(char.lower())
            made.append(f"[{same}]" if same else re.escape(char))
        elif before != " ":
            made.append(r"\s*" if before and not before.isalnum() else r"\s+")
        before = char
    return "".join(made)
