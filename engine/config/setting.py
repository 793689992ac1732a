"""What a setting is, and a section of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Setting:
    """One key. `default` is text for `parse`; None means no value, or one computed by the loader,
    and then `example` is what the example file shows. `help` is one line."""

    key: str
    parse: Callable[[str], object]
    default: str | None
    help: str
    example: str = ""
    may_be_empty: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its settings are the fields of `build`, which becomes `Config.<attribute>`."""

    name: str
    attribute: str
    build: Callable[..., object]
    help: str
    settings: tuple[Setting, ...]


Given = Mapping[str, Mapping[str, Any]]
"""Sections of a family by their whole name, each with its values by key."""


@dataclass(frozen=True, slots=True)
class Family:
    """Sections of which there may be any number, `[WORD NAME]`. `example` stands for them in the
    example file. `make` turns those that there are, and what was built of the other sections by
    attribute, into `Config.<example.attribute>`; it raises InputError naming the section."""

    word: str
    example: Section
    make: Callable[[Given, Mapping[str, Any]], object]

    def section(self, name: str) -> Section | None:
        """The section of this name, None when it is not of the family."""
        if not 0 < len(self.member(name)) <= _NAME_LENGTH or not name.startswith(f"{self.word} "):
            return None
        return replace(self.example, name=name)

    def member(self, section: str) -> str:
        """NAME, of a section's whole name."""
        return section.removeprefix(f"{self.word} ").strip()
