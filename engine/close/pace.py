"""How many subscribers a chunk takes: as many as make its transaction last as long as wanted."""

from __future__ import annotations

_SMALLEST = 250
LARGEST = 20_000


class Pace:
    """Adapts the size of chunks to a target time, at most doubling or halving it at once."""

    def __init__(self, first_size: int, target_ms: int) -> None:
        self.size = first_size
        self._target_ms = target_ms

    def adapt(self, took_ms: float) -> None:
        """Takes note of how long a chunk of the present size took."""
        factor = self._target_ms / max(took_ms, 0.1)
        wanted = int(self.size * min(2.0, max(0.5, factor)))
        self.size = max(_SMALLEST, min(LARGEST, wanted))
