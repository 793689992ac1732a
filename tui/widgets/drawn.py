"""A pane drawn from a value, anew only when the value is another one."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.content import Content
from textual.widget import Widget

from tui.safe import safe_text

T = TypeVar("T")


class Drawn(Widget, Generic[T]):
    """Shows `draw(value)`; a value that equals the one shown costs no byte."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._value: T | None = None

    @property
    def value(self) -> T | None:
        """What is shown, None before anything is."""
        return self._value

    def show(self, value: T) -> None:
        """Another value."""
        if value != self._value:
            self._value = value
            self.refresh()

    def draw(self, value: T, width: int, height: int) -> list[Content]:
        """The lines, at most `height`, each at most `width` cells wide."""
        raise NotImplementedError

    def render(self) -> Content:
        if self._value is None:
            return Content("")
        return Content("\n").join(self.draw(self._value, self.size.width, self.size.height))


class OneLiners(Drawn[tuple[str, ...]]):
    """Lines of ours or of the data, each cut at the width; as high as there are lines."""

    def show(self, value: tuple[str, ...]) -> None:
        """See the base."""
        self.styles.height = len(value)
        super().show(value)

    def draw(self, value: tuple[str, ...], width: int, height: int) -> list[Content]:
        return [safe_text(line, width, "$text-muted") for line in value[:height]]


class Sentences(Drawn[str]):
    """A text of ours or of the data, wrapped at the width, in quiet colour."""

    def render(self) -> Content:
        return safe_text(self.value or "", None, "$text-muted")
