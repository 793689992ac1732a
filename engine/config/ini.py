"""The strict INI reader: text in, entries with line numbers out. Pure.

configparser is not used: it forgets line numbers, joins continuation lines, lower-cases keys and
takes `:` for `=`, so a slip would become a wrong value in place of an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.errors import ConfigError
from engine.text import safe

_HEADER = re.compile(r"\[([^\[\]]*)\]\s*(?:;.*)?")
_INLINE_COMMENT = re.compile(r"(?:^|\s);.*")
_INLINE_HASH = re.compile(r"(?:^|\s)#")


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key = value` line; `repr` hides the value, which may be a secret."""

    section: str
    key: str
    value: str
    line: int

    def __repr__(self) -> str:
        return f"Entry([{self.section}] {self.key}, line {self.line})"


@dataclass(frozen=True, slots=True)
class IniFile:
    """The sections with the lines that open them, and the entries in the file's order."""

    sections: dict[str, int]
    entries: tuple[Entry, ...]


def read_ini(text: str, file_name: str) -> IniFile:
    """Reads sections, `key = value` lines and comments. A comment is a line that begins with `;`
    or `#`, or whitespace and `;` after a value.

    Raises ConfigError, naming file and line, for all else: an indented line, a line without `=`, a
    key before the first section, a section or key given twice. A line's text is not repeated.
    """
    sections: dict[str, int] = {}
    entries: dict[tuple[str, str], Entry] = {}
    section: str | None = None
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        line = raw.rstrip()
        where = f"{file_name}, line {number}"
        if not line or line.lstrip()[0] in ";#":
            continue
        if line[0].isspace():
            raise ConfigError(
                f"{where}: the line is indented; a setting begins at the start of its line and"
                " does not continue on the next one"
            )
        if line[0] == "[":
            section = _read_header(line, where, sections)
            sections[section] = number
            continue
        entry = _read_entry(line, where, section, number)
        earlier = entries.setdefault((entry.section, entry.key), entry)
        if earlier is not entry:
            raise ConfigError(
                f"{where}: [{entry.section}] {entry.key} was already set on line {earlier.line};"
                " keep one of them"
            )
    return IniFile(sections, tuple(entries.values()))


def _read_header(line: str, where: str, sections: dict[str, int]) -> str:
    match = _HEADER.fullmatch(line)
    if match is None:
        raise ConfigError(f"{where}: not a section header; write it like [database]")
    name = safe(match[1], 60)
    if name in sections:
        raise ConfigError(
            f"{where}: section [{name}] was already opened on line {sections[name]};"
            " put its settings together"
        )
    return name


def _read_entry(line: str, where: str, section: str | None, number: int) -> Entry:
    key, equals, rest = line.partition("=")
    if not equals:
        raise ConfigError(f"{where}: not a setting; write it like key = value")
    name = safe(key.rstrip(), 60)
    if section is None:
        raise ConfigError(f"{where}: {name} stands before the first [section]; move it into one")
    value = _INLINE_COMMENT.sub("", rest).strip()
    if _INLINE_HASH.search(value):
        raise ConfigError(
            f"{where}: [{section}] {name} has a # after its value; a comment there begins with ;"
        )
    return Entry(section, name, value, number)
