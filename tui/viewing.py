"""Views of a list: those built in and a person's own, chosen, gone to, saved and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.queries.columns import Sort
from engine.text import safe
from tui.actions import ActionCall, ActionRecord, Parameter
from tui.saved_views import SavedView, SavedViews

if TYPE_CHECKING:
    from engine.queries.paging import View
    from tui.app import Console
    from tui.screens.base import ConsoleScreen
    from tui.widgets.paged_table import PagedTable

# What a choice says of which kind a view is.
_OWN, _BUILT_IN = "own", "in"


def view_actions() -> list[ActionRecord]:
    """What is done with views after `:`; `m` and `'` begin the same."""
    name = Parameter("name", "the name of a view", "rest")
    return [
        ActionRecord(
            "view", "Go to a view", "a saved view of this list; without a name all of them", _go,
            (name,),
        ),
        ActionRecord(
            "save-view", "Save a view", "keeps filter, order and columns under a name", _save,
            (name,),
        ),
        ActionRecord(
            "remove-view", "Remove a view", "forgets a view that you saved", _remove, (name,)
        ),
    ]  # fmt: skip


def _go(call: ActionCall) -> None:
    name = call.values.get("name")
    if name is None:
        call.app.viewing.choose()
    else:
        call.app.viewing.go(name)


def _save(call: ActionCall) -> None:
    name = call.values.get("name")
    if name is None:
        call.app.viewing.ask_to_save()
    else:
        call.app.viewing.save(name)


def _remove(call: ActionCall) -> None:
    call.app.viewing.remove(call.values.get("name", ""))


class Viewing:
    """Belongs to one console and to the thread of its screens."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._saved = SavedViews(console.actor)

    def choose(self) -> None:
        """Offers all views of the list shown."""
        from tui.screens.views import ViewChoice

        screen, table = self._shown()
        own: list[SavedView] = []
        try:
            own = self._saved.of(table.source.name)
        except InputError as error:
            self._console.tell(error.message, "warning")
        options = [
            *((f"{_BUILT_IN}:{one.name}", one.title, one.filter) for one in _built_in(table)),
            *((f"{_OWN}:{one.name}", one.name, f"{one.filter}  (yours)") for one in own),
        ]
        if not options:
            self._console.tell("There are no views of this list yet; m saves what is shown.")
            return

        def chosen(answer: tuple[str, str] | None) -> None:
            if answer is None:
                return
            what, option = answer
            kind, _, name = option.partition(":")
            if what == "go":
                self._console.doing.attempt(lambda: self.go(name, screen, kind == _OWN))
            elif kind == _OWN:
                self._console.doing.attempt(lambda: self.remove(name, screen))
            else:
                self._console.tell("This view is built in and stays.")

        self._console.push_screen(ViewChoice(options), chosen)

    def go(self, name: str, screen: ConsoleScreen | None = None, own_first: bool = False) -> None:
        """Shows a view of the list by its name, or the title of one built in."""
        shown, table = self._shown(screen)
        built_in = next((one for one in _built_in(table) if name in (one.name, one.title)), None)
        if built_in is not None and not own_first:
            self._show(shown, table, built_in.filter, built_in.sorts, None)
            return
        for view in self._saved.of(table.source.name):
            if view.name == name:
                self._show(shown, table, view.filter, view.sorts, view.columns)
                return
        raise InputError(f"there is no view '{safe(name, 40)}' of this list; ' shows them all.")

    def ask_to_save(self) -> None:
        """Lets the person type a name."""
        self._shown()
        self._console.doing.type_line("save-view ")

    def save(self, name: str) -> None:
        """Keeps what is shown."""
        screen, table = self._shown()
        name = name.strip()
        if any(name in (one.name, one.title) for one in _built_in(table)):
            raise InputError(f"'{safe(name, 40)}' is a view that is built in: take another name.")
        view = SavedView(
            table.source.name, name, screen.filter_text, table.query_now.sorts, table.shown
        )
        again = self._saved.save(view)
        what = "has a new meaning" if again else "is saved; ' goes to it"
        self._console.tell(f"The view {name} {what}.")

    def remove(self, name: str, screen: ConsoleScreen | None = None) -> None:
        """Forgets one of the person's own."""
        _, table = self._shown(screen)
        self._saved.remove(table.source.name, name.strip())
        self._console.tell(f"The view {name.strip()} is removed.")

    def _shown(self, screen: ConsoleScreen | None = None) -> tuple[ConsoleScreen, PagedTable]:
        shown = screen or self._console.console_screen
        table = shown.list_table if shown is not None else None
        if shown is None or table is None:
            raise InputError("there is no list here to have views of; 2 has the subscribers.")
        return shown, table

    def _show(
        self,
        screen: ConsoleScreen,
        table: PagedTable,
        filter_text: str,
        sorts: tuple[Sort, ...],
        columns: tuple[str, ...] | None,
    ) -> None:
        query = table.source.query(filter_text, sorts)
        screen.filter_text = filter_text
        screen.show_query(query, filter_text)
        known = {column.name for column in table.source.columns}
        if columns is not None and (kept := [name for name in columns if name in known]):
            table.show_columns(kept)


def _built_in(table: PagedTable) -> tuple[View, ...]:
    views: tuple[View, ...] = getattr(table.source, "views", ())
    return views
