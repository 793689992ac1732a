"""The registry of actions: one record feeds the palette, the `:` commands, the key help, the `x`
menu and the proof that each has its headless twin."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import InputError
from engine.text import safe
from tui.safe import typed

if TYPE_CHECKING:
    from engine.config import Role
    from engine.database import Database
    from engine.queries.paging import Query
    from engine.queries.source import Source
    from tui.app import Console

Danger = Literal[0, 1, 2, 3]
Kind = Literal["text", "amount", "number", "date", "period", "choice", "flag", "rest"]

# With more values than this the usage names only those that an action needs.
_LISTED = 8
_RANKS = {"viewer": 1, "operator": 2, "admin": 3}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of an action. A `required` one may be given by its place or as `--name value`, all
    others as `--name value`; a `flag` has no value; a `rest` takes the whole rest of the line as it
    stands. `check` raises InputError for what is wrong."""

    name: str
    title: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    check: Callable[[str], object] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a dangerous action tells before it asks: `facts` are (name, value) lines such as rows,
    hidden marked rows, total money; `word` is what danger 2 and 3 want typed (the job's name, the
    count or sum). `danger` is there where it is not the action alone that decides it."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    word: str = ""
    danger: Danger | None = None


@dataclass(frozen=True, slots=True)
class ActionCall:
    """An action about to run: its values by parameter name (as typed), and the ids of the rows that
    it is about (the marked ones, else the one under the cursor). `shown` is the list they were
    chosen in, and its filter and order at that moment; None on a screen without one."""

    app: Console
    action: ActionRecord
    values: Mapping[str, str]
    targets: tuple[Any, ...] = ()
    shown: tuple[Source, Query] | None = None


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """What can be done.

    `run` is called on the screen's thread; whatever it wants of the database it asks through
    `call.app.change` or `call.app.loader`. An action of danger 1 and more has a `question`, which
    the loader's thread answers (it only reads), and runs after the person has confirmed: 1 yes or
    no, 2 by typing a word, 3 by typing the count or sum. `modes` are where it is offered, empty
    everywhere. `headless` is its twin on the command line, '' for what only shows something.
    One with `on_row` stands in the menu of a single row when the screen knows its first value; one
    with `needs_rows` in that of rows of its `row_kind`, see `ConsoleScreen.row_kind`; '' is any.
    `asks_line`: it begins with a line to complete although no value is needed. `dry_run` is what is
    done in its place when the flag `dry-run` is given. A name may have two words: `run JOB`.
    """

    name: str
    title: str
    help: str
    run: Callable[[ActionCall], None]
    parameters: tuple[Parameter, ...] = ()
    danger: Danger = 0
    role: Role = "viewer"
    question: Callable[[Database, ActionCall], Question] | None = None
    modes: frozenset[str] = frozenset()
    headless: str = ""
    needs_rows: bool = False
    row_kind: str = ""
    on_row: bool = False
    asks_line: bool = False
    dry_run: ActionRecord | None = None

    def __post_init__(self) -> None:
        if self.danger and self.question is None:
            raise ValueError(f"{self.name}: an action of danger {self.danger} needs a question")

    @property
    def is_typed(self) -> bool:
        """Whether it begins with a line to complete, for want of a value."""
        return (
            self.asks_line
            or any(one.required for one in self.parameters)
            or (self.needs_rows and bool(self.parameters))
        )

    def is_for(self, row_kind: str) -> bool:
        """Whether rows of this kind are what it needs."""
        return self.needs_rows and self.row_kind in ("", row_kind)


def may(action: ActionRecord, role: Role | None, read_only: bool) -> bool:
    """Whether a person of this role is offered the action; in read-only nothing dangerous is."""
    if read_only and action.danger:
        return False
    return role is not None and _RANKS[role] >= _RANKS[action.role]


# What fingers know from other programs.
_SHORT = {"q": "quit", "q!": "quit"}


