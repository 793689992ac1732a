"""One NAS and the connection to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.errors import ConfigError
from engine.integrations.known_hosts import Pinned
from engine.integrations.routeros import BadAnswer, read_count
from engine.nas.outcome import DropResult, Outcome
from engine.nas.secrets import password_of, require_private_key
from engine.nas.settings import NasConfig, RouterosConfig

if TYPE_CHECKING:
    from engine.integrations.ssh import Connection, Place


class Link:
    """The connection is made by the first command and kept; `lock` is held by whoever uses it."""

    def __init__(
        self, nas: NasConfig, routeros: RouterosConfig, environ: Mapping[str, str]
    ) -> None:
        self.nas = nas
        self.lock = threading.Lock()
        self.silent = False
        """Whether it could not be reached the last time."""
        self._routeros = routeros
        self._environ = environ
        self._place: Place | None = None
        self._connection: Connection | None = None
        self._used = time.monotonic()

    @property
    def is_open(self) -> bool:
        """Whether a connection is kept."""
        return self._connection is not None and self._connection.is_open

    @property
    def idle_seconds(self) -> float:
        """How long nothing has been sent."""
        return time.monotonic() - self._used

    def drop(self, command: str, pinned: Pinned) -> DropResult:
        """Sends a drop command and says what came of it."""
        result = self._drop(command, pinned)
        self.silent = result.outcome == "unreachable"
        self._used = time.monotonic()
        return result

    def _drop(self, command: str, pinned: Pinned) -> DropResult:
        from engine.integrations import ssh

        outcomes: tuple[tuple[type[Exception], Outcome], ...] = (
            (ssh.Unreachable, "unreachable"),
            (ssh.KeyChanged, "key_changed"),
            (ssh.NotTrusted, "not_trusted"),
            (ssh.LoginRefused, "login_refused"),
            (ConfigError, "login_refused"),
            (ssh.Broken, "error"),
            (BadAnswer, "error"),
        )
        try:
            count = read_count(self._connected(pinned).run(command))
        except tuple(kind for kind, _ in outcomes) as error:
            outcome = next(outcome for kind, outcome in outcomes if isinstance(error, kind))
            return DropResult(self.nas.name, outcome, detail=str(error))
        return DropResult(self.nas.name, "dropped" if count else "none", count)

    def _connected(self, pinned: Pinned) -> Connection:
        """The connection; a new one when its keys or the password are others than before. Raises
        ConfigError for a key file or a password that cannot be used."""
        from engine.integrations.ssh import Connection, Patience, Place

        nas, routeros = self.nas, self._routeros
        require_private_key(nas)
        password = password_of(nas, self._environ)
        keys = pinned.get(nas.address, ())
        place = Place(nas.host, nas.port, nas.user, keys, nas.key_file, password)
        if self._connection is None or place != self._place:
            self.close()
            patience = Patience(routeros.step_seconds, routeros.deadline_seconds)
            self._place, self._connection = place, Connection(place, patience)
        return self._connection

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
