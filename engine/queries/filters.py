"""What is typed after `/`, as conditions. Pure.

    Иванов state:active balance<-500 !plan:home

Words are looked for as a beginning (`Condition.column` is empty then); words that stand together
are one phrase. `column:value`, `column=value`, `column<value` (also `<=`, `>`, `>=`) and
`column~value` compare a column, `!` before a part turns it round, double quotes keep spaces and
signs together (a quote within them is doubled). What the signs mean depends on the column's kind:

| kind           | `:`                        | `=`   | `< <= > >=`       | `~`      |
|----------------|----------------------------|-------|-------------------|----------|
| text           | begins with                | equal | by code points    | contains |
| amount, number | equal                      | equal | by value          |          |
| date, period   | lies in (a year, a month)  | equal | before, after     |          |
| choice         | is                         | is    |                   |          |

`column:` with nothing behind it asks for an empty column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from engine.errors import InputError
from engine.money import format_amount, parse_amount
from engine.queries.columns import Column
from engine.text import safe

Operator = Literal[":", "=", "<", "<=", ">", ">=", "~"]

_MOST_CONDITIONS = 20
_LONGEST_VALUE = 300
_PART = re.compile(r'(!?)([A-Za-z_]+)(<=|>=|[:=<>~])((?:[^\s"]|"(?:[^"]|"")*")*)(?=\s|$)')
_WORD = re.compile(r'(!?)("(?:[^"]|"")*"|[^\s"]+)(?=\s|$)')
_PLAIN = re.compile(r"\w[\w+.,/@-]*")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_OPERATORS: dict[str, str] = {
    "text": ": = < <= > >= ~",
    "amount": ": = < <= > >=",
    "number": ": = < <= > >=",
    "date": ": = < <= > >=",
    "period": ": = < <= > >=",
    "choice": ": =",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One part of a filter. `value` is minor units for an amount, an int for a number, else text;
    empty text asks for an empty column. `:` never stands with an amount, number or choice: it is
    `=` there."""

    column: str
    operator: Operator
    value: str | int
    negated: bool = False


def parse(text: str, columns: Sequence[Column]) -> tuple[Condition, ...]:
    """The conditions in what was typed, none for blank text. Raises InputError, which names the
    part that cannot be understood."""
    known = {column.name: column for column in columns}
    conditions = list(_joined(_parts(text, known)))
    if len(conditions) > _MOST_CONDITIONS:
        raise InputError(f"a filter has at most {_MOST_CONDITIONS} parts, not {len(conditions)}.")
    return tuple(conditions)


def _parts(text: str, known: dict[str, Column]) -> Iterator[tuple[Condition, bool]]:
    """Each part, and whether it is a plain word that joins the one beside it."""
    place = _past_space(text, 0)
    while place < len(text):
        found = _PART.match(text, place) or _WORD.match(text, place)
        if found is None:
            raise InputError(
                f"the filter cannot be read from '{safe(text[place:], 40)}' on: a double quote"
                " is missing, or one stands within a word."
            )
        negated, rest = found[1] == "!", found.groups()[1:]
        if len(rest) == 3:
            yield _comparison(*rest, negated, known), False
        else:
            yield _word(rest[0], negated), not negated and not rest[0].startswith('"')
        place = _past_space(text, found.end())


def _past_space(text: str, place: int) -> int:
    """The next place at or after `place` that is no space."""
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _joined(parts: Iterable[tuple[Condition, bool]]) -> Iterator[Condition]:
    """Makes one phrase of plain words that stand together."""
    words: list[str] = []
    for condition, is_plain in parts:
        if is_plain:
            words.append(str(condition.value))
            continue
        if words:
            yield Condition("", ":", _checked(" ".join(words)))
            words = []
        yield condition
    if words:
        yield Condition("", ":", _checked(" ".join(words)))


def _word(text: str, negated: bool) -> Condition:
    value = _checked(_unquoted(text))
    if not value or value == "!":
        raise InputError(f"'{safe(text, 40)}' is nothing to look for.")
    return Condition("", ":", value, negated)


def _comparison(
    name: str, operator: str, text: str, negated: bool, known: dict[str, Column]
) -> Condition:
    column = known.get(name)
    if column is None:
        raise InputError(
            f"there is no column '{safe(name, 40)}' to filter by: {', '.join(known)}."
            f' To look for the text itself write "{safe(name, 40)}{operator}..." in quotes.'
        )
    if operator not in _OPERATORS[column.kind].split():
        raise InputError(
            f"'{name}{operator}' has no meaning: {name} takes {_OPERATORS[column.kind]}"
        )
    if operator == ":" and column.kind in ("amount", "number", "choice"):
        operator = "="
    value = _value(column, operator, _checked(_unquoted(text)))
    return Condition(name, cast(Operator, operator), value, negated)


def _value(column: Column, operator: str, text: str) -> str | int:
    """What a column is compared with. Raises InputError."""
    kind, name = column.kind, column.name
    if not text and operator in (":", "=") and kind not in ("amount", "number"):
        return ""
    if not text:
        raise InputError(f"'{name}{operator}' lacks a value behind it.")
    if kind == "amount":
        return parse_amount(text)
    if kind == "number":
        if not _NUMBER.fullmatch(text):
            raise InputError(f"'{safe(text, 40)}' is not a number, as {name} is.")
        return int(text)
    if kind in ("date", "period") and not _DATE.fullmatch(text):
        raise InputError(f"{name} is compared with 2026, 2026-10 or 2026-10-05,"
                         f" not with '{safe(text, 40)}'.")  # fmt: skip
    if kind == "choice" and column.choices and text not in column.choices:
        raise InputError(f"{name} is never '{safe(text, 40)}': {', '.join(column.choices)}.")
    return text


def _unquoted(text: str) -> str:
    """Without the quotes around each quoted stretch, doubled ones within made single."""
    return re.sub(r'"((?:[^"]|"")*)"', lambda found: found[1].replace('""', '"'), text)


def _checked(value: str) -> str:
    if len(value) > _LONGEST_VALUE:
        raise InputError(f"'{safe(value, 40)}' is too long to look for.")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise InputError(f"'{safe(value, 40)}' is not text: its encoding is broken.")
    return value


def filter_text(conditions: Iterable[Condition], columns: Sequence[Column]) -> str:
    """What would have to be typed for these conditions; `parse` gives them back."""
    kinds = {column.name: column.kind for column in columns}
    return " ".join(_part_text(one, kinds.get(one.column, "text")) for one in conditions)


def _part_text(condition: Condition, kind: str) -> str:
    value = condition.value
    text = format_amount(int(value)) if kind == "amount" else str(value)
    # A phrase is quoted even if it is one word: beside another it would join it.
    plain = _PLAIN.fullmatch(text) if condition.column else None
    if not (plain or (condition.column and (not text or kind in ("amount", "number")))):
        text = '"' + text.replace('"', '""') + '"'
    sign = condition.operator if condition.column else ""
    return f"{'!' * condition.negated}{condition.column}{sign}{text}"