class Registry:
    """All actions by name, in the order in which they were added."""

    def __init__(self, actions: Iterable[ActionRecord] = ()) -> None:
        self._actions: dict[str, ActionRecord] = {}
        for action in actions:
            self.add(action)

    def add(self, action: ActionRecord) -> None:
        """Adds an action. Raises ValueError for a name that is taken."""
        if action.name in self._actions:
            raise ValueError(f"there are two actions named {action.name}")
        self._actions[action.name] = action

    def __iter__(self) -> Iterator[ActionRecord]:
        return iter(self._actions.values())

    def get(self, name: str) -> ActionRecord | None:
        """The action of this name."""
        return self._actions.get(name)

    def offered(
        self, role: Role | None, read_only: bool, mode: str | None = None
    ) -> list[ActionRecord]:
        """What a person of this role may do, in `mode` or (None) anywhere."""
        return [
            action
            for action in self
            if may(action, role, read_only)
            and (mode is None or not action.modes or mode in action.modes)
        ]

    def complete(self, line: str, offered: Iterable[ActionRecord]) -> list[str]:
        """Whole lines that continue `line`: names, then choices and `--options`."""
        names = [action.name for action in offered if action.name.startswith(line)]
        action, rest = self._named(line)
        if names or action is None or " " not in line.removeprefix(action.name):
            return names
        head, _, last = line.rpartition(" ")
        before = head.rpartition(" ")[2]
        asked = [each for each in action.parameters
                 if f"--{each.name}" == before and each.kind not in ("flag", "rest")]  # fmt: skip
        places = asked or [each for each in action.parameters if each.required]
        words = [choice for each in places for choice in each.choices]
        if not asked:
            words += [f"--{each.name}" for each in action.parameters
                      if each.kind != "rest" and not each.required]  # fmt: skip
        given = set(rest.split())
        return [f"{head} {one}" for one in words if one.startswith(last) and one not in given]

    def parse(self, line: str) -> tuple[ActionRecord, dict[str, str]]:
        """The action and the values of a `:` line. Raises InputError naming the part."""
        action, rest = self._named(line.strip())
        if action is not None:
            return action, parse_values(action, rest.strip())
        name = line.strip().partition(" ")[0]
        seconds = [one.partition(" ")[2] for one in self._actions if one.startswith(f"{name} ")]
        if seconds:
            raise InputError(f"{safe(name, 40)} needs one of {', '.join(seconds)} behind it.")
        raise InputError(f"there is no command {safe(name, 40) or '(empty)'}; `?` lists them all.")

    def _named(self, line: str) -> tuple[ActionRecord | None, str]:
        """The action whose name, of one word or two, begins the line, and the rest of it."""
        first, _, rest = line.partition(" ")
        second, _, last = rest.partition(" ")
        two = self.get(f"{first} {second}")
        return (self.get(_SHORT.get(first, first)), rest) if two is None else (two, last)


def parse_values(action: ActionRecord, text: str) -> dict[str, str]:
    """The parameters of an action from the rest of its line. Raises InputError."""
    last = action.parameters[-1] if action.parameters else None
    if last is not None and last.kind == "rest":
        return {last.name: text} if text else {}
    try:
        words = shlex.split(text)
    except ValueError:
        raise InputError(f"{action.name}: a quotation mark is not closed.") from None
    values: dict[str, str] = {}
    places = [each for each in action.parameters if each.required]
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            parameter = _option(action, word)
            if parameter.name in values:
                raise InputError(f"{action.name}: {word} is given twice.")
            values[parameter.name] = _value_of(action, parameter, words)
            continue
        free = [each for each in places if each.name not in values]
        if not free:
            raise InputError(f"{action.name}: what is {safe(word, 40)}? {usage(action)}")
        values[free[0].name] = word
    _check(action, values)
    return values


def _option(action: ActionRecord, word: str) -> Parameter:
    for parameter in action.parameters:
        if word == f"--{parameter.name}":
            return parameter
    raise InputError(f"{action.name}: there is no {safe(word, 40)}. {usage(action)}")


def _value_of(action: ActionRecord, parameter: Parameter, words: list[str]) -> str:
    if parameter.kind == "flag":
        return "yes"
    if not words:
        raise InputError(f"{action.name}: --{parameter.name} needs a value ({parameter.title}).")
    return words.pop(0)


def _check(action: ActionRecord, values: Mapping[str, str]) -> None:
    for parameter in action.parameters:
        value = values.get(parameter.name)
        if value is None:
            if parameter.required:
                raise InputError(f"{action.name}: {parameter.title} is missing. {usage(action)}")
            continue
        if parameter.choices and value not in parameter.choices:
            raise InputError(
                f"{action.name}: {parameter.title} is one of {', '.join(parameter.choices)},"
                f" not {safe(value, 40)}."
            )
        if parameter.check is not None:
            parameter.check(value)


def begun(action: ActionRecord, known: Mapping[str, str]) -> str:
    """The beginning of an action's line with the values that are known of the row."""
    words = [action.name]
    for parameter in action.parameters:
        value = known.get(parameter.name, "") if action.on_row else ""
        if not value or typed(value) != value:
            if parameter.required:
                break
        elif parameter.required:
            words.append(shlex.quote(value))
        else:
            words.append(f"--{parameter.name} {shlex.quote(value)}")
    return " ".join(words) + " "


def usage(action: ActionRecord) -> str:
    """How the command is written: `:run JOB [--period VALUE] [--dry-run]`; of many options only
    that there are some."""
    words = [f":{action.name}"]
    shown = action.parameters
    if len(shown) > _LISTED:
        shown = tuple(each for each in shown if each.required)
    for parameter in shown:
        name = parameter.name.upper()
        if parameter.kind == "rest":
            words.append(f"[{name}]")
        elif parameter.required:
            words.append(name)
        elif parameter.kind == "flag":
            words.append(f"[--{parameter.name}]")
        else:
            words.append(f"[--{parameter.name} VALUE]")
    if len(shown) < len(action.parameters):
        words.append("[--OPTION VALUE ...]")
    return " ".join(words)
