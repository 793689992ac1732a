"""Who asked the loader for what: the answers find their way to screens, tables and callbacks."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from tui.loader import Loader
from tui.messages import Loaded, LoadFailed

if TYPE_CHECKING:
    from engine.database import Database

_DESK = "desk"


class LoadOwner(Protocol):
    """Who asks the loader: a screen or a table."""

    def loaded(self, message: Loaded) -> None:
        """Takes an answer."""
        ...

    def load_failed(self, message: LoadFailed) -> None:
        """Takes the news that there is none."""
        ...


class Desk:
    """Belongs to the thread of the screens. `refused` is told what nobody else handles."""

    def __init__(self, loader: Loader, refused: Callable[[str], None]) -> None:
        self._loader = loader
        self._refused = refused
        self._owners: dict[str, LoadOwner] = {}
        self._then: dict[object, tuple[Callable[[Any], None], Callable[[str], None]]] = {}
        self._numbers = itertools.count(1)

    def adopt(self, owner: LoadOwner) -> str:
        """Gives an owner its id; from now on it gets its answers."""
        owner_id = f"{type(owner).__name__}-{next(self._numbers)}"
        self._owners[owner_id] = owner
        return owner_id

    def disown(self, owner_id: str) -> None:
        """The owner is gone; nobody waits for what it asked."""
        self._owners.pop(owner_id, None)
        self._loader.give_up(owner_id)

    def read(
        self,
        work: Callable[[Database], Any],
        then: Callable[[Any], None],
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Reads once and calls `then` with the answer, or `failed` with the reason."""
        key = next(self._numbers)
        self._then[key] = (then, failed or self._refused)
        self._loader.submit(_DESK, key, work)

    def change(
        self,
        work: Callable[[Database], Any],
        then: Callable[[Any], None],
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """The same for what writes: done at most once, never silently dropped."""
        key = next(self._numbers)
        self._then[key] = (then, failed or self._refused)
        self._loader.change(_DESK, key, work)

    def loaded(self, message: Loaded) -> None:
        """Hands an answer on."""
        if message.owner_id == _DESK:
            self._then.pop(message.key)[0](message.value)
        elif (owner := self._owners.get(message.owner_id)) is not None:
            owner.loaded(message)

    def failed(self, message: LoadFailed) -> None:
        """Hands a refusal on."""
        if message.owner_id == _DESK:
            self._then.pop(message.key)[1](message.error_text)
        elif (owner := self._owners.get(message.owner_id)) is not None:
            owner.load_failed(message)
