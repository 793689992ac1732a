"""Changing many subscribers, unit by unit, while the console goes on answering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.actions import ActionCall
from tui.setting_actions import changes_of, writer_of
from tui.widgets.status_line import Running

if TYPE_CHECKING:
    from engine.database import Database
    from engine.subscribers.many import Outcome
    from engine.subscribers.store import Refusal
    from tui.app import Console
    from tui.widgets.paged_table import PagedTable


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

    def start(self, call: ActionCall) -> None:
        """Begins with the change that was confirmed."""
        from engine.subscribers.many import Outcome

        if self._total:
            self._console.tell("Another change of many is being made; a moment.", "warning")
            return
        screen = self._console.console_screen
        self._left = [int(one) for one in call.targets]
        self._total = len(self._left)
        self._next(call, Outcome(), screen.list_table if screen is not None else None)

    def _next(self, call: ActionCall, so_far: Outcome, table: PagedTable | None) -> None:
        """One unit; the questions of the person come between two of them."""
        from engine.subscribers.many import UNIT, logins_of
        from engine.subscribers.store import Changed, change_some

        numbers = self._left[:UNIT]
        changes, writer = changes_of(call), writer_of(call)

        def work(database: Database) -> list[Changed | Refusal]:
            return change_some(database, logins_of(database, numbers), changes, writer)

        def have(answers: list[Changed | Refusal]) -> None:
            outcome = so_far.plus(answers)
            self._left = self._left[UNIT:]
            if table is not None:
                table.unmark(one.number for one in answers if isinstance(one, Changed))
            self._console.tick()
            if self._left:
                self._next(call, outcome, table)
            else:
                self._end(call, outcome)

        def failed(why: str) -> None:
            self._stop()
            self._console.tell(
                f"{call.action.title}: stopped after {so_far.done}. {why} Who was changed stays so;"
                " the others are still marked, and it can be done again.",
                "error",
            )

        self._console.desk.change(work, have, failed)

    def _end(self, call: ActionCall, outcome: Outcome) -> None:
        self._stop()
        console = self._console
        same = f" {outcome.same} were so already." if outcome.same else ""
        refused = f" {len(outcome.refused)} were refused." if outcome.refused else ""
        console.tell(f"{call.action.title}: changed {outcome.changed}.{same}{refused}")
        if outcome.refused:
            from tui.screens.refused import RefusedScreen

            console.push_screen(RefusedScreen(call.action.title, outcome.refused))
        elif console.console_screen is not None:
            console.console_screen.refresh_data()

    def _stop(self) -> None:
        self._left, self._total = [], 0
        self._console.tick()
