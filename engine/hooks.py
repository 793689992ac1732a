"""How a long piece of work reaches whoever runs it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


def _once(work: Callable[[], Any]) -> Any:
    return work()


@dataclass
class WorkHooks:
    """`unit` carries out a unit of work, again where the database was in the way; `prove` runs
    inside each transaction and proves the right to write; `check` runs before each call to the
    outside and may refuse it; `progress(done, total)` is told after each chunk, `log(text, level)`
    of anything worth a line (levels info, warning, error); `stop` asks to end after the current
    chunk."""

    unit: Callable[[Callable[[], Any]], Any] = _once
    prove: Callable[[], None] = lambda: None
    check: Callable[[], None] = lambda: None
    progress: Callable[[int, int], None] = lambda done, total: None
    log: Callable[[str, str], None] = lambda text, level: None
    stop: threading.Event = field(default_factory=threading.Event)
