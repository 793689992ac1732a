"""The numbers of a bundle: staged, checked, and written with their operators, personal accounts and
tariffs, which are made where they are new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from engine.bundle.catalogue import last_number
from engine.bundle.columns import NUMBERS
from engine.bundle.problems import Problems
from engine.bundle.reader import read
from engine.bundle.staging import Staging
from engine.database import Database, Row
from engine.text import safe

Insert = Callable[[str, Iterable[Row], tuple[str, int]], None]

_FILE = "numbers.csv"
_SUBSCRIBERS_FILE = "subscribers.csv"
_LOOKUP = 2_000
# Tables of things that belong to an operator: their column, and the column of the bundle.
_OF_OPERATOR = {"personal_account": ("code", "account"), "operator_tariff": ("title", "tariff")}


def stage_numbers(staging: Staging, path: Path | None, problems: Problems) -> int:
    """Reads numbers.csv, if there is one, into the table `number`; returns how many records."""
    staging.run(
        "CREATE TABLE number (line INTEGER PRIMARY KEY, number, account, operator, tariff, login)"
    )
    if path is None:
        return 0
    count = 0

    def rows() -> Iterator[Row]:
        nonlocal count
        for line, _, values in read(path, NUMBERS, problems):
            count += 1
            if values is not None:
                yield line, *values

    staging.write("INSERT INTO number VALUES (?, ?, ?, ?, ?, ?)", rows())
    return count


def check_numbers(staging: Staging, database: Database, problems: Problems) -> None:
    """Finds numbers that are there twice or in the database, and logins of nobody. Needs the
    checked subscribers."""
    for line, number, first in staging.rows(
        "SELECT n.line, n.number, d.first FROM (SELECT number, MIN(line) AS first FROM number"
        " GROUP BY number HAVING COUNT(*) > 1) d JOIN number n ON n.number = d.number"
        " AND n.line > d.first ORDER BY n.line"
    ):
        problems.add(_FILE, line, "number", f"'{safe(number)}' is there already, in line {first}")
    for batch in staging.batches("SELECT number, line FROM number ORDER BY line", (), _LOOKUP):
        lines: dict[str, int] = dict(batch)
        marks = ", ".join("?" * len(lines))
        for (number,) in database.rows(
            f"SELECT number FROM number WHERE number IN ({marks})", list(lines)
        ):
            problems.add(
                _FILE, lines[number], "number", f"'{safe(number)}' is in the database already"
            )
    if _SUBSCRIBERS_FILE in problems.unread:
        return
    for line, login in staging.rows(
        "SELECT n.line, n.login FROM number n LEFT JOIN subscriber s ON s.login = n.login"
        " LEFT JOIN known k ON k.login = n.login LEFT JOIN spoiled b ON b.login = n.login"
        " WHERE n.login IS NOT NULL AND s.login IS NULL AND k.login IS NULL AND b.login IS NULL"
        " ORDER BY n.line"
    ):
        problems.add(_FILE, line, "login", f"there is no subscriber '{safe(login, 64)}'")


def write_numbers(
    database: Database, staging: Staging, insert: Insert, shift: int, count: int, now: int
) -> None:
    """Writes the staged numbers, in the caller's transaction. `shift` leads from the place of a
    staged subscriber to its number; `now` in epoch milliseconds."""
    _number_operators(database, staging, insert)
    for table in _OF_OPERATOR:
        _number_things(database, staging, insert, table)
    insert(
        "number (number, operator_id, personal_account_id, tariff_id, subscriber_id, created_at)",
        staging.rows(
            "SELECT n.number, o.id, a.id, t.id, COALESCE(s.n + ?, k.id), ? FROM number n"
            " JOIN operator_id o ON o.value = n.operator"
            " LEFT JOIN personal_account_id a ON a.operator = o.id AND a.value = n.account"
            " LEFT JOIN operator_tariff_id t ON t.operator = o.id AND t.value = n.tariff"
            " LEFT JOIN subscriber s ON s.login = n.login LEFT JOIN known k ON k.login = n.login"
            " ORDER BY n.line",
            (shift, now),
        ),
        ("numbers", count),
    )


def _number_operators(database: Database, staging: Staging, insert: Insert) -> None:
    """Fills the staging table `operator_id`, making the operators that are new."""
    staging.run("DROP TABLE IF EXISTS operator_id")
    staging.run("CREATE TABLE operator_id (value PRIMARY KEY, id)")
    known = database.rows("SELECT name, id FROM operator")
    staging.write("INSERT INTO operator_id VALUES (?, ?)", known)
    last = last_number(database, "operator")
    fresh = [
        (name, number)
        for number, (name,) in enumerate(
            staging.rows(
                "SELECT DISTINCT operator FROM number WHERE operator NOT IN"
                " (SELECT value FROM operator_id) ORDER BY operator"
            ),
            start=last + 1,
        )
    ]
    staging.write("INSERT INTO operator_id VALUES (?, ?)", fresh)
    insert("operator (name, id)", fresh, ("operators", 0))


def _number_things(database: Database, staging: Staging, insert: Insert, table: str) -> None:
    """Fills the staging table `TABLE_id` with what the database has and what is new, and writes
    what is new."""
    theirs, ours = _OF_OPERATOR[table]
    staging.run(f"DROP TABLE IF EXISTS {table}_id")
    staging.run(f"CREATE TABLE {table}_id (operator, value, id, PRIMARY KEY (operator, value))")
    last = last_number(database, table)
    staging.write(
        f"INSERT INTO {table}_id VALUES (?, ?, ?)",
        database.stream(f"SELECT operator_id, {theirs}, id FROM {table}"),
    )
    staging.run(
        f"INSERT INTO {table}_id SELECT o.id, n.{ours},"
        f" ? + ROW_NUMBER() OVER (ORDER BY MIN(n.line)) FROM number n"
        f" JOIN operator_id o ON o.value = n.operator LEFT JOIN {table}_id x ON x.operator = o.id"
        f" AND x.value = n.{ours} WHERE n.{ours} IS NOT NULL AND x.id IS NULL"
        f" GROUP BY o.id, n.{ours}",
        (last,),
    )
    insert(
        f"{table} (operator_id, {theirs}, id)",
        staging.rows(
            f"SELECT operator, value, id FROM {table}_id WHERE id > ? ORDER BY id", (last,)
        ),
        (table.replace("_", " ") + "s", 0),
    )
