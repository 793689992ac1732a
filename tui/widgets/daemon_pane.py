"""The daemons, a line for each."""

from __future__ import annotations

from textual.content import Content

from tui.safe import safe_text
from tui.widgets.drawn import Drawn

_MOST = 3


class DaemonPane(Drawn[tuple[tuple[str, bool], ...]]):
    """Lines, each with whether something is wrong; of many the first ones."""

    def show(self, value: tuple[tuple[str, bool], ...]) -> None:
        """Other lines; the pane is as high as it needs to be."""
        if value != self.value:
            self.styles.height = max(1, min(_MOST, len(value)))
        super().show(value)

    def draw(self, value: tuple[tuple[str, bool], ...], width: int, height: int) -> list[Content]:
        return [
            safe_text(f" {text}", width, "bold $warning" if wrong else "$text-muted")
            for text, wrong in value[:_MOST]
        ]
