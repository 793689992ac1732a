"""What only the whole bundle can tell of its subscribers: duplicates, keys that the database has,
aliases. Set by set, in the staging database."""

from __future__ import annotations

from engine.bundle.problems import Problems
from engine.bundle.staging import Staging, fetch_known
from engine.database import Database
from engine.text import safe

_FILE = "subscribers.csv"
_ALL_LOGINS = (
    "SELECT login FROM subscriber UNION SELECT alias_of FROM subscriber WHERE alias_of IS NOT NULL"
    " UNION SELECT login FROM usage UNION SELECT login FROM number WHERE login IS NOT NULL"
)


def check_subscribers(staging: Staging, database: Database, problems: Problems) -> None:
    """Checks the staged subscribers and gives each alias its main. Afterwards no login is staged
    twice, and the table `known` has the subscribers of the database that the bundle speaks of."""
    staging.run("CREATE INDEX subscriber_login ON subscriber (login)")
    staging.run("CREATE INDEX spoiled_login ON spoiled (login)")
    fetch_known(staging, database, _ALL_LOGINS)
    fetch_known(
        staging, database, "SELECT uid FROM subscriber WHERE uid IS NOT NULL", "external_uid"
    )
    staging.run("CREATE INDEX known_login ON known (login)")
    _check_twice(staging, "login", problems)
    _check_twice(staging, "uid", problems)
    _check_known(staging, "login", problems)
    _check_known(staging, "uid", problems)
    if problems.total:
        staging.run(
            "DELETE FROM subscriber WHERE n NOT IN (SELECT MIN(n) FROM subscriber GROUP BY login)"
        )
    _check_aliases(staging, problems)


def _title(column: str) -> str:
    return "external_uid" if column == "uid" else column


def _check_twice(staging: Staging, column: str, problems: Problems) -> None:
    twice = (
        f"SELECT s.line, s.{column}, d.first FROM (SELECT {column}, MIN(line) AS first"
        f" FROM subscriber WHERE {column} IS NOT NULL GROUP BY {column} HAVING COUNT(*) > 1) d"
        f" JOIN subscriber s ON s.{column} = d.{column} AND s.line > d.first ORDER BY s.line"
    )
    for line, value, first in staging.rows(twice):
        problems.add(
            _FILE, line, _title(column), f"'{safe(value, 64)}' is there already, in line {first}"
        )


def _check_known(staging: Staging, column: str, problems: Problems) -> None:
    for line, value in staging.rows(
        f"SELECT s.line, s.{column} FROM known k JOIN subscriber s ON s.{column} = k.{column}"
        " ORDER BY s.line"
    ):
        problems.add(_FILE, line, _title(column), f"'{safe(value, 64)}' is in the database already")


def _check_aliases(staging: Staging, problems: Problems) -> None:
    if staging.value("SELECT 1 FROM subscriber WHERE alias_of IS NOT NULL LIMIT 1") is None:
        return
    for line, main, chained in staging.rows(
        "SELECT s.line, s.alias_of, m.alias_of IS NOT NULL OR k.main <> k.id"
        " FROM subscriber s LEFT JOIN subscriber m ON m.login = s.alias_of"
        " LEFT JOIN known k ON k.login = s.alias_of"
        " LEFT JOIN spoiled b ON b.login = s.alias_of"
        " WHERE s.alias_of IS NOT NULL AND s.alias_of <> s.login AND b.login IS NULL"
        " AND (COALESCE(m.n, k.id) IS NULL OR m.alias_of IS NOT NULL OR k.main <> k.id)"
        " ORDER BY s.line"
    ):
        if chained:
            message = f"'{safe(main, 64)}' is itself an alias: name its main subscriber"
        elif _FILE in problems.unread:
            continue
        else:
            message = f"there is no subscriber '{safe(main, 64)}'"
        problems.add(_FILE, line, "alias_of", message)
    staging.run(
        "UPDATE subscriber SET main = COALESCE((SELECT m.n FROM subscriber m"
        " WHERE m.login = subscriber.alias_of), (SELECT -k.id FROM known k"
        " WHERE k.login = subscriber.alias_of), n) WHERE alias_of IS NOT NULL"
    )
