"""The daemons in words, which change seldom: each change costs bytes on the line. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.text import safe

if TYPE_CHECKING:
    from engine.queries.daemons import DaemonState
    from tui.glyphs import Glyphs

_STEPS_SECONDS = (20, 30, 40, 50)
_SHORT_MS = 20_000


def age_words(age_ms: int) -> str:
    """`a few s` as long as a daemon is there, then in steps that grow: `40 s`, `12 min`, `3 h`."""
    seconds = max(0, age_ms) // 1_000
    if seconds < _STEPS_SECONDS[0]:
        return "a few s"
    if seconds < 60:
        return f"{max(step for step in _STEPS_SECONDS if step <= seconds)} s"
    if seconds < 7_200:
        return f"{seconds // 60} min"
    return f"{seconds // 3_600} h"


def status_words(daemons: Sequence[DaemonState] | None, glyphs: Glyphs) -> tuple[str, bool]:
    """For the first line, and whether something is wrong: `daemon ●`, `daemon ▲ 12 min`,
    `no daemon` where none was ever heard of. Nothing while nothing is known."""
    if daemons is None:
        return "", False
    if not daemons:
        return "no daemon", False
    fresh = [one for one in daemons if one.fresh]
    if any(one.state == "active" for one in fresh):
        return f"daemon {glyphs.good}", False
    if fresh:
        return f"daemon {glyphs.warning} {fresh[0].state}", True
    # One of this host that was killed is known to be gone at once.
    age = daemons[0].age_ms
    return f"daemon {glyphs.warning} {age_words(age) if age >= _SHORT_MS else 'gone'}", True


def daemon_lines(daemons: Sequence[DaemonState]) -> list[tuple[str, bool]]:
    """A line for each daemon and whether something is wrong with it, the freshest first."""
    if not daemons:
        return [("No daemon has been here: nothing is started by the schedule.", False)]
    lines = [(_line(one), not one.fresh) for one in daemons]
    if not any(one.fresh for one in daemons):
        lines.insert(0, ("No daemon is running: nothing is started by the schedule.", True))
    return lines


def _line(one: DaemonState) -> str:
    host, pid = [*safe(one.holder, 150).split(" "), "?"][:2]
    heard = f"heard of {age_words(one.age_ms)} ago"
    note = f": {safe(one.note, 300)}" if one.fresh and one.note else ""
    return f"daemon {one.state if one.fresh else 'gone'} on {host}, process {pid}, {heard}{note}"
