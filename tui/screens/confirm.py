"""The question before what changes something: yes or no, a word to type, or a count or sum."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from tui.actions import Danger, Question
from tui.keymap import bindings
from tui.safe import join, safe_lines, safe_text
from tui.widgets.command_line import TypedLine

_SPACES = str.maketrans("", "", " \u00a0\u202f")


def matches(given: str, word: str) -> bool:
    """Whether the person typed the word; spaces between the digits of a sum do not count."""
    return bool(word) and given.translate(_SPACES) == word.translate(_SPACES)


class Confirm(ModalScreen[bool]):
    """Danger 1 is answered with y or n, and Cancel has the focus; 2 and 3 by typing
    `question.word`. `actor` is who will have done it. The result is whether to go on."""

    BINDINGS = bindings("confirm")

    def __init__(self, question: Question, danger: Danger, actor: str) -> None:
        super().__init__()
        self._question = question
        self._danger = danger
        self._actor = actor

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(safe_lines(self._question.title, "bold"))
            yield Static(join(self._facts()))
            if self._danger > 1:
                what = "this word" if self._danger == 2 else "this number"
                word = safe_text(self._question.word, None, "bold $warning")
                yield Static(join(safe_text(f"To go on type {what}: "), word))
                yield TypedLine()
                yield Static(safe_text(""), id="wrong")
            with Horizontal():
                yield Button(safe_text("Cancel (n)" if self._danger < 2 else "Cancel (esc)"),
                             id="cancel", compact=True)  # fmt: skip
                if self._danger < 2:
                    yield Button(safe_text("Yes (y)"), id="go", compact=True)

    def on_mount(self) -> None:
        if self._danger > 1:
            self.query_one(TypedLine).focus()
        else:
            self.query_one("#cancel", Button).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`y` is no answer to what wants a word typed."""
        return not (action == "answer" and self._danger > 1 and True in parameters)

    def action_answer(self, go_on: bool) -> None:
        """Yes or no by key."""
        self.dismiss(go_on)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id == "go")

    @on(TypedLine.Left)
    def _left(self, event: TypedLine.Left) -> None:
        event.stop()
        self.dismiss(False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if matches(event.value, self._question.word):
            self.dismiss(True)
            return
        self.query_one("#wrong", Static).update(
            safe_text("That is not it. Nothing was done; esc cancels.", None, "$error")
        )

    def _facts(self) -> Content:
        facts = [*self._question.facts, ("in the name of", self._actor)]
        width = max(len(name) for name, _ in facts)
        rows = [
            join(safe_text(name, width, "$text-muted"), safe_text("  "), safe_text(value))
            for name, value in facts
        ]
        return Content("\n").join(rows)
