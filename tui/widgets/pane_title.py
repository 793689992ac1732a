"""The line above a pane: what it shows, how many, and how old that is, in words."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from rich.cells import cell_len

from tui.safe import fit
from tui.widgets.cells import grouped
from tui.widgets.one_line import OneLine, Piece

MINUTE_MS = 60_000


def age_words(as_of_ms: int | None, now_ms: int, stale_after_ms: int, zone: tzinfo = UTC) -> str:
    """`as of 12:04`, and behind it `STALE 3 min` once it is older than it should be; nothing while
    there is nothing. It only changes by the minute: a clock that ticks costs bytes."""
    if as_of_ms is None:
        return ""
    clock = datetime.fromtimestamp(as_of_ms / 1000, zone).strftime("%H:%M")
    age = now_ms - as_of_ms
    if age <= stale_after_ms:
        return f"as of {clock}"
    minutes = age // MINUTE_MS
    if minutes < 1:
        return f"as of {clock} STALE"
    if minutes < 120:
        return f"as of {clock} STALE {minutes} min"
    return f"as of {clock} STALE {minutes // 60} h"


def rows_words(total: int, exact: bool) -> str:
    """`1 003 218 rows`, `about 1.0 million rows` while it is an estimate."""
    if exact:
        return f"{grouped(total)} row{'' if total == 1 else 's'}"
    if total >= 1_000_000:
        return f"about {total / 1_000_000:.1f} million rows"
    return f"about {grouped(total)} rows"


class PaneTitle(OneLine):
    """`title` is ours or data, `table_id` the table below it, if its screen is to keep both in
    step."""

    def __init__(
        self,
        title: str,
        *,
        table_id: str | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.table_id = table_id
        self._title = title
        self._note = ""
        self._problem = ""
        self._as_of_ms: int | None = None
        self._now_ms = 0
        self._stale_after_ms = MINUTE_MS
        self._zone: tzinfo = UTC

    def show(self, title: str | None = None, note: str | None = None) -> None:
        """Another title, or another note to its right (`1 003 218 rows`)."""
        self._title = self._title if title is None else title
        self._note = self._note if note is None else note
        self.draw_changes()

    def fresh(self, as_of_ms: int) -> None:
        """The pane shows what was true at `as_of_ms`; a problem is over."""
        self._as_of_ms, self._problem = as_of_ms, ""
        self._now_ms = max(self._now_ms, as_of_ms)
        self.draw_changes()

    def failed(self, text: str) -> None:
        """It could not be read: the old stays, with its age; `text` says why."""
        self._problem = text
        self.draw_changes()

    def tick(self, now_ms: int, stale_after_ms: int, zone: tzinfo) -> None:
        """The time goes on."""
        self._now_ms, self._stale_after_ms, self._zone = now_ms, stale_after_ms, zone
        self.draw_changes()

    def pieces(self, width: int) -> list[Piece]:
        """See the base."""
        age = age_words(self._as_of_ms, self._now_ms, self._stale_after_ms, self._zone)
        if self._problem:
            age = f"{age} NOT READ: {self._problem}".strip()
        elif not age:
            age = "loading"
        right = " · ".join(part for part in (self._note, age) if part)
        right_width = min(cell_len(right) + 1, width)
        bad = "STALE" in age or bool(self._problem)
        return [
            (fit(f" {self._title}", width - right_width), "bold"),
            (fit(right, right_width, right=True), "bold $error" if bad else "$text-muted"),
        ]
