"""The keys: which key does what by default, what the configuration changes, and the Cyrillic
layouts, under which the same physical key does the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

from engine.errors import ConfigError
from engine.text import safe

Place = Literal[
    "app", "screen", "table", "menu", "confirm", "balances", "number", "list", "events", "card"
]


@dataclass(frozen=True, slots=True)
class Key:
    """One binding. `id` is what the configuration calls it, `keys` its default keys with a
    comma between, `place` where it counts: everywhere, on a screen, in a table, in a list to choose
    from, in a question, among numbers, on a chart, on the list of numbers, among events, on a
    subscriber's card. One with `priority` is asked before whatever has the focus."""

    id: str
    keys: str
    action: str
    title: str
    place: Place
    priority: bool = False


# Where a key that counts everywhere must not mean something else.
_SCREENS = {"app", "screen", "table", "balances", "number", "list", "events", "card"}

KEYS: tuple[Key, ...] = (
    Key("overview", "1", "app.mode('overview')", "Overview", "app"),
    Key("subscribers", "2", "app.mode('subscribers')", "Subscribers", "app"),
    Key("balances", "3", "app.mode('balances')", "Balances", "app"),
    Key("month_close", "4", "app.mode('month_close')", "Month close", "app"),
    Key("events", "6", "app.mode('events')", "Events", "app"),
    Key("jobs", "8", "app.mode('jobs')", "Jobs", "app"),
    Key("command", ":", "app.command", "command, with its values", "app", True),
    Key("palette", "ctrl+p", "app.command_palette", "all that can be done, to search", "app"),
    Key("help", "?", "app.help", "this help", "app"),
    Key("history_back", "[", "app.history(-1)", "the view before", "app"),
    Key("history_forward", "]", "app.history(1)", "the view after", "app"),
    Key("previous", "-", "app.previous", "to and fro between two views", "app"),
    Key("pause", "p", "app.pause", "pause the refreshing, go on with it", "app"),
    Key("read_only", "ctrl+r", "app.read_only", "read-only on, off", "app"),
    Key("quit", "q", "app.quit", "quit; jobs go on without the console", "app"),
    Key("quit_anywhere", "ctrl+q", "app.quit", "quit, also from within a question", "app", True),
    Key("filter", "/", "screen.filter", "filter: words, col:value, col>n, !word", "screen", True),
    Key("back", "escape", "screen.back", "back; takes a filter away", "screen"),
    Key("refresh", "r", "screen.refresh_now", "read again now", "screen"),
    Key("menu", "x", "screen.menu", "what can be done with the rows", "screen"),
    Key("views", "v,apostrophe", "screen.views", "saved views", "screen"),
    Key("save_view", "m", "screen.save_view", "save what is shown as a view", "screen"),
    Key("up", "up,k", "cursor(-1)", "up", "table"),
    Key("down", "down,j", "cursor(1)", "down", "table"),
    Key("page_up", "pageup,ctrl+b", "page(-1)", "a page up", "table"),
    Key("page_down", "pagedown,ctrl+f", "page(1)", "a page down", "table"),
    Key("half_up", "ctrl+u", "half(-1)", "half a page up", "table"),
    Key("half_down", "ctrl+d", "half(1)", "half a page down", "table"),
    Key("first", "home,g", "first", "first row", "table"),
    Key("last", "end,G", "last", "last row", "table"),
    Key("column_left", "left,h", "column(-1)", "column to the left", "table"),
    Key("column_right", "right,l", "column(1)", "column to the right", "table"),
    Key("open", "enter", "open", "open the row", "table"),
    Key("mark", "space", "mark", "mark the row, unmark it", "table"),
    Key("mark_range", "ctrl+space,ctrl+at", "mark_range", "mark from the last mark on", "table"),
    Key("mark_all", "ctrl+a", "mark_all", "mark all that the filter finds", "table"),
    Key("clear_marks", "ctrl+backslash", "clear_marks", "take all marks away", "table"),
    Key("sort", "s", "sort", "sort by the column, turn it, then not", "table"),
    Key("sort_more", "S", "sort_more", "sort by the column as well", "table"),
    Key("columns", "o", "columns", "choose the columns", "table"),
    Key("copy_cell", "y", "copy_cell", "copy the cell", "table"),
    Key("copy_row", "Y", "copy_row", "copy the row", "table"),
    Key("export", "e", "export", "export what is found or marked", "table"),
    Key("mails", "i", "mails", "skipped mails; on a card the last mail", "balances"),
    Key("owner", "u", "owner", "the subscriber's card", "balances"),
    Key("span", "t", "span", "days of the chart: 14, 30, 90, 365, 7", "number"),
    Key("trend", "t", "trend", "numbers by status, day by day", "list"),
    Key("channels", "i", "channels", "channels: which are paused, and why", "events"),
    Key("subscriber", "u", "subscriber", "the subscriber's card", "events"),
    Key("events_of", "a", "events", "what followed the subscriber's payments", "card"),
    Key("yes", "y", "answer(True)", "yes", "confirm"),
    Key("no", "n,escape", "answer(False)", "no", "confirm"),
    Key("close", "escape,q", "close", "close", "menu"),
)  # fmt: skip

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,./`QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>?~"
_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбю.ёЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,Ё"
# Where the Ukrainian and Belarusian layouts differ from the Russian one.
_OTHERS = {
    "і": "s", "ї": "]", "є": "'", "ґ": "`", "ў": "o",
    "І": "S", "Ї": "}", "Є": '"', "Ґ": "~", "Ў": "O",
}  # fmt: skip
_NAMES = {
    "[": "left_square_bracket", "]": "right_square_bracket", "{": "left_curly_bracket",
    "}": "right_curly_bracket", ";": "semicolon", ":": "colon", "'": "apostrophe",
    '"': "quotation_mark", ",": "comma", ".": "full_stop", "/": "slash", "?": "question_mark",
    "<": "less_than_sign", ">": "greater_than_sign", "`": "grave_accent", "~": "tilde",
}  # fmt: skip


