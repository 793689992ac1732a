"""The first line: the views, the running job, the connection, read-only, and who is here."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from engine.text import safe
from tui.widgets.one_line import OneLine, Piece

_BUSY_STEPS = (5, 10, 20, 30, 60)


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
    connection; `busy` stands in its place while there is something to say of it. `daemon` are
    words, with whether they are a warning."""

    modes: tuple[tuple[str, str, bool], ...] = ()
    running: Running | None = None
    daemon: tuple[str, bool] = ("", False)
    link: str = ""
    link_is_up: bool = True
    busy: str = ""
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


def busy_words(seconds: float) -> str:
    """How long the database has been at one question, in steps that grow; nothing while that is
    nothing unusual."""
    if seconds >= 120:
        return f"db busy {seconds // 60:.0f} min"
    found = [step for step in _BUSY_STEPS if seconds >= step]
    return f"db busy {found[-1]} s" if found else ""


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


class StatusLine(OneLine):
    """The views to the left, what goes on to the right; what has no room is left out, the least
    important first, and at last all titles but that of the view shown."""

    def __init__(self) -> None:
        super().__init__()
        self._status = Status()

    def show(self, status: Status) -> None:
        """Another status."""
        self._status = status
        self.draw_changes()

    def pieces(self, width: int) -> list[Piece]:
        """See the base."""
        words = self._words()
        modes = self._status.modes
        left = [_mode(*mode, short=False) for mode in modes]
        if _width(left) + _right_width(words) >= width:
            left = [_mode(*mode, short=True) for mode in modes]
        while words and _width(left) + _right_width(words) >= width:
            words.remove(next(word for word in self._by_weight() if word in words))
        gap = " " * max(0, width - _width(left) - _right_width(words))
        right: list[Piece] = []
        for place, piece in enumerate(words):
            right += [("  " if place else "", ""), piece]
        return [*left, (gap, ""), *right, (" ", "")]

    def _words(self) -> list[Piece]:
        """The words to the right with their styles, as they stand."""
        status = self._status
        found = [
            (status.actor, "$text-muted"),
            (status.daemon[0], "bold $warning" if status.daemon[1] else "$text-muted"),
            (running_words(status.running) if status.running else "", "bold $accent"),
            (status.busy, "bold $warning") if status.busy else self._link,
            ("paused" if status.paused else "", "bold $warning"),
            ("read-only" if status.read_only else "", "bold $warning"),
        ]
        return [(safe(text), style) for text, style in found if text]

    def _by_weight(self) -> list[Piece]:
        """The same, the least important first: that the database is there is left out before
        anything but who we are."""
        words = self._words()
        link = self._link
        if self._status.link_is_up and link in words:
            words.remove(link)
            words.insert(1 if self._status.actor else 0, link)
        return words

    @property
    def _link(self) -> Piece:
        status = self._status
        return safe(status.link), "$text-muted" if status.link_is_up else "bold $error"


def _mode(key: str, title: str, active: bool, short: bool) -> Piece:
    text = f" {key} {title} " if active or not short else f" {key}"
    return text, "bold reverse" if active else ""


def _width(pieces: list[Piece]) -> int:
    return sum(cell_len(text) for text, _ in pieces)


def _right_width(words: list[Piece]) -> int:
    """With two cells between and one at the end."""
    return _width(words) + 2 * max(0, len(words) - 1) + 1
