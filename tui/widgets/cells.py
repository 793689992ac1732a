"""Values as cells of a table: made safe, formatted by kind, cut or padded to a width in cells."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

from engine.money import NO_BREAK_SPACE, format_amount_human
from engine.queries.columns import Column
from engine.text import safe
from tui.glyphs import Glyphs
from tui.safe import fit

GAP = 2
_RIGHT = ("amount", "number")


def words(column: Column, value: Any, zone: tzinfo = UTC) -> str:
    """A value for people, made safe: amounts (minor units) and numbers with grouped digits, epoch
    milliseconds of a date column in the zone, None as nothing."""
    if value is None:
        return ""
    if column.kind == "amount" and isinstance(value, int):
        return format_amount_human(value)
    if column.kind == "number" and isinstance(value, int):
        return grouped(value)
    if column.kind == "date" and isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, zone).strftime("%Y-%m-%d %H:%M")
    return safe(value)


def grouped(number: int) -> str:
    """A whole number with its digits in threes: `1 003 218`."""
    return f"{number:,}".replace(",", NO_BREAK_SPACE)


def cell(column: Column, value: Any, width: int, glyphs: Glyphs, zone: tzinfo = UTC) -> str:
    """The cell of a row, exactly `width` cells wide."""
    return fit(words(column, value, zone), width, column.kind in _RIGHT, glyphs.ellipsis)


def head(column: Column, width: int, order: str, glyphs: Glyphs) -> str:
    """The cell of the header; `order` is the arrow and number of the sort, or nothing."""
    return fit(column.title + order, width, column.kind in _RIGHT, glyphs.ellipsis)


def widths(columns: list[Column], room: int) -> list[int]:
    """How wide the columns are in `room` cells (gaps included): as they want to be, and what is
    left goes to the texts, up to twice their width. A single column gets at most the room."""
    wanted = [max(column.width, len(column.title) + 2) for column in columns]
    left = room - sum(wanted) - GAP * max(0, len(columns) - 1)
    texts = [place for place, column in enumerate(columns) if column.kind == "text"]
    if left > 0 and texts:
        share, extra = divmod(left, len(texts))
        for order, place in enumerate(texts):
            more = share + (1 if order < extra else 0)
            wanted[place] += min(more, wanted[place])
    return [min(width, max(1, room)) for width in wanted]


def is_negative(column: Column, value: Any) -> bool:
    """Whether an amount is below zero."""
    return column.kind == "amount" and isinstance(value, int) and value < 0
