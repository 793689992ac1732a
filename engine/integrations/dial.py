"""A TCP connection by name and port, within a deadline, the look-up of the name included."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from typing import Any

from engine.integrations.deadline import Deadline
from engine.text import safe


class NoAnswer(Exception):
    """There is no connection to be had. The text says why."""


def dial(host: str, port: int, deadline: Deadline, step: float) -> socket.socket:
    """A connection to the first address of `host` that takes one; an attempt may take `step`
    seconds. Raises NoAnswer."""
    reason = "its name has no address"
    for family, kind, protocol, _, address in _addresses(host, port, deadline, step):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(deadline.left(step))
            connection.connect(address)
        except TimeoutError:
            reason = "it does not answer"
        except OSError as error:
            reason = (error.strerror or "no connection").lower()
        else:
            return connection
        connection.close()
    raise NoAnswer(reason)


def _addresses(host: str, port: int, deadline: Deadline, step: float) -> list[Any]:
    """What getaddrinfo has for a host. It knows no time-out: a name is looked up by a thread of its
    own, which nobody waits for any longer than `step`."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found: queue.SimpleQueue[list[Any] | str] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.put(f"its name {safe(host, 80)} was not found: {safe(error, 80)}")

    threading.Thread(target=look_up, daemon=True).start()
    try:
        answer = found.get(timeout=deadline.left(step))
    except queue.Empty:
        raise NoAnswer(f"nobody says which address {safe(host, 80)} has") from None
    if isinstance(answer, str):
        raise NoAnswer(answer)
    return answer
