"""Dropping a session on many NAS at once, each over the one connection that is kept to it.

A NAS is waited for by nobody but those who want to talk to the same one. Those that were silent the
last time are asked last, so that many dead ones do not hold up the rest.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Self

from engine.errors import InputError
from engine.integrations import known_hosts
from engine.integrations.routeros import drop_command
from engine.nas.link import Link
from engine.nas.outcome import DropResult
from engine.nas.settings import NasConfig, RouterosConfig
from engine.text import safe


class Fleet:
    """The NAS of a configuration. May be used by several threads; `close` ends all connections."""

    def __init__(
        self,
        nas: Sequence[NasConfig],
        routeros: RouterosConfig,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        environ = os.environ if environ is None else environ
        self._routeros = routeros
        self._links = {one.name: Link(one, routeros, environ) for one in nas}
        self._slots = threading.BoundedSemaphore(routeros.parallel)
        self._sweep: threading.Timer | None = None
        self._sweep_lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def drop(
        self,
        login: str,
        only: Collection[str] | None = None,
        tell: Callable[[DropResult], None] | None = None,
    ) -> list[DropResult]:
        """Ends all sessions of `login` on all NAS, or on those named in `only`; the results are in
        the order of the configuration. `tell` gets each as soon as it is there. Raises InputError
        for a login that no NAS can be sent or a NAS that there is not, and ConfigError for a file
        of host keys that cannot be used; nothing was sent then."""
        command = drop_command(login)
        names = list(self._links) if only is None else list(only)
        for name in names:
            if name not in self._links:
                raise InputError(f"there is no NAS {safe(name, 60)}; nothing was sent")
        pinned = known_hosts.read(self._routeros.known_hosts)
        links = sorted((self._links[name] for name in names), key=lambda link: link.silent)
        todo: queue.SimpleQueue[Link] = queue.SimpleQueue()
        for link in links:
            todo.put(link)
        done: queue.SimpleQueue[DropResult] = queue.SimpleQueue()

        def work() -> None:
            while True:
                try:
                    link = todo.get_nowait()
                except queue.Empty:
                    return
                done.put(self._drop_on(link, command, pinned))

        for _ in range(min(self._routeros.parallel, len(links))):
            threading.Thread(target=work, daemon=True).start()
        results = {}
        for _ in links:
            result = done.get()
            results[result.nas] = result
            if tell is not None:
                tell(result)
        self._close_later()
        return [results[name] for name in self._links if name in results]

    def _drop_on(self, link: Link, command: str, pinned: known_hosts.Pinned) -> DropResult:
        try:
            with link.lock, self._slots:
                return link.drop(command, pinned)
        except Exception as error:  # noqa: BLE001 - a thread that dies would be waited for for ever
            detail = f"internal error {type(error).__name__}"
            return DropResult(link.nas.name, "error", detail=detail)

    def close(self) -> None:
        """Ends all connections that nobody uses just now, and closes no more later."""
        with self._sweep_lock:
            if self._sweep is not None:
                self._sweep.cancel()
                self._sweep = None
        self._close_idle(0)

    def _close_later(self) -> None:
        """Sees to it that unused connections are closed: between one and two times `idle_seconds`
        after their last use."""
        with self._sweep_lock:
            if self._sweep is None and any(link.is_open for link in self._links.values()):
                self._sweep = threading.Timer(self._routeros.idle_seconds, self._swept)
                self._sweep.daemon = True
                self._sweep.start()

    def _swept(self) -> None:
        with self._sweep_lock:
            self._sweep = None
        self._close_idle(self._routeros.idle_seconds)
        self._close_later()

    def _close_idle(self, seconds: float) -> None:
        for link in self._links.values():
            # One that is being used is not idle.
            if link.lock.acquire(blocking=False):
                try:
                    if link.idle_seconds >= seconds:
                        link.close()
                finally:
                    link.lock.release()
