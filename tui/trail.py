"""Which views were seen, for back, forward and to-and-fro. Pure."""

from __future__ import annotations

_LONGEST = 100


class Trail:
    """Begins at one view."""

    def __init__(self, first: str) -> None:
        self._seen = [first]
        self._place = 0
        self.previous = first

    @property
    def here(self) -> str:
        """The view that is shown."""
        return self._seen[self._place]

    def go(self, view: str) -> None:
        """A view is chosen; what lay ahead is forgotten."""
        if view != self.here:
            self.previous = self.here
            self._seen = [*self._seen[: self._place + 1], view][-_LONGEST:]
            self._place = len(self._seen) - 1

    def step(self, step: int) -> str:
        """Back (-1) or forward (1) as far as there is something; the view to show."""
        before = self.here
        self._place = max(0, min(self._place + step, len(self._seen) - 1))
        if self.here != before:
            self.previous = before
        return self.here
