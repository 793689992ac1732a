"""The schema: reading billing.db.sql for an engine, creating it, upgrading it.

MariaDB commits after every statement that changes the schema, so `create` first checks all that
could stop it half-way and says what to do about it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peewee

from engine.database import Database
from engine.dialect import needs_super
from engine.errors import InputError
from engine.text import safe

_MARKED = re.compile(r"^-- @engine (\w+)\s*$")
_SQLITE_PART = re.compile(r"/\*sqlite (.*?)\*/")
_MARIADB_PART = re.compile(r"/\*! (.*?)\*/")
_OLDEST_MARIADB = (10, 6)
# Tables of this name test the rights of the database user; none outlives `create`, unless the
# user may make tables and not drop them.
_PROBE = "billdeck_init_probe"
_INIT_LOCK = "billdeck_init"
# Stands from the first table on until all is there; see `_make_on_mariadb`.
_UNFINISHED = "billdeck_init_unfinished"
_MIGRATIONS = Path(__file__).parent / "migrations"


def schema_file() -> Path:
    """billing.db.sql: beside this module in an installed package, above it in a checkout."""
    packed = Path(__file__).parent / "billing.db.sql"
    return packed if packed.exists() else Path(__file__).parents[1] / "billing.db.sql"


def schema_text(engine: str) -> str:
    """The schema as one engine is given it. InputError for an unknown engine."""
    if engine not in ("sqlite", "mariadb"):
        raise InputError(f"there is no engine '{safe(engine)}': sqlite or mariadb")
    wanted, other = _SQLITE_PART, _MARIADB_PART
    if engine == "mariadb":
        wanted, other = other, wanted
    kept: list[str] = []
    section = "all"
    for line in schema_file().read_text(encoding="utf-8").splitlines():
        mark = _MARKED.match(line)
        if mark:
            section = mark[1]
        elif section in ("all", engine):
            kept.append(line if line.startswith("--") else _resolved(line, wanted, other))
    return "\n".join(kept) + "\n"


def _resolved(line: str, wanted: re.Pattern[str], other: re.Pattern[str]) -> str:
    return re.sub(r"\s+([,)])", r"\1", other.sub("", wanted.sub(r"\1", line))).rstrip()


def statements(engine: str) -> Iterator[str]:
    """The schema's statements, one by one, without comment lines."""
    gathered: list[str] = []
    for line in schema_text(engine).splitlines():
        code = re.sub(r"(^|\s+)--( .*)?$", "", line).rstrip()
        if not code.strip():
            continue
        gathered.append(code)
        text = "\n".join(gathered)
        whole = sqlite3.complete_statement(text) if engine == "sqlite" else code.endswith(";")
        if whole:
            yield text
            gathered = []


def create(database: Database) -> None:
    """Creates all tables in an empty database. InputError when it is not empty or something would
    stop it half-way; then nothing was changed."""
    on_mariadb = database.dialect.name == "mariadb"
    if on_mariadb and database.integer(f"SELECT GET_LOCK('{_INIT_LOCK}', 0)") != 1:
        raise InputError("another `billdeck init` is at work here. Nothing was changed.")
    tables = [name for name in database.handle.get_tables() if not name.startswith(_PROBE)]
    if _UNFINISHED in tables:
        ours = {*_table_names(), _UNFINISHED, "schema_migration"}
        tables = [name for name in tables if name not in ours]
    if tables:
        known = "billing_period" in tables
        raise InputError(
            f"the database is not empty (it has {len(tables)} tables, {safe(tables[0])} first)."
            " Nothing was changed. "
            + ("`billdeck migrate` upgrades it." if known else "Give billdeck one of its own.")
        )
    if database.dialect.name == "sqlite":
        with database.transaction():
            for statement in statements("sqlite"):
                database.execute(statement)
    else:
        _check_server(database)
        _make_on_mariadb(database)
    _mark_migrations(database)
    if on_mariadb:
        database.execute(f"DROP TABLE {_UNFINISHED}")
        database.execute(f"DO RELEASE_LOCK('{_INIT_LOCK}')")


def _table_names() -> list[str]:
    """The tables of billing.db.sql, in the order of its foreign keys."""
    made = (re.match(r"CREATE TABLE (\w+)", statement) for statement in statements("mariadb"))
    return [match[1] for match in made if match]


def _make_on_mariadb(database: Database) -> None:
    """All tables and triggers. What an `init` that was cut off has left is dropped before: its mark
    still stands, with which nobody can have brought in data."""
    database.execute(
        f"CREATE TABLE IF NOT EXISTS {_UNFINISHED} (id BIGINT PRIMARY KEY) ENGINE=InnoDB"
    )
    for table in reversed(_table_names()):
        database.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in statements("mariadb"):
        database.execute(statement)


