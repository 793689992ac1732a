"""The console's own colours. The terminal's colours are Textual's `ansi-dark` and `ansi-light`."""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

DARK = Theme(
    name="billdeck-dark",
    primary="#4f9cf9",
    secondary="#7aa2c8",
    accent="#f0b35e",
    foreground="#d6dbe4",
    background="#10141b",
    surface="#161c26",
    panel="#202938",
    success="#63c28a",
    warning="#e8b45a",
    error="#f07178",
    dark=True,
    # Textual's own is white with a part of transparency, and comes out brighter than the text.
    variables={"text-muted": "#8390a3"},
)
LIGHT = Theme(
    name="billdeck-light",
    primary="#1f5fbf",
    secondary="#4a6b8a",
    accent="#a35a00",
    foreground="#1d2530",
    background="#fbfbfa",
    surface="#f1f2f3",
    panel="#e2e6eb",
    success="#1d7a45",
    warning="#8f5b00",
    error="#b3261e",
    dark=False,
    variables={"text-muted": "#667180"},
)
OURS = (DARK, LIGHT)
_NAMES = {"dark": DARK.name, "light": LIGHT.name}


def theme_name(setting: str, environ: Mapping[str, str]) -> str:
    """The theme for the configuration's word. `auto`: the dark one, or the terminal's own colours
    where it shows only a few."""
    if setting != "auto":
        return _NAMES.get(setting, setting)
    many = "COLORTERM" in environ or "256color" in environ.get("TERM", "")
    return DARK.name if many else "ansi-dark"
