"""The help: all keys as they are now, and all commands that this person has here."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import ActionRecord, usage
from tui.keymap import KEYS, Place, bindings, keys_of, shown
from tui.safe import join, safe_text

_PLACES: tuple[tuple[Place, str], ...] = (
    ("app", "Everywhere"),
    ("screen", "On a screen"),
    ("table", "In a table"),
    ("balances", "Among numbers and on a number's card"),
    ("list", "In the list of numbers"),
    ("number", "On a number's card and the trend"),
    ("events", "Among events and on an event's card"),
    ("card", "On a subscriber's card"),
    ("confirm", "In a question"),
)
_KEYS_WIDTH, _TITLE_WIDTH = 20, 40
_DANGERS = ("", "asks first", "asks for a word", "asks for the count or sum")


def help_text(keymap: dict[str, str], actions: list[ActionRecord]) -> Content:
    """The whole help; made from the live tables, so it cannot be out of date."""
    lines: list[Content] = []
    for place, title in _PLACES:
        lines += [safe_text(title, None, "bold $accent"), *_keys(place, keymap), Content("")]
    lines += [safe_text("Commands, after :", None, "bold $accent")]
    for action in actions:
        lines += _command(action)
    lines += [
        Content(""),
        safe_text("A key can be changed in section [keys] of the configuration, by its id,", None),
        safe_text("which stands behind each key here.", None),
    ]
    return Content("\n").join(lines)


def _keys(place: Place, keymap: dict[str, str]) -> list[Content]:
    return [
        join(
            safe_text("  " + " ".join(shown(one) for one in keys_of(key, keymap)), _KEYS_WIDTH,
                      "bold"),
            safe_text(key.title, _TITLE_WIDTH),
            safe_text(key.id, None, "$text-muted"),
        )
        for key in KEYS
        if key.place == place
    ]  # fmt: skip


def _command(action: ActionRecord) -> list[Content]:
    note = ", ".join(part for part in (_DANGERS[action.danger], action.role) if part)
    found = [
        join(safe_text(f"  {usage(action)}", None, "bold"), safe_text(f"  ({note})", None,
             "$text-muted")),
        safe_text(f"      {action.help}"),
    ]  # fmt: skip
    if action.headless:
        found.append(safe_text(f"      without the console: billdeck {action.headless}", None,
                               "$text-muted"))  # fmt: skip
    return found


class Help(ModalScreen[None]):
    """Shows the help until escape or q."""

    BINDINGS = bindings("menu")

    def __init__(self, keymap: dict[str, str], actions: list[ActionRecord]) -> None:
        super().__init__()
        self._text = help_text(keymap, actions)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog"):
            yield Static(join(self._text))

    def action_close(self) -> None:
        """Away with it."""
        self.dismiss(None)