def _check_server(database: Database) -> None:
    """Rights, version and modes of a MariaDB server, before the first table is made."""
    version = str(database.value("SELECT VERSION()"))
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if "mariadb" not in version.lower() or numbers < _OLDEST_MARIADB:
        raise InputError(
            f"this server is {safe(version)}: MariaDB 10.6 or newer is needed. Nothing was changed."
        )
    strict = str(database.value("SELECT @@GLOBAL.sql_mode"))
    if "STRICT_" not in strict:
        raise InputError(
            "the server does not run in strict mode, so other programs could store cut values."
            " Set sql_mode=STRICT_TRANS_TABLES in its configuration and restart it."
            " Nothing was changed."
        )
    _try_rights(database)


def _try_rights(database: Database) -> None:
    """Makes, uses and drops a probe table with a trigger: grants have too many forms to read."""
    probe = _PROBE
    create_probe = f"CREATE TABLE IF NOT EXISTS {probe} (id BIGINT PRIMARY KEY) ENGINE=InnoDB"
    step = "CREATE"
    try:
        database.execute(create_probe)
        step = "DROP"
        database.execute(f"DROP TABLE {probe}")
        database.execute(create_probe)
        step = "REFERENCES"
        database.execute(
            f"CREATE TABLE {probe}_child (id BIGINT PRIMARY KEY REFERENCES {probe} (id))"
            " ENGINE=InnoDB"
        )
        step = "INDEX"
        database.execute(f"CREATE INDEX {probe}_index ON {probe} (id)")
        step = "TRIGGER"
        database.execute(
            f"CREATE TRIGGER {probe}_trigger BEFORE DELETE ON {probe} FOR EACH ROW"
            " SIGNAL SQLSTATE '45000'"
        )
        step = "CREATE TEMPORARY TABLES"
        database.execute(f"CREATE TEMPORARY TABLE {probe}_work (id BIGINT) ENGINE=MEMORY")
        for right in (
            f"INSERT INTO {probe} VALUES (1)",
            f"UPDATE {probe} SET id = 2",
            f"SELECT id FROM {probe}",
            f"DELETE FROM {probe}_child",
        ):
            step = right.split()[0]
            database.execute(right)
    except peewee.PeeweeException as error:
        raise InputError(_missing_right(step, error)) from None
    finally:
        for table in (f"{probe}_work", f"{probe}_child", probe):
            _drop_probe(database, table)


def _missing_right(step: str, error: Exception) -> str:
    message = f"the database user lacks a right ({step}): {safe(error)}."
    if needs_super(error):
        return (
            message + " The server writes a binary log or belongs to a cluster, where triggers need"
            " the right SUPER, or `SET GLOBAL log_bin_trust_function_creators = 1` (and the same"
            " in its configuration). Nothing was changed."
        )
    left = f", but for the empty table {_PROBE}" if step == "DROP" else ""
    return (
        message + " As an administrator: GRANT ALL PRIVILEGES ON the billdeck database TO its"
        f" user. Nothing was changed{left}."
    )


def _drop_probe(database: Database, table: str) -> None:
    try:
        database.execute(f"DROP TABLE IF EXISTS {table}")
    except peewee.PeeweeException:
        return  # without the right to drop there was none to create, or the step above says so


def migrate(database: Database) -> list[str]:
    """Applies the migrations that this database has not had yet; returns their names."""
    require_schema(database)
    applied: list[str] = _runner(database).up()
    return applied


def pending_migrations(database: Database) -> list[str]:
    """The names of the migrations that this database has not had yet; nothing is written."""
    return [step.name for step in _runner(database).status() if step.path and not step.applied]


def require_schema(database: Database) -> None:
    """InputError unless the database has billdeck's tables, all of them."""
    if database.dialect.name == "mariadb" and database.handle.table_exists(_UNFINISHED):
        raise InputError("`billdeck init` was cut off here: run it again, it begins anew.")
    if not database.handle.table_exists("billing_period"):
        raise InputError("this database has no billdeck tables: make them with `billdeck init`.")


def _runner(database: Database) -> Any:
    from playhouse.migrations import Runner

    return Runner(database.handle, directory=str(_MIGRATIONS))


def _mark_migrations(database: Database) -> None:
    """A new database has every migration already: they are recorded as applied."""
    _runner(database).up(fake=True)
