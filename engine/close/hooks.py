"""What a close counts, and how it reaches whoever runs it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.close.chunk import ChunkResult


@dataclass
class Tally:
    """What a close has done with a period so far; `amount` in minor units. `already` are those
    closed by an earlier run, and not in the other counters."""

    charged: int = 0
    exempt: int = 0
    not_started: int = 0
    failed: int = 0
    already: int = 0
    blocked: int = 0
    amount: int = 0

    @property
    def done(self) -> int:
        """Subscribers looked at, by this run and before."""
        return self.charged + self.exempt + self.not_started + self.failed + self.already

    def add(self, result: ChunkResult) -> None:
        """Counts a chunk. A failed one that was tried again is not counted as already done."""
        self.already -= result.retried
        for _, conditions, charge in result.decisions:
            if conditions.tariff is not None:
                self.charged += 1
                self.amount += charge.amount
                self.blocked += charge.block
            elif conditions.status == "exempt":
                self.exempt += 1
            elif conditions.status == "not_started":
                self.not_started += 1
            else:
                self.failed += 1


@dataclass
class Hooks:
    """How a close reaches whoever runs it.

    `fence(tally, total)` runs inside each transaction and proves the right to write; `compare`
    sees each chunk before it is committed and may refuse it; `progress` is told after each chunk,
    `note` of anything worth a line; `stop` asks the close to end after the current chunk.
    """

    fence: Callable[[Tally, int], None] = lambda tally, total: None
    compare: Callable[[ChunkResult], None] = lambda result: None
    progress: Callable[[Tally, int], None] = lambda tally, total: None
    note: Callable[[str], None] = lambda text: None
    stop: threading.Event = field(default_factory=threading.Event)
