"""Views that a person saved: a small file of their own, written anew as a whole or not at all.

It holds what was typed and nothing else: filters, orders, names of columns. A file that cannot be
read is left as it is, and said to be broken.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine.config.values import has_control
from engine.errors import InputError
from engine.faults import state_folder
from engine.queries.columns import Sort
from engine.text import safe

LONGEST_NAME = 40
MOST_VIEWS = 200
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter as typed, an order, and the columns shown, of the list `source`."""

    source: str
    name: str
    filter: str
    sorts: tuple[Sort, ...]
    columns: tuple[str, ...]


class SavedViews:
    """The views of one person. Each call reads the file anew: another console may have changed it.
    Raises InputError when the file is broken, cannot be read or cannot be written."""

    def __init__(self, actor: str) -> None:
        self._actor = actor

    @property
    def path(self) -> Path:
        """The file; it may not exist yet. Several persons may share the folder of a service."""
        return state_folder() / f"views-{quote(self._actor, safe='')[:80]}.json"

    def of(self, source: str) -> list[SavedView]:
        """The views of a list, by name."""
        return sorted((one for one in self._read() if one.source == source),
                      key=lambda one: one.name)  # fmt: skip

    def save(self, view: SavedView) -> bool:
        """Keeps a view; whether one of that name was there and is no more."""
        name = view.name
        if not name or len(name) > LONGEST_NAME or has_control(name):
            raise InputError(f"a view needs a name of at most {LONGEST_NAME} characters.")
        before = self._read()
        others = [one for one in before if (one.source, one.name) != (view.source, name)]
        if len(others) >= MOST_VIEWS:
            raise InputError(f"there are {MOST_VIEWS} views already: remove one with :remove-view.")
        self._write([*others, view])
        return len(others) < len(before)

    def remove(self, source: str, name: str) -> None:
        """Takes a view away. InputError without one of that name."""
        before = self._read()
        others = [one for one in before if (one.source, one.name) != (source, name)]
        if len(others) == len(before):
            raise InputError(f"you have no view '{safe(name, LONGEST_NAME)}' of this list.")
        self._write(others)

    def _read(self) -> list[SavedView]:
        try:
            with self.path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
            if len(data) > _MOST_BYTES:
                raise ValueError("it is too long")
            return [_view(one) for one in json.loads(data)["views"]]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InputError(f"your views are in {safe(self.path)}: {error.strerror}.") from None
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InputError(
                f"the file of your views is broken and was left as it was: {safe(self.path)}. Mend"
                " it, or move it away to begin anew."
            ) from None

    def _write(self, views: list[SavedView]) -> None:
        text = json.dumps({"views": [_as_json(one) for one in views]}, indent=1, ensure_ascii=False)
        name = ""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(prefix=".views-", dir=self.path.parent)
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except OSError as error:
            if name:
                with suppress(OSError):
                    Path(name).unlink()
            raise InputError(
                f"the view cannot be kept in {safe(self.path)}: {error.strerror}. Nothing was"
                " changed there."
            ) from None


def _as_json(view: SavedView) -> dict[str, Any]:
    return {
        "list": view.source,
        "name": view.name,
        "filter": view.filter,
        "sorts": [[sort.column, sort.descending] for sort in view.sorts],
        "columns": list(view.columns),
    }


def _view(data: Mapping[str, Any]) -> SavedView:
    """Raises ValueError, KeyError or TypeError for what is no view of ours."""
    source, name, filter_text = data["list"], data["name"], data["filter"]
    sorts = [(column, descending) for column, descending in data["sorts"]]
    columns = data["columns"]
    texts = [source, name, filter_text, *(column for column, _ in sorts), *columns]
    if not (
        isinstance(columns, list)
        and all(isinstance(text, str) for text in texts)
        and all(isinstance(descending, bool) for _, descending in sorts)
    ):
        raise TypeError("not as it was written")
    return SavedView(
        source,
        name,
        filter_text,
        tuple(Sort(column, descending) for column, descending in sorts),
        tuple(columns),
    )
