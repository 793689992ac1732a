"""The settings of the texts of notices: one section for each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.config import values
from engine.config.events import written
from engine.config.setting import Family, Given, Section, Setting
from engine.errors import InputError
from engine.events.settings import TextsConfig
from engine.events.texts import MOST_SOURCE
from engine.events.words import COMPLIMENTS, TEMPLATES, TEXT_NAMES
from engine.text import safe

_EXAMPLES = TEMPLATES["en"]
_MOST_COMPLIMENT = 200


def _compliments(text: str) -> tuple[str, ...]:
    """Compliments, separated by |; empty is none at all."""
    items = tuple(item.strip() for item in text.split("|")) if text else ()
    if not all(0 < len(item) <= _MOST_COMPLIMENT for item in items):
        raise values.BadValue(
            f"texts of 1 to {_MOST_COMPLIMENT} characters, separated by |, or nothing"
        )
    return items


def _example(name: str) -> str:
    """A built-in text as a file can have it: a # after a space would look like a comment there."""
    return _EXAMPLES[name].replace(" #", ' {{ "#" }}')


_SECTION = Section(
    "texts LANG",
    "texts",
    TextsConfig,
    "Texts of notices in place of the built-in ones (ru, en): one section for each language;"
    " docs/events.md tells how they are written.",
    (
        *(
            Setting(
                written(name),
                values.text_of(MOST_SOURCE),
                None,
                f"the text for {written(name)}",
                _example(name),
            )
            for name in TEXT_NAMES
        ),
        Setting(
            "compliments",
            _compliments,
            None,
            "what {{ compliment }} says, each in turn",
            " | ".join(COMPLIMENTS["en"]),
            may_be_empty=True,
        ),
    ),
)


def _all_texts(given: Given, _parts: Mapping[str, Any]) -> tuple[TextsConfig, ...]:
    """The texts in the order of the configuration. Raises InputError naming the section."""
    found: list[TextsConfig] = []
    for section, settings in given.items():
        language = TEXTS.member(section)
        if not (len(language) == 2 and language.isascii() and language.islower()):
            raise InputError(
                f"[{safe(section, 60)}] does not name a language: two small letters, such as ru"
            )
        if language in {other.language for other in found}:
            raise InputError(f"[{safe(section, 60)}] is there twice")
        templates = tuple(
            (name, settings[written(name)])
            for name in TEXT_NAMES
            if settings[written(name)] is not None
        )
        found.append(TextsConfig(language, templates, settings["compliments"]))
    return tuple(found)


TEXTS = Family("texts", _SECTION, _all_texts)
