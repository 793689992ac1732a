"""Strict reading of a CSV file: UTF-8, a header row, commas, every record complete.

A mistake is reported with the line where its record begins, and reading goes on after it as far as
that makes sense.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from engine.bundle.columns import Column
from engine.bundle.fields import Parser, Value
from engine.bundle.problems import Problems
from engine.errors import InputError
from engine.text import safe

# A line, and a record within quotes, is never held beyond this.
MAX_LINE = 1 << 20
_BOM = b"\xef\xbb\xbf"


Record = tuple[int, str, tuple[Value, ...] | None]
"""A record: its first line, the text of its key, and its values in the order of the columns asked
for; None where a cell was wrong."""


class _Lines:
    """The lines of a file as text; `number` is the physical line read last. A line that is not
    text is reported and left out."""

    def __init__(self, name: str, file: BinaryIO, problems: Problems) -> None:
        self._name = name
        self._file = file
        self._problems = problems
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        readline = self._file.readline
        while line := readline(MAX_LINE):
            self.number += 1
            if len(line) == MAX_LINE:
                self._report(f"is longer than {MAX_LINE} bytes; the rest of the file was not read")
                self._problems.unread.add(self._name)
                return
            if self.number == 1 and line.startswith(_BOM):
                line = line[len(_BOM) :]
            try:
                text = line.decode()
            except UnicodeDecodeError as error:
                self._report(f"is not UTF-8 (byte {error.start + 1} of the line)")
                continue
            if "\0" in text:
                self._report("has a NUL byte")
                continue
            yield text

    def _report(self, message: str) -> None:
        self._problems.add(self._name, self.number, "", message)


def read(path: Path, columns: tuple[Column, ...], problems: Problems) -> Iterator[Record]:
    """The records of a file, one by one; mistakes go to `problems`, and the file's name to its
    `unread` when the header or the rest is unusable.

    Raises InputError when the file cannot be opened or read.
    """
    try:
        with path.open("rb") as file:
            yield from _records(path.name, file, columns, problems)
    except OSError as error:
        raise InputError(
            f"cannot read {safe(path)}: {safe(error.strerror)}. Nothing was imported."
        ) from None


def _records(
    name: str, file: BinaryIO, columns: tuple[Column, ...], problems: Problems
) -> Iterator[Record]:
    rows = _rows(name, file, problems)
    before = problems.total
    line, header = next(rows, (1, []))
    if problems.total > before or not _check_header(name, line, header, columns, problems):
        problems.unread.add(name)
        return
    width = len(header)
    by_name = {column.name: column for column in columns}
    parsers = [by_name[title].parse for title in header]
    key_place = header.index(columns[0].name)
    # Values come in the order of the header; behind them stands what an empty cell is worth.
    missing = [column for column in columns if column.name not in header]
    defaults = [column.parse("") for column in missing]
    order = [*header, *(column.name for column in missing)]
    in_order = itemgetter(*(order.index(column.name) for column in columns))
    blank = 0
    for line, cells in rows:
        if not cells:
            blank = blank or line
            continue
        if blank:
            problems.add(name, blank, "", "is an empty line; only the end of the file may have any")
            blank = 0
        if len(cells) != width:
            problems.add(name, line, "", f"has {len(cells)} cells, the header has {width}")
            yield line, cells[key_place] if key_place < len(cells) else "", None
            continue
        try:
            values = [parse(cell) for parse, cell in zip(parsers, cells, strict=True)]
        except InputError:
            _report(name, line, header, parsers, cells, problems)
            yield line, cells[key_place], None
        else:
            yield line, cells[key_place], in_order(values + defaults)


def _rows(name: str, file: BinaryIO, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """The cells of each record with its first line; an empty line has none."""
    lines = _Lines(name, file, problems)
    reader = csv.reader(lines, strict=True)
    while True:
        taken = reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            message, last = _csv_message(str(error))
            problems.add(name, lines.number - reader.line_num + taken + 1, "", message)
            if last:
                problems.unread.add(name)
                return
        else:
            yield lines.number - reader.line_num + taken + 1, cells


def _csv_message(error: str) -> tuple[str, bool]:
    """What the csv module's message means, and whether the rest cannot be read."""
    if "unexpected end of data" in error:
        return "has a quote that is never closed", True
    if "field limit" in error:
        limit = csv.field_size_limit()
        return (
            f"has a cell of more than {limit} characters, or a quote that is not closed;"
            " the rest of the file was not read",
            True,
        )
    if "new-line character" in error:
        return "has a carriage return outside of quotes: lines end with LF or CR LF", False
    return "has text after a closing quote: inside quotes a quote is written twice", False


def _check_header(
    name: str, line: int, header: list[str], columns: tuple[Column, ...], problems: Problems
) -> bool:
    """Whether the header has each column once, those that must be there, and no other."""
    before = problems.total
    known = [column.name for column in columns]
    if not header:
        problems.add(name, 1, "", "there is no header row")
        return False
    for place, title in enumerate(header):
        if title not in known:
            problems.add(name, line, title, f"unknown column; known are: {', '.join(known)}")
        elif title in header[:place]:
            problems.add(name, line, title, "the column is there twice")
    for column in columns:
        if column.required and column.name not in header:
            problems.add(name, line, column.name, "the column is missing")
    return problems.total == before


def _report(
    name: str,
    line: int,
    header: list[str],
    parsers: list[Parser],
    cells: list[str],
    problems: Problems,
) -> None:
    """Every wrong cell of a record, not only the first."""
    for title, parse, cell in zip(header, parsers, cells, strict=True):
        try:
            parse(cell)
        except InputError as error:
            problems.add(name, line, title, error.message)
