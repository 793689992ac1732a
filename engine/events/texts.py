"""The texts of notices."""

from __future__ import annotations

from engine.events.settings import Rules

_BUILT_IN = {"payment": "На счет #{{ login }} зачислен платеж: {{ amount }} руб."}


def template_of(name: str, rules: Rules) -> str:
    """The template of a notice."""
    return _BUILT_IN.get(name, "{{ login }}")


def compliment_of(rules: Rules, number: int) -> str:
    """One of the compliments of the language, "" where it has none."""
    return ""
