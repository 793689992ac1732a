"""Whatever changes something in the console can be done without it: each action of the registry has
its twin on the command line, which takes the same values and wants the same role."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from cli.main import COMMANDS, build_parser
from tests.console.books import config
from tui.actions import ActionRecord, Registry, begun, parse_values
from tui.app import Console

ACTIONS = list(Console(config(Path("none.db")), "olga", "admin").registry)
CHANGING = [action for action in ACTIONS if action.danger or action.role != "viewer"]
# What the terminal asks and what all commands share.
_OF_THE_CLI = {"yes", "help", "config", "json", "verbose"}
_RANKS = {"viewer": 1, "operator": 2, "admin": 3}
_OURS = {"payment", "refund", "correct", "writeoff", "reverse", "set"}
_OF_MANY = {"state", "group", "order-plan", "set-many"}


def twin(action: ActionRecord) -> argparse.ArgumentParser:
    """The parser of the twin; fails where there is none."""
    words = [word for word in action.headless.split() if word == word.lower()]
    assert words[0] in COMMANDS, f"{action.name} has no twin"
    parser: argparse.ArgumentParser = build_parser(words[0], words)
    for word in words:
        below = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
        if not below or word.startswith("-"):
            break
        assert word in below[0].choices, f"{action.name}: there is no command {word}"
        parser = below[0].choices[word]
    return parser


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """The names of what a command takes."""
    return {
        (one.option_strings[-1] if one.option_strings else one.dest).removeprefix("--")
        for one in parser._actions
    } - _OF_THE_CLI


@pytest.mark.parametrize("action", CHANGING, ids=lambda action: action.name)
def test_what_changes_something_has_a_twin(action: ActionRecord) -> None:
    parser = twin(action)
    for option in (word for word in action.headless.split() if word.startswith("--")):
        assert option in parser._option_string_actions
    role = parser.get_default("role")
    assert role is None or _RANKS[role] <= _RANKS[action.role]


@pytest.mark.parametrize("name", sorted(_OURS))
def test_the_twin_takes_the_same_values(name: str) -> None:
    action = next(one for one in ACTIONS if one.name == name)
    parser = twin(action)
    assert {parameter.name for parameter in action.parameters} == options_of(parser)
    required = [one.dest for one in parser._actions if not one.option_strings]
    assert [one.name for one in action.parameters if one.required] == required
    assert action.role == parser.get_default("role")
    assert action.danger > 0


def test_nothing_that_changes_something_is_missing_here() -> None:
    assert {action.name for action in CHANGING} >= _OURS | _OF_MANY


@pytest.mark.parametrize("name", sorted(_OF_MANY))
def test_what_is_changed_for_many_rows_takes_a_file_of_them_there(name: str) -> None:
    action = next(one for one in ACTIONS if one.name == name)
    options = options_of(twin(action)) - {"file"}
    given = {parameter.name for parameter in action.parameters}
    assert given <= options
    assert name != "set-many" or given == options
    assert action.danger == 3


def test_an_export_is_the_command() -> None:
    action = next(one for one in ACTIONS if one.name == "export")
    assert {parameter.name for parameter in action.parameters} <= options_of(twin(action))
    assert {"filter", "sort", "rows"} <= options_of(twin(action))


def test_choices_are_offered_only_for_the_option_that_has_them() -> None:
    registry = Registry(ACTIONS)
    assert registry.complete("set ivan ", ACTIONS)[0] == "set ivan --name"
    assert registry.complete("set ivan --state ", ACTIONS)[0] == "set ivan --state active"
    assert registry.complete("set ivan --state b", ACTIONS) == ["set ivan --state blocked"]
    assert registry.complete("set ivan --name act", ACTIONS) == []
    assert registry.complete("theme ansi-l", ACTIONS) == ["theme ansi-light"]


def test_a_line_begins_with_what_is_known() -> None:
    by_name = {action.name: action for action in ACTIONS}
    known = {"login": "a b", "entry": "7"}
    assert begun(by_name["payment"], known) == "payment 'a b' "
    assert begun(by_name["reverse"], known) == "reverse 7 --login 'a b' "
    assert begun(by_name["reverse"], {"login": "a"}) == "reverse "
    assert begun(by_name["set"], {"login": "\x1b]0;x"}) == "set "
    assert begun(by_name["theme"], {"name": "x"}) == "theme "
    assert parse_values(by_name["payment"], "'a b' 5")["login"] == "a b"
