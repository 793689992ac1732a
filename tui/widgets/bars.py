"""Charts of block characters, or of ASCII where a terminal has no better. Pure."""

from __future__ import annotations

from collections.abc import Sequence

_UPWARDS = " ▁▂▃▄▅▆▇█"
_RIGHTWARDS = " ▏▎▍▌▋▊▉█"
_PLAIN = " .#"


def columns(values: Sequence[int], height: int, plain: bool, width: int = 1) -> list[str]:
    """A column `width` cells wide for each value (not negative), as lines from the top down; the
    largest is `height` lines high. What is not zero shows, however small."""
    signs = _PLAIN if plain else _UPWARDS
    steps = len(signs) - 1
    top = max(values, default=0)
    levels = [_level(value, top, height * steps) for value in values]
    lines = []
    for line in reversed(range(height)):
        cells = (signs[max(0, min(level - line * steps, steps))] for level in levels)
        lines.append("".join(cell * width for cell in cells))
    return lines


def bar(part: int, whole: int, width: int, plain: bool) -> str:
    """A bar to the right: `part` of `whole` as a part of `width` cells, padded to the width."""
    signs = _PLAIN if plain else _RIGHTWARDS
    steps = len(signs) - 1
    full, rest = divmod(_level(min(part, whole), whole, width * steps), steps)
    return (signs[-1] * full + (signs[rest] if rest else "")).ljust(width)


def _level(value: int, top: int, steps: int) -> int:
    if value <= 0 or top <= 0:
        return 0
    return max(1, value * steps // top)
