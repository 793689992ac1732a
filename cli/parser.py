"""The argument parser: its own way to fail, and the options that every command takes."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from cli.session import Session
from engine.errors import InputError
from engine.text import safe

Handler = Callable[[argparse.Namespace, Session], int]


class UsageError(InputError):
    """Wrong use of a command. `usage` is the line that shows the right one."""

    def __init__(self, message: str, usage: str) -> None:
        super().__init__(message)
        self.usage = usage


class Parser(argparse.ArgumentParser):
    """A parser that raises UsageError in place of leaving, never guesses a shortened option, and
    takes what begins with a minus and a digit for a value, so that a wrong negative amount is
    reported as one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **options})
        self._negative_number_matcher = re.compile(r"-[0-9.]")

    def error(self, message: str) -> NoReturn:
        raise UsageError(
            f"{safe(message, 1000)}; see `{self.prog} --help`", self.format_usage().strip()
        )

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Names what is near to a choice that does not exist."""
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        self.error(f"{unknown(action.metavar or action.dest, str(value), known)}")


def row_number(text: str) -> int:
    """The number of an action, a run or the like, as typed: the `type` of an argument. One of 19
    digits may be more than a database can compare with."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise argparse.ArgumentTypeError(f"'{safe(text, 40)}' is not a number of 1 to 18 digits")
    return int(text)


def unknown(what: object, given: str, known: list[str]) -> str:
    """The sentence about a name that does not exist, with the near ones, else all."""
    near = difflib.get_close_matches(given, known, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    return f"unknown {str(what).lower()} '{safe(given, 60)}': {hint}"


def add_global_options(parser: argparse.ArgumentParser, *, before_command: bool) -> None:
    """`--config`, `--json` and `--verbose`, which count both before and after the command."""
    default: dict[str, Any] = {} if before_command else {"default": argparse.SUPPRESS}
    group = parser.add_argument_group("global options")
    group.add_argument(
        "--config", metavar="FILE", type=Path, help="the configuration file to use", **default
    )
    group.add_argument(
        "--json", action="store_true", help="machine-readable output on stdout", **default
    )
    group.add_argument("--verbose", action="store_true", help="say more on stderr", **default)


def add_command(
    subparsers: Any, name: str, run: Handler, *, role: str | None, help: str, more: str = ""
) -> argparse.ArgumentParser:
    """Declares a command. `role` is the least that may run it (None: the command asks itself);
    `help` is one line, `more` a paragraph below it."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name, help=help, description=f"{help[0].upper()}{help[1:]}. {more}".strip()
    )
    add_global_options(parser, before_command=False)
    parser.set_defaults(handler=run, role=role)
    return parser


def add_group(subparsers: Any, name: str, *, help: str) -> Any:
    """Declares a command that has commands of its own, and returns the place to add them to."""
    parser = subparsers.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
    add_global_options(parser, before_command=False)
    return parser.add_subparsers(metavar="COMMAND", dest="subcommand", required=True)
