"""What a command works with: configuration, database, clock, actor, output; each made when asked
for, so that a command pays only for what it uses."""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cli.output import Output, money
from engine.errors import NeedsConfirmation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from threading import Event
    from typing import TextIO

    from engine.clock import Clock
    from engine.config import Config
    from engine.database import Database

T = TypeVar("T")

_RANKS = {"viewer": 1, "operator": 2, "admin": 3}


class Session:
    """One run of the command. `clock` and `stdin` exist for tests."""

    def __init__(
        self,
        out: Output,
        config_file: Path | None = None,
        clock: Clock | None = None,
        stdin: TextIO | None = None,
    ) -> None:
        self.out = out
        self._config_file = config_file
        self._clock = clock
        self._stdin = stdin
        self._opened: Database | None = None
        self._has_schema = False

    @cached_property
    def config(self) -> Config:
        """The configuration in force. Raises ConfigError."""
        from jobs.registry import read_config

        return read_config(self._config_file)

    @cached_property
    def clock(self) -> Clock:
        from engine.clock import SystemClock

        return self._clock or SystemClock()

    @cached_property
    def actor(self) -> str:
        """The person behind this process."""
        from engine.actor import current_actor

        return current_actor()

    @property
    def database(self) -> Database:
        """The open database with billdeck's tables. Raises DatabaseUnavailable or InputError."""
        database = self.bare_database()
        if not self._has_schema:
            from engine.schema import require_schema

            require_schema(database)
            self._has_schema = True
        return database

    def bare_database(self, create: bool = False) -> Database:
        """The open database, with or without tables. `create` allows a new SQLite file."""
        from engine.database import open_database

        if self._opened is None:
            self._opened = open_database(self.config.database, create)
        return self._opened

    def await_database(self, stop: Event) -> None:
        """Opens the database for a job, waiting for a server that is not there yet; notes about
        it go to stderr. Raises DatabaseUnavailable, and Interrupted after `stop`."""
        from engine.retry import open_patiently

        if self._opened is None:
            self._opened = open_patiently(self.config.database, stop, self.out.note)

    def require(self, role: str) -> None:
        """Refuses (NeedsConfirmation, exit status 4) unless the actor has this role or more."""
        from cli.roles import groups_of

        own = self.config.roles.role_of(self.actor, groups_of(self.actor))
        if own is None or _RANKS[own] < _RANKS[role]:
            have = f"has the role {own}" if own else "has no role"
            raise NeedsConfirmation(
                f"{self.actor} {have}; this needs the role {role}. Nothing was done."
                " An administrator gives roles in section [roles] of the configuration."
            )

    def money(self, amount: int) -> str:
        """Minor units for people, in the currency of the configuration."""
        return money(amount, self.config.billing.currency)

    def confirmed(self, yes: bool, action: Callable[[bool], T]) -> T:
        """Runs `action(confirmed)`; when it asks for a confirmation, asks the person and runs it
        again with True. Without a terminal its NeedsConfirmation goes on to the caller, and says
        that `--yes` confirms."""
        if yes:
            return action(True)
        try:
            return action(False)
        except NeedsConfirmation as doubt:
            if not self.at_terminal():
                raise NeedsConfirmation(f"{doubt.message} Use --yes to go on.") from None
            if not self.ask(doubt.message):
                raise
        return action(True)

    def ask(self, question: str) -> bool:
        """Asks a yes-or-no question at the terminal; False without one, and for all but a yes."""
        if not self.at_terminal():
            return False
        self.out.note(question)
        self.out.note("Go on? [y/N]")
        return self._line().strip().lower() in ("y", "yes")

    def asked_for(self, word: str, question: Iterable[str]) -> bool:
        """Asks at the terminal for a word (a count) to be typed, and whether it was; False without
        a terminal."""
        if not self.at_terminal():
            return False
        for line in question:
            self.out.note(line)
        self.out.note(f"To go on type {word}:")
        return self._line().strip() == word

    @property
    def stdin(self) -> TextIO | None:
        """Where answers and lists come from."""
        return self._stdin or sys.stdin

    def _line(self) -> str:
        return "" if self.stdin is None else self.stdin.readline()

    def at_terminal(self) -> bool:
        """Whether somebody sits there who can be asked."""
        return self.stdin is not None and self.stdin.isatty()

    def close(self) -> None:
        """Closes the database if it was opened."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None
