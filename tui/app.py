"""The console: modes, their screens, and what they share. Small on purpose: screens know what they
show, `loader` reads, `actions` says what can be done and `doing` does it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import tzinfo
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from textual.app import App
from textual.screen import Screen
from textual.widgets import Input

from engine import faults
from engine.clock import Clock, SystemClock
from engine.errors import BilldeckError
from engine.text import safe
from tui import clipboard, crash, keymap
from tui.actions import ActionRecord
from tui.all_actions import all_actions
from tui.bulk import Bulk
from tui.closing import Closing
from tui.daemon_words import status_words
from tui.desk import Desk, LoadOwner
from tui.doing import Doing
from tui.exporting import EXPORT, Exporting
from tui.glyphs import ASCII, UNICODE, is_plain_terminal
from tui.loader import Answer, Loader
from tui.messages import LinkChanged, Loaded, LoadFailed, NoDatabase, ProcessEnded
from tui.screens import SCREENS, TITLES
from tui.screens.base import ConsoleScreen
from tui.sheet import Sheet
from tui.starting import Starting
from tui.themes import OURS, theme_name
from tui.trail import Trail
from tui.viewing import Viewing
from tui.watch import Watched, watch
from tui.widgets.pane_title import PaneTitle
from tui.widgets.status_line import Status, StatusLine, busy_words, latency_words

if TYPE_CHECKING:
    from engine.config import Config, Role
    from engine.database import Database

_STALE_AFTER_REFRESHES = 4
_LEAST_STALE_MS = 30_000


def first_screen(mode: str) -> Screen[Any]:
    """Makes the first screen of a mode; its module is imported only now."""
    module, _, name = SCREENS[mode].partition(":")
    screen: Screen[Any] = getattr(import_module(module), name)()
    return screen


def _palette() -> Any:
    from tui.palette import ActionProvider

    return ActionProvider


class Console(App[int]):
    """The application. `actor` is who sits here, with `role`; `clock` exists for tests."""

    TITLE = "billdeck"
    CSS_PATH = "app.tcss"
    BINDINGS = keymap.bindings("app")
    COMMANDS = {_palette}  # noqa: RUF012 - Textual's way
    MODES = {mode: partial(first_screen, mode) for mode in TITLES}  # noqa: RUF012
    DEFAULT_MODE = "overview"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012

    def __init__(
        self,
        config: Config,
        actor: str,
        role: Role | None = "viewer",
        clock: Clock | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        environment = os.environ if environ is None else environ
        super().__init__()
        self.stylesheet = Sheet(self.get_css_variables())
        for theme in OURS:
            self.register_theme(theme)
        self.theme = theme_name(config.console.theme, environment)
        self.config = config
        self.actor = safe(actor)
        self.role = role
        self.clock = clock or SystemClock()
        self.read_only = config.console.read_only or role in (None, "viewer")
        self.paused = False
        self.fault: BaseException | None = None
        self.refusal: BilldeckError | None = None
        plain = config.console.ascii or is_plain_terminal(environment)
        self.glyphs = ASCII if plain else UNICODE
        self.set_class(plain, "-ascii")
        self.keys_now = keymap.overrides(config.keys.change)
        self.set_keymap(self.keys_now)
        self.registry = all_actions()
        self.loader = Loader(self._open_database, self._deliver, self.clock)
        self.desk = Desk(self.loader, lambda text: self.tell(text, "error"))
        self.doing = Doing(self)
        self.closing = Closing(self)
        self.starting = Starting(self)
        self.exporting = Exporting(self)
        self.bulk = Bulk(self)
        self.viewing = Viewing(self)
        self._trail = Trail(self.DEFAULT_MODE)
        self._seen = Watched()
        self._link, self._link_is_up, self._latency = "", True, 0.0
        self._own_loop: asyncio.AbstractEventLoop | None = None

    # What screens use

    @property
    def zone(self) -> tzinfo:
        """The billing time zone."""
        return self.config.billing.timezone

    @property
    def console_screen(self) -> ConsoleScreen | None:
        """The topmost screen that is no dialog."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, ConsoleScreen):
                return screen
        return None

    def adopt(self, owner: LoadOwner) -> str:
        """The id under which `owner` asks the loader and gets its answers."""
        return self.desk.adopt(owner)

    def disown(self, owner_id: str) -> None:
        """The owner is gone."""
        self.desk.disown(owner_id)

    def tell(
        self,
        text: str,
        severity: Literal["information", "warning", "error"] = "information",
        seconds: float | None = None,
    ) -> None:
        """A sentence for the person, which goes away by itself; an error stays longer."""
        if seconds is None:
            seconds = 20.0 if severity == "error" else 6.0
        self.notify(safe(text, 1_000), severity=severity, timeout=seconds, markup=False)

    def copy(self, text: str) -> None:
        """Copies `text` by way of the terminal, or into a file when it is too long for that."""
        if clipboard.fits(text):
            self.copy_to_clipboard(text)
            self.tell(f"Copied {len(text)} characters, if this terminal allows it (OSC 52).")
            return
        path = faults.keep_text(text, "copied-")
        self.tell(f"Too long for a terminal's clipboard; it is in {path or 'no file: none free'}")

    def offered(self) -> list[ActionRecord]:
        """What this person may do in the mode shown."""
        return self.registry.offered(self.role, self.read_only, self.current_mode)

    def begin(self, action: ActionRecord) -> None:
        """Runs an action from the palette or the menu, or lets the person type what it needs."""
        self.doing.begin(action)

    def run_line(self, line: str) -> None:
        """Runs a line typed after `:`."""
        self.doing.run_line(line)

    def open_menu(self, targets: tuple[Any, ...]) -> None:
        """Offers what can be done with rows."""
        self.doing.open_menu(targets)

    def show_mode(self, mode: str, filter_text: str | None = None) -> None:
        """Goes to the first screen of a mode, with a filter if one is given."""
        self._trail.go(mode)
        self._switch(mode)
        if filter_text is not None:
            self.call_after_refresh(self._filter_shown, filter_text)

    def _filter_shown(self, text: str) -> None:
        if self.console_screen is not None:
            self.console_screen.filter_by(text, final=True)

    def leave_screen(self) -> None:
        """Back to the screen below, if there is one in this mode."""
        if len(self.screen_stack) > 1:
            self.pop_screen()

    def set_read_only(self, read_only: bool) -> None:
        """Hides or offers what changes something."""
        self.read_only = read_only
        self.tick()

    # Life

    def on_load(self) -> None:
        self._own_loop = asyncio.get_running_loop()

    def on_mount(self) -> None:
        self.set_interval(1.0, self.tick)
        self.set_interval(1.0, self.starting.look)
        self.set_interval(self.config.console.refresh_seconds, self._refresh_due)
        self._watch()
        # The drivers take as long to load as half of what is painted first: it comes before them.
        self.call_after_refresh(self.loader.start)

    def on_unmount(self) -> None:
        self.closing.stop()
        self.loader.stop()

    def stop_by_signal(self, status: int) -> None:
        """Ends the console from a signal handler or another thread, with this exit status."""
        if self._own_loop is None:
            raise SystemExit(status)
        self._own_loop.call_soon_threadsafe(partial(self.exit, return_code=status))

    def on_loaded(self, message: Loaded) -> None:
        self.desk.loaded(message)

    def on_load_failed(self, message: LoadFailed) -> None:
        self.desk.failed(message)

    def on_no_database(self, message: NoDatabase) -> None:
        """Ends the console; `tui.run` raises the error."""
        self.refusal = message.error
        self.exit(message.error.exit_status)

    def on_process_ended(self, message: ProcessEnded) -> None:
        (self.exporting if message.name == EXPORT else self.closing).ended(message)

    def on_link_changed(self, message: LinkChanged) -> None:
        came_back = message.up and not self._link_is_up
        self._link_is_up = message.up
        if message.up:
            self._latency, self._link = latency_words(self._latency, message.latency_ms)
        else:
            self._latency, self._link = 0.0, "NO DATABASE"
            self.tell(message.text, "error")
        self.tick()
        if came_back:
            self._refresh_due()

    def tick(self) -> None:
        """The time goes on: ages and the first line say so, if it changes a word."""
        now = self.clock.now_ms()
        stale = max(
            _LEAST_STALE_MS, self.config.console.refresh_seconds * 1_000 * _STALE_AFTER_REFRESHES
        )
        status = self._status()
        for screen in self.screen_stack:
            for pane in screen.query(PaneTitle):
                pane.tick(now, stale, self.zone)
            for line in screen.query(StatusLine):
                line.show(status)

    def _status(self) -> Status:
        modes = tuple((key, title, mode == self.current_mode)
                      for mode, (key, title) in TITLES.items())  # fmt: skip
        return Status(
            modes=modes,
            # What the person waits for comes before what goes on elsewhere.
            running=self.bulk.progress or self.exporting.progress or self._seen.running,
            daemon=status_words(self._seen.daemons, self.glyphs),
            link=self._link,
            link_is_up=self._link_is_up,
            busy=busy_words(self.loader.busy_seconds),
            read_only=self.read_only,
            paused=self.paused,
            actor=self.actor,
        )

    def _refresh_due(self) -> None:
        if self.paused:
            return
        self._watch()
        screen = self.console_screen
        if screen is not None and screen.is_attached:
            screen.refresh_data()

    def _watch(self) -> None:
        self.desk.read(lambda database: watch(database, self.clock.now_ms()), self._watched,
                       lambda text: self._watched(Watched()))  # fmt: skip

    def _watched(self, seen: Watched) -> None:
        self._seen = seen
        self.tick()

    def _open_database(self) -> Database:
        from engine.database import open_database
        from engine.schema import require_schema

        database = open_database(self.config.database)
        try:
            require_schema(database)
        except BaseException:
            database.close()
            raise
        return database

    def _deliver(self, answer: Answer) -> None:
        """Called in the loader's thread. At the very end there may be nobody left to tell."""
        with suppress(RuntimeError):
            self.post_message(answer)

    # Keys

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        """Under a Cyrillic layout a key does what it does under the Latin one, unless it is bound
        itself. This is the one private method of Textual that is overridden; a test guards it."""
        if await super()._check_bindings(key, priority):
            return True
        latin = keymap.latin_key(key)
        return latin is not None and await super()._check_bindings(latin, priority)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`:` and `/` come before what has the focus, so that what is typed at once behind them, or
        comes late over a slow line, goes where it was meant to; but in a text and in a dialog they
        are letters."""
        if action in ("command", "filter"):
            return self.screen is self.console_screen and not isinstance(self.focused, Input)
        return True

    def action_mode(self, mode: str) -> None:
        """To another view."""
        self.show_mode(mode)

    def action_history(self, step: int) -> None:
        """Along the views seen."""
        self._switch(self._trail.step(step))

    def action_previous(self) -> None:
        """To the view before this one, and back again."""
        self.show_mode(self._trail.previous)

    def _switch(self, mode: str) -> None:
        if mode != self.current_mode:
            self.switch_mode(mode)
            self.tick()

    def action_command(self) -> None:
        """Begins a command."""
        self.doing.type_line("")

    def action_help(self) -> None:
        """All keys and commands."""
        from tui.screens.help import Help

        self.push_screen(Help(self.keys_now, self.offered()))

    def action_pause(self) -> None:
        """Stops the refreshing, or goes on with it."""
        self.paused = not self.paused
        self.tick()
        self._refresh_due()

    def action_read_only(self) -> None:
        """Into read-only at once, out of it after a question."""
        self.doing.toggle_read_only()

    async def action_quit(self) -> None:
        """Leaves; what runs elsewhere goes on."""
        if self.loader.is_changing or self.bulk.progress is not None:
            self.tell("A change is being written; a moment, then quit again.", "warning")
            return
        self.exit(0)

    # Faults

    def _handle_exception(self, error: Exception) -> None:
        """A fault of ours ends the console; `tui.run` tells of it, without the values of variables,
        which Textual's own report would print."""
        self._return_code = crash.EXIT_STATUS
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self.fault = self.fault or error
        self._close_messages_no_wait()

    def panic(self, *renderables: object) -> None:
        """The thread that reads the keyboard failed: as a rule the terminal is gone."""
        self._handle_exception(OSError("the terminal cannot be read"))
