"""Changing many rows, piece by piece, while the console goes on answering."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.actions import ActionCall
from tui.widgets.status_line import Running

if TYPE_CHECKING:
    from engine.database import Database
    from tui.app import Console
    from tui.widgets.paged_table import PagedTable


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a piece. `settled` are the ids of rows that are as they were wanted; of these
    `same` were so before. `refused` are (name, why)."""

    settled: tuple[int, ...] = ()
    same: int = 0
    refused: tuple[tuple[str, str], ...] = ()

    @property
    def tried(self) -> int:
        """How many rows it was about."""
        return len(self.settled) + len(self.refused)

    def plus(self, other: Done) -> Done:
        """Both together."""
        return Done(
            self.settled + other.settled, self.same + other.same, self.refused + other.refused
        )


@dataclass(frozen=True, slots=True)
class Work:
    """`unit` changes up to `size` rows at a time in the loader's thread. `what` heads the names of
    those that were refused."""

    unit: Callable[[Database, Sequence[int]], Done]
    size: int
    what: str


class Bulk:
    """Belongs to one console and to the thread of its screens; one change goes on at a time."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._left: list[int] = []
        self._total = 0

    @property
    def progress(self) -> Running | None:
        """How far it is; None when nothing is being changed."""
        if not self._total:
            return None
        return Running("changing", "", self._total - len(self._left), self._total, None)

    def start(self, call: ActionCall, work: Work) -> None:
        """Begins with the change that was confirmed."""
        if self._total:
            self._console.tell("Another change of many is being made; a moment.", "warning")
            return
        screen = self._console.console_screen
        self._left = [int(one) for one in call.targets]
        self._total = len(self._left)
        self._next(call, work, Done(), screen.list_table if screen is not None else None)

    def _next(
        self, call: ActionCall, work: Work, so_far: Done, table: PagedTable | None
    ) -> None:  # fmt: skip
        """One piece; the questions of the person come between two of them."""
        numbers = self._left[: work.size]

        def have(done: Done) -> None:
            outcome = so_far.plus(done)
            self._left = self._left[work.size :]
            if table is not None:
                table.unmark(done.settled)
            self._console.tick()
            if self._left:
                self._next(call, work, outcome, table)
            else:
                self._end(call, work, outcome)

        def failed(why: str) -> None:
            self._stop()
            self._console.tell(
                f"{call.action.title}: stopped after {so_far.tried}. {why} What was changed stays"
                " so; the others are still marked, and it can be done again.",
                "error",
            )

        self._console.desk.change(lambda database: work.unit(database, numbers), have, failed)

    def _end(self, call: ActionCall, work: Work, outcome: Done) -> None:
        self._stop()
        console = self._console
        changed = len(outcome.settled) - outcome.same
        same = f" {outcome.same} were so already." if outcome.same else ""
        refused = f" {len(outcome.refused)} were refused." if outcome.refused else ""
        console.tell(f"{call.action.title}: changed {changed}.{same}{refused}")
        if outcome.refused:
            from tui.screens.refused import RefusedScreen

            title = call.action.title
            console.push_screen(RefusedScreen(title, outcome.refused, work.what))
        elif console.console_screen is not None:
            console.console_screen.refresh_data()

    def _stop(self) -> None:
        self._left, self._total = [], 0
        self._console.tick()
