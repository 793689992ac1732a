"""What is sent when a part of a line has changed: that part.

Textual sends the line from the left edge of the widget on, so that a new minute at the end of a
line would cost as much as the line. This builds on private classes of the version that is pinned;
the tests that count bytes guard it.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor


class TightCompositor(Compositor):
    """As Textual has it, but for what is sent."""

    def render_partial_update(self) -> ChopsUpdate | None:
        update = super().render_partial_update()
        if update is None:
            return None
        return _TightUpdate(update.chops, update.spans, update.chop_ends)


class _TightUpdate(ChopsUpdate):
    def render_segments(self, console: Console) -> str:
        found: list[str] = []
        for y, start, end in self.spans:
            for right, (left, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                first, last = max(left, start), min(right, end)
                if strip is not None and first < last:
                    part = strip.crop(first - left, last - left)
                    found += [Control.move_to(first, y).segment.text, part.render(console)]
        return "".join(found)
