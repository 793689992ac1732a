"""The last line: hints and the position in the table, or, after `:` and `/`, what is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, cast

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.suggester import Suggester
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from tui.messages import CommandGiven, FilterGiven
from tui.safe import fit, safe_text, typed

if TYPE_CHECKING:
    from tui.app import Console

Prompt = Literal[":", "/"]

# So long a person has to rest before what was typed after `/` is looked for.
_REST_SECONDS = 0.2
_HISTORY = 100
# Between the hints and the position.
_GAP = 2

Complete = Callable[[str], list[str]]


class History:
    """What was typed before, newest last, walked with up and down. Pure."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._place = 0

    def add(self, line: str) -> None:
        """Remembers a line as the newest; of equal ones only that."""
        if line:
            self._lines = [*(old for old in self._lines if old != line), line][-_HISTORY:]
        self._place = len(self._lines)

    def move(self, step: int) -> str:
        """An older (-1) or newer (1) line; nothing after the newest."""
        self._place = max(0, min(self._place + step, len(self._lines)))
        return self._lines[self._place] if self._place < len(self._lines) else ""


class _Suggest(Suggester):
    def __init__(self, complete: Complete) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        found = self._complete(value) if value else []
        return found[0] if found else None


class TypedLine(Input):
    """A line of text without blinking, without characters that could harm the terminal."""

    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("tab", "complete", "complete", show=False),
        Binding("up", "older(-1)", "older line", show=False),
        Binding("down", "older(1)", "newer line", show=False),
        Binding("escape", "leave", "leave", show=False),
    ]

    class Left(Message):
        """Escape."""

    class Walked(Message):
        """Up or down: `step` is -1 or 1."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self.cursor_blink = False
        self.complete: Complete = _nothing

    def validate_value(self, value: str) -> str:
        return typed(value)

    def action_complete(self) -> None:
        """Takes the first line that continues this one."""
        found = [line for line in self.complete(self.value) if line != self.value]
        if found:
            self.value = found[0] + ("" if len(found) > 1 else " ")
            self.cursor_position = len(self.value)

    def action_older(self, step: int) -> None:
        """Asks for another line of the history."""
        self.post_message(self.Walked(step))

    def action_leave(self) -> None:
        """Leaves the line."""
        self.post_message(self.Left())


def _nothing(line: str) -> list[str]:
    return []


class LastLine(TypedLine):
    """A line to type in while `prompt` is set, else hints to the left and a position to the right.

    Both are one widget, so that neither opening nor closing moves anything on the screen; only what
    changed is drawn.
    """

    def __init__(self, hint: str) -> None:
        super().__init__()
        self.can_focus = False
        self._hint = hint
        self._position = ""

    @property
    def is_open(self) -> bool:
        """Whether something is being typed."""
        return self.can_focus

    def turn(self, is_open: bool) -> None:
        """Opens the line, or shows the hints again."""
        self.can_focus = is_open
        self.refresh()

    def show_position(self, position: str) -> None:
        """Another position to the right."""
        if position == self._position:
            return
        width = max(cell_len(position), cell_len(self._position)) + 1 + _GAP
        self._position = position
        if not self.is_open:
            self.refresh(Region(max(0, self.size.width - width), 0, width, 1))

    def render_line(self, y: int) -> Strip:
        if self.is_open:
            return super().render_line(y)
        width = self.size.width
        right = min(cell_len(self._position) + 1 + _GAP, width)
        style, ellipsis = self.rich_style, cast("Console", self.app).glyphs.ellipsis
        return Strip(
            [
                Segment(fit(self._hint, width - right, ellipsis=ellipsis), style + self._muted()),
                Segment(fit(f"{self._position} ", right, right=True), style),
            ],
            width,
        )

    def _muted(self) -> Style:
        return self.get_component_rich_style("input--placeholder", partial=True)


class CommandLine(Widget):
    """Posts CommandGiven and FilterGiven. `hint` is what the closed line says."""

    def __init__(self, hint: str) -> None:
        super().__init__()
        self._hint = hint
        self._prompt: Prompt = ":"
        self._histories: dict[Prompt, History] = {":": History(), "/": History()}
        self._rest: Timer | None = None
        self._return_to: Widget | None = None

    def compose(self) -> ComposeResult:
        yield PromptSign()
        yield LastLine(self._hint)

    @property
    def is_open(self) -> bool:
        """Whether something is being typed."""
        return self._line.is_open

    @property
    def text(self) -> str:
        """What stands in the line."""
        return self._line.value

    @property
    def _line(self) -> LastLine:
        return self.query_one(LastLine)

    def position(self, words: str) -> None:
        """What the closed line says to the right: `row 17 of 4 211`."""
        self._line.show_position(words)

    def open(self, prompt: Prompt, text: str = "", complete: Complete = _nothing) -> None:
        """Begins a command or a filter with `text` in the line; `complete` gives whole lines that
        continue one."""
        line = self._line
        self._prompt = prompt
        if not self.is_open:
            self._return_to = self.screen.focused
        self._histories[prompt].add("")
        self.query_one(PromptSign).show(prompt)
        line.complete = complete
        line.suggester = _Suggest(complete)
        with line.prevent(Input.Changed):
            line.value = text
        line.cursor_position = len(text)
        line.turn(True)
        # Not `focus()`, which would draw the whole widget that loses it or gets it.
        self.screen.set_focus(line)

    def close(self) -> None:
        """Ends it without a word and gives the focus back."""
        self._stop_resting()
        line = self._line
        with line.prevent(Input.Changed):
            line.value = ""
        self.query_one(PromptSign).show("")
        if self._return_to is not None and self._return_to.is_attached:
            self.screen.set_focus(self._return_to)
        else:
            self.screen.set_focus(None)
        line.turn(False)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._stop_resting()
        if self._prompt == "/" and self.is_open:
            self._rest = self.set_timer(_REST_SECONDS, self._rested)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text, prompt = event.value.strip(), self._prompt
        self._histories[prompt].add(text)
        self.close()
        if prompt == "/":
            self.post_message(FilterGiven(text, final=True))
        elif text:
            self.post_message(CommandGiven(text))

    @on(TypedLine.Left)
    def _left(self, event: TypedLine.Left) -> None:
        event.stop()
        prompt = self._prompt
        self.close()
        if prompt == "/":
            self.post_message(FilterGiven("", final=True))

    @on(TypedLine.Walked)
    def _walked(self, event: TypedLine.Walked) -> None:
        event.stop()
        line = self._line
        line.value = self._histories[self._prompt].move(event.step)
        line.cursor_position = len(line.value)

    def _rested(self) -> None:
        self._rest = None
        self.post_message(FilterGiven(self.text.strip(), final=False))

    def _stop_resting(self) -> None:
        if self._rest is not None:
            self._rest.stop()
            self._rest = None


class PromptSign(Widget):
    """The sign before what is typed."""

    def __init__(self) -> None:
        super().__init__()
        self._prompt = ""

    def show(self, prompt: str) -> None:
        """Another sign."""
        self._prompt = prompt
        self.refresh()

    def render(self) -> Content:
        return safe_text(f" {self._prompt}", None, "bold")
