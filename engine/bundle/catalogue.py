"""What we sell and the groups, as a bundle brings them: held in memory, for they are few."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.bundle import columns
from engine.bundle.fields import Value
from engine.bundle.problems import Problems
from engine.bundle.reader import Record, read
from engine.database import Database, Row
from engine.text import safe


@dataclass
class Entries:
    """The rows of one catalogue table: those in the database and those of the bundle, by code.

    New ones get the numbers after the highest in the database, in file order. `rows` are those to
    write: the number, then the values in the order of the file's columns. `whole` is False when
    the file could not be read: then a code that is missing here may be in it.
    """

    table: str
    title: str
    existing: dict[str, int]
    last_id: int
    new: dict[str, int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    rows: list[tuple[Value, ...]] = field(default_factory=list)
    whole: bool = True

    def find(self, code: str) -> int | None:
        """The number of a code, None for an unknown one."""
        found = self.new.get(code)
        return found if found is not None else self.existing.get(code)

    def take(self, file: str, record: Record, problems: Problems) -> None:
        """Adds a record. Its code is known afterwards even if the record is wrong, so that the
        mistake is not told again by all who refer to it."""
        line, code, values = record
        if code in self.existing:
            problems.add(file, line, "", f"{self.title} '{safe(code)}' is in the database already")
        elif code in self.lines:
            problems.add(
                file, line, "", f"'{safe(code)}' is there already, in line {self.lines[code]}"
            )
        else:
            self.lines[code] = line
            self.new[code] = self.last_id + len(self.new) + 1
            if values is not None:
                self.rows.append((self.new[code], *values))


@dataclass
class Catalogue:
    """The four catalogue tables."""

    plans: Entries
    addons: Entries
    services: Entries
    groups: Entries

    def all(self) -> tuple[Entries, ...]:
        """The tables in the order of writing."""
        return (self.groups, self.plans, self.addons, self.services)

    def plan_rows(self) -> Iterator[Row]:
        """id, code, name, monthly_fee, direction2_ratio, carry_over."""
        return (row[:6] for row in self.plans.rows)

    def direction_rows(self) -> Iterator[Row]:
        """plan_id, direction, included_bytes, overage_price, counts."""
        for row in self.plans.rows:
            for number in range(4):
                yield (row[0], number + 1, *row[6 + 3 * number : 9 + 3 * number])


def read_catalogue(files: dict[str, Path], database: Database, problems: Problems) -> Catalogue:
    """Reads plans, add-ons, services and groups, as far as the bundle has them."""
    catalogue = Catalogue(
        plans=_entries(database, "plan", "plan"),
        addons=_entries(database, "addon", "add-on plan"),
        services=_entries(database, "service", "service"),
        groups=_entries(database, "subscriber_group", "group"),
    )
    for name, entries in (
        ("plans", catalogue.plans),
        ("addons", catalogue.addons),
        ("services", catalogue.services),
        ("groups", catalogue.groups),
    ):
        if name in files:
            for record in read(files[name], columns.FILES[name], problems):
                entries.take(files[name].name, record, problems)
            entries.whole = files[name].name not in problems.unread
    return catalogue


def last_number(database: Database, table: str) -> int:
    """The highest id of a catalogue table, 0 for an empty one. Within a transaction nobody else
    can add a row to the table until its end."""
    return database.integer(f"SELECT MAX(id) FROM {table} {database.dialect.lock_rows}")


def _entries(database: Database, table: str, title: str) -> Entries:
    existing = {
        code: int(number) for number, code in database.rows(f"SELECT id, code FROM {table}")
    }
    return Entries(table, title, existing, max(existing.values(), default=0))
