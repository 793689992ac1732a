"""The actions that every console has: the views, the theme, help and the way out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tui.actions import ActionCall, ActionRecord, Parameter

THEMES = ("billdeck-dark", "billdeck-light", "ansi-dark", "ansi-light")

# What each view is called after `:`, as users of other consoles may guess it.
_COMMANDS = {
    "overview": ("home", "Overview", "what needs attention now"),
    "subscribers": ("subs", "Subscribers", "all subscribers; what follows is the filter"),
    "balances": ("balances", "Balances", "numbers by balance status; what follows is the filter"),
    "month_close": ("close", "Month close", "periods, the running close, its failures"),
    "events": ("events", "Events", "what follows payments and changes; what follows is the filter"),
    "jobs": ("jobs", "Jobs", "when jobs are due, how they fare, the daemons, all runs"),
}


def base_actions() -> list[ActionRecord]:
    """One record for each; the screens add theirs to the same registry."""
    filter_text = Parameter("filter", "a filter", "rest")
    views = [
        ActionRecord(name, title, text, partial(_show, mode), (filter_text,))
        for mode, (name, title, text) in _COMMANDS.items()
    ]
    theme = Parameter("name", "the theme", "choice", required=True, choices=THEMES)
    return [
        *views,
        ActionRecord("theme", "Theme", "other colours", _theme, (theme,)),
        _plain("refresh", "Refresh", "reads what is shown again", "screen.refresh_now"),
        _plain("pause", "Pause", "stops the refreshing, or goes on with it", "app.pause"),
        _plain("read-only", "Read-only", "hides all that changes something", "app.read_only"),
        _plain("help", "Help", "all keys and commands", "app.help"),
        _plain("quit", "Quit", "leaves the console; jobs go on without it", "app.quit"),
    ]


def _plain(name: str, title: str, text: str, action: str) -> ActionRecord:
    return ActionRecord(name, title, text, partial(_act, action))


def _show(mode: str, call: ActionCall) -> None:
    call.app.show_mode(mode, call.values.get("filter"))


def _theme(call: ActionCall) -> None:
    call.app.theme = call.values["name"]


def _act(action: str, call: ActionCall) -> None:
    run: Callable[[], object] = partial(call.app.run_action, action)
    call.app.call_next(run)
