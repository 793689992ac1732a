"""The few signs beyond letters, and what stands for them where a terminal shows none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of signs; each is one cell wide."""

    up: str = "↑"
    down: str = "↓"
    mark: str = "●"
    dot: str = "·"
    ellipsis: str = "…"
    crumb: str = "›"
    bar: str = "│"
    good: str = "●"
    bad: str = "✖"
    warning: str = "▲"
    full: str = "█"
    empty: str = "░"


UNICODE = Glyphs()
ASCII = Glyphs(
    up="^", down="v", mark="*", dot="-", ellipsis="~", crumb=">", bar="|", good="o", bad="x",
    warning="!", full="#", empty=".",
)  # fmt: skip


def is_plain_terminal(environ: Mapping[str, str]) -> bool:
    """Whether the environment says that the terminal shows no more than ASCII."""
    if environ.get("TERM", "") in ("dumb", "vt100", "vt220"):
        return True
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    # Without any locale (sudo, ssh to a bare machine) nearly every terminal is UTF-8 today.
    return bool(locale) and "utf" not in locale.lower() and locale not in ("C", "POSIX")
