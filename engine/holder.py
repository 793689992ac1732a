"""Who runs a job: a process as a name, and whether the process of a name still exists."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process started, in ticks since boot; '' if there is none (or it is a zombie)."""
    stat = _read(f"/proc/{pid}/stat")
    fields = stat[stat.rfind(")") + 2 :].split()
    return fields[19] if len(fields) > 19 and fields[0] not in ("Z", "X") else ""


def _world() -> str:
    """This boot and pid namespace: within it a process number means something."""
    try:
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return ""
    return f"{_read('/proc/sys/kernel/random/boot_id')}.{namespace}"


def holder_name() -> str:
    """This process as a holder: host, process number, its start, the world these belong to."""
    pid = os.getpid()
    return f"{socket.gethostname()[:60]} {pid} {_started(pid)} {_world()}"


def is_gone(holder: str) -> bool:
    """Whether a holder was a process of this host and boot that no longer exists."""
    try:
        host, pid, started, world = holder.split(" ")
        number = int(pid)
    except ValueError:
        return False
    here = host == socket.gethostname()[:60] and world == _world() and bool(world and started)
    return here and _started(number) != started and not _is_hidden(number)


def _is_hidden(pid: int) -> bool:
    """Whether there is such a process, of another user, whom /proc does not show to us."""
    if _read(f"/proc/{pid}/stat"):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it is there and not ours
    return True
