"""The first line: the views, the running job, the connection, read-only, and who is here."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from engine.text import safe
from tui.safe import safe_text


@dataclass(frozen=True, slots=True)
class Running:
    """A job that runs somewhere. `seconds_left` is an estimate or None; `alive` False when it has
    been silent for too long."""

    job: str
    subject: str
    done: int
    total: int
    seconds_left: float | None
    alive: bool = True


@dataclass(frozen=True, slots=True)
class Status:
    """All that the line shows. `modes` are (key, title, active); `link` is '' before the first
    connection."""

    modes: tuple[tuple[str, str, bool], ...] = ()
    running: Running | None = None
    link: str = ""
    link_is_up: bool = True
    read_only: bool = False
    paused: bool = False
    actor: str = ""


def latency_words(shown_ms: float, latency_ms: float) -> tuple[float, str]:
    """The latency to show and its words. A new one is shown only when it is less than half or more
    than twice the one shown: small changes are noise and cost bytes."""
    floor = max(latency_ms, 1.0)
    if shown_ms and shown_ms / 2 <= floor <= shown_ms * 2:
        floor = shown_ms
    return floor, "db <1 ms" if floor <= 1.0 else f"db {floor:.0f} ms"


def left_words(seconds: float) -> str:
    """Time left, in steps that grow: `12 min left`, `25 s left`."""
    if seconds >= 5_400:
        return f"{seconds / 3_600:.0f} h left"
    if seconds >= 90:
        return f"{seconds / 60:.0f} min left"
    if seconds >= 10:
        return f"{5 * round(seconds / 5)} s left"
    return "a few s left"


def running_words(running: Running) -> str:
    """`month-close 2026-10 61% 12 s left`."""
    parts = [running.job, running.subject]
    if running.total > 0:
        parts.append(f"{100 * running.done // running.total}%")
    if not running.alive:
        parts.append("SILENT")
    elif running.seconds_left is not None:
        parts.append(left_words(running.seconds_left))
    return " ".join(part for part in parts if part)


class StatusLine(Widget):
    """Drawn again only when something in it changes."""

    def __init__(self) -> None:
        super().__init__()
        self._status = Status()
        self._words: list[tuple[str, str]] = []

    def show(self, status: Status) -> None:
        """Another status."""
        self._status = status
        if self._right() != self._words:
            self.refresh()

    def _right(self) -> list[tuple[str, str]]:
        """The words to the right with their styles, the least important first."""
        status = self._status
        found = [
            (status.actor, "$text-muted"),
            (running_words(status.running) if status.running else "", "bold $accent"),
            (status.link, "$text-muted" if status.link_is_up else "bold $error"),
            ("paused" if status.paused else "", "bold $warning"),
            ("read-only" if status.read_only else "", "bold $warning"),
        ]
        return [*((safe(text), style) for text, style in found if text),
                *((title, str(active)) for _, title, active in status.modes)]  # fmt: skip

    def render(self) -> Content:
        self._words = self._right()
        modes = self._status.modes
        words = self._words[: len(self._words) - len(modes)]
        left = [_mode(*mode, short=False) for mode in modes]
        width = self.size.width
        if _width(left) + _right_width(words) > width:
            left = [_mode(*mode, short=True) for mode in modes]
        while words and _width(left) + _right_width(words) > width:
            words = words[1:]
        gap = Content(" " * max(0, width - _width(left) - _right_width(words)))
        right: list[Content] = []
        for place, (text, style) in enumerate(words):
            right += [Content("  " if place else ""), safe_text(text, None, style)]
        return Content("").join([*left, gap, *right, Content(" ")])


def _mode(key: str, title: str, active: bool, short: bool) -> Content:
    text = f" {key} {title} " if active or not short else f" {key} "
    return safe_text(text, None, "bold reverse" if active else "")


def _width(parts: list[Content]) -> int:
    return sum(part.cell_length for part in parts)


def _right_width(words: list[tuple[str, str]]) -> int:
    """With two cells between and one at the end."""
    return sum(cell_len(text) for text, _ in words) + 2 * max(0, len(words) - 1) + 1