def _name(char: str) -> str:
    return _NAMES.get(char, char)


LAYOUT: dict[str, str] = {
    _name(cyrillic): _name(latin)
    for cyrillic, latin in [*zip(_RUSSIAN, _LATIN, strict=True), *_OTHERS.items()]
}
"""From the name that Textual gives a key under a Cyrillic layout to that of the same key under the
Latin one. `.` and `,` are there too: they are what the keys of `/` and `?` give."""


def latin_key(key: str) -> str | None:
    """What a key would be called under the Latin layout, None when it is no key of a Cyrillic one.
    With modifiers too: `ctrl+в` is `ctrl+d`. A key that is bound itself comes before this."""
    *modifiers, last = key.split("+")
    latin = LAYOUT.get(last)
    return None if latin is None else "+".join([*modifiers, latin])


def bindings(place: Place) -> list[BindingType]:
    """The default bindings of one place, each with its id."""
    return [
        Binding(key.keys, key.action, key.title, show=False, id=key.id, priority=key.priority)
        for key in KEYS
        if key.place == place
    ]


def overrides(changes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The keymap for Textual from the configuration's pairs of id and key. Raises ConfigError for
    an unknown id and for a key that would do two things at one place."""
    known = {key.id: key for key in KEYS}
    keymap: dict[str, str] = {}
    for name, key in changes:
        if name not in known:
            raise ConfigError(
                f"[keys] change names no action {safe(name, 40)}; there are {', '.join(known)}"
            )
        keymap[name] = f"{keymap[name]},{key}" if name in keymap else key
    _refuse_clashes(keymap)
    return keymap


def keys_of(key: Key, keymap: dict[str, str]) -> list[str]:
    """The keys that do this now."""
    return keymap.get(key.id, key.keys).split(",")


def _refuse_clashes(keymap: dict[str, str]) -> None:
    taken: dict[tuple[str, str], str] = {}
    for key in KEYS:
        for one in keys_of(key, keymap):
            for place in _SCREENS if key.place == "app" else {key.place}:
                other = taken.setdefault((place, _name(one)), key.id)
                if other != key.id:
                    raise ConfigError(
                        f"[keys] change gives {safe(one, 40)} to both {other} and {key.id}"
                    )


def shown(key: str) -> str:
    """A key as people write it: `colon` is `:`, `ctrl+backslash` is `ctrl+\\`."""
    signs = {name: char for char, name in _NAMES.items()} | {
        "backslash": "\\", "minus": "-", "escape": "esc", "pageup": "PgUp", "pagedown": "PgDn",
        "at": "@",
    }  # fmt: skip
    *modifiers, last = key.split("+")
    return "+".join([*modifiers, signs.get(last, last)])
