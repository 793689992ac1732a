"""Running actions: from the palette, from the menu, from a `:` line; asking first where they are
dangerous. The one place where danger levels, roles and read-only are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import BilldeckError
from tui.actions import ActionCall, ActionRecord, Question, begun, may, usage

if TYPE_CHECKING:
    from tui.app import Console


class Doing:
    """Belongs to one console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def type_line(self, text: str) -> None:
        """Opens the command line with `text`, completing from what is offered."""
        console = self._console
        screen = console.console_screen
        if screen is not None:
            screen.command_line.open(
                ":", text, lambda line: console.registry.complete(line, console.offered())
            )

    def run_line(self, line: str) -> None:
        """Runs a `:` line, or says which part of it is wrong."""
        try:
            action, values = self._console.registry.parse(line)
        except BilldeckError as error:
            self._console.tell(error.message, "warning")
            return
        self.invoke(action, values)

    def begin(self, action: ActionRecord, targets: tuple[Any, ...] | None = None) -> None:
        """Runs an action at once where all is known, or opens the command line for its values."""
        screen = self._console.console_screen
        known = screen.known() if screen is not None and action.on_row else {}
        values = {one.name: known.get(one.name, "") for one in action.parameters if one.required}
        whole = len(values) == len(action.parameters) and all(values.values())
        if action.is_typed and not (values and whole):
            self._console.tell(usage(action))
            self.type_line(begun(action, known))
        else:
            self.invoke(action, values, targets)

    def invoke(
        self,
        action: ActionRecord,
        values: Mapping[str, str],
        targets: tuple[Any, ...] | None = None,
    ) -> None:
        """Runs an action with its values, after the question that its danger wants. `targets` are
        ids of rows; None: what the screen says."""
        console = self._console
        if action.dry_run is not None and "dry-run" in values:
            action = action.dry_run
        if not may(action, console.role, console.read_only):
            why = "read-only is on" if console.read_only and action.danger else (
                f"it needs the role {action.role}"
            )  # fmt: skip
            console.tell(f"{action.title}: {why}. Nothing was done.", "warning")
            return
        screen = console.console_screen
        if targets is None:
            targets = screen.targets() if screen is not None else ()
        if action.needs_rows and not (targets and screen and action.is_for(screen.row_kind)):
            console.tell(f"{action.title}: there is no row to do it with.", "warning")
            return
        table = screen.list_table if screen is not None else None
        shown = None if table is None else (table.source, table.query_now)
        call = ActionCall(console, action, dict(values), targets, shown)
        question = action.question
        if question is None:
            self._run(call)
        else:
            console.desk.read(
                lambda database: question(database, call), lambda answer: self._ask(call, answer)
            )

    def open_menu(self, targets: tuple[Any, ...]) -> None:
        """Offers what can be done with these rows."""
        from tui.screens.menu import Menu

        screen = self._console.console_screen
        known = screen.known() if screen is not None and len(targets) == 1 else {}
        found = [
            action
            for action in self._console.offered()
            if (screen is not None and action.is_for(screen.row_kind))
            or (action.on_row and action.parameters[0].name in known)
        ]
        if not found or not targets:
            what = "row" if found or not targets else "action"
            self._console.tell(f"There is no {what} here to choose; `:` has all commands.")
            return

        def chosen(name: str | None) -> None:
            action = self._console.registry.get(name) if name else None
            if action is not None:
                self.begin(action, targets)

        count = len(targets)
        title = f"What to do with {count} row{'' if count == 1 else 's'}"
        self._console.push_screen(Menu(title, found), chosen)

    def toggle_read_only(self) -> None:
        """Into read-only at once; out of it only after a yes, and not for a viewer."""
        from tui.screens.confirm import Confirm

        console = self._console
        if not console.read_only:
            console.set_read_only(True)
            return
        if console.role in (None, "viewer"):
            console.tell("A viewer only looks: read-only stays on.", "warning")
            return
        question = Question("Leave read-only? What changes something is offered again.")

        def answered(yes: bool | None) -> None:
            if yes:
                console.set_read_only(False)

        console.push_screen(Confirm(question, 1, console.actor), answered)

    def _ask(self, call: ActionCall, question: Question) -> None:
        from tui.screens.confirm import Confirm

        def answered(yes: bool | None) -> None:
            if yes:
                self._run(call)
            else:
                self._console.tell(f"{call.action.title}: nothing was done.")

        # What was told before must not lie on what is to be typed.
        self._console.clear_notifications()
        self._console.push_screen(
            Confirm(question, question.danger or call.action.danger, self._console.actor),
            answered,
        )

    def _run(self, call: ActionCall) -> None:
        self.attempt(lambda: call.action.run(call))

    def attempt(self, work: Callable[[], object]) -> None:
        """Does what may be refused, and says why if it is."""
        try:
            work()
        except BilldeckError as error:
            self._console.tell(error.message, "warning")
