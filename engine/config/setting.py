"""What a setting is, and a section of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


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
