"""Whether a database is as billdeck needs it: its schema whole, its server in the right mode."""

from __future__ import annotations

import re

from engine.database import Database
from engine.schema import pending_migrations, statements
from engine.text import safe

_MADE = re.compile(r"CREATE (TABLE|TRIGGER|INDEX) (\w+)")


def problems_of(database: Database) -> list[str]:
    """Sentences about what is wrong, each with what to do; an empty list when all is well."""
    if not database.handle.table_exists("billing_period"):
        return ["there are no billdeck tables: make them with `billdeck init`"]
    problems = _missing_objects(database)
    pending = pending_migrations(database)
    if pending:
        problems.append(f"{len(pending)} migrations are missing: run `billdeck migrate`")
    if database.dialect.name == "sqlite":
        return problems + _sqlite(database)
    return problems + _mariadb(database)


def _missing_objects(database: Database) -> list[str]:
    """Tables and triggers that billing.db.sql makes and this database lacks: without the triggers
    the journal could be changed."""
    wanted: dict[str, set[str]] = {"TABLE": set(), "TRIGGER": set(), "INDEX": set()}
    for statement in statements(database.dialect.name):
        made = _MADE.match(statement)
        if made:
            wanted[made[1]].add(made[2])
    present = {
        "TABLE": set(database.handle.get_tables()),
        "TRIGGER": {str(name) for (name,) in database.rows(_TRIGGERS[database.dialect.name])},
        "INDEX": {str(name) for (name,) in database.rows(_INDEXES[database.dialect.name])},
    }
    return [
        f"the {kind.lower()} {name} is missing: restore a backup, or take it from"
        f" `billdeck schema --engine {database.dialect.name}`"
        for kind, names in wanted.items()
        for name in sorted(names - present[kind])
    ]


_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "mariadb": "SELECT trigger_name FROM information_schema.triggers"
    " WHERE trigger_schema = DATABASE()",
}
_INDEXES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "mariadb": "SELECT DISTINCT index_name FROM information_schema.statistics"
    " WHERE table_schema = DATABASE()",
}


def _sqlite(database: Database) -> list[str]:
    problems = []
    said = str(database.value("PRAGMA quick_check(1)"))
    if said != "ok":
        problems.append(f"the file is damaged ({safe(said)}): restore a backup")
    mode = str(database.value("PRAGMA journal_mode"))
    if mode != "wal":
        problems.append(f"the journal mode is {safe(mode)}, not wal: others cannot read meanwhile")
    return problems


def _mariadb(database: Database) -> list[str]:
    problems = []
    if "STRICT_" not in str(database.value("SELECT @@GLOBAL.sql_mode")):
        problems.append(
            "the server does not run in strict mode: set sql_mode=STRICT_TRANS_TABLES in its"
            " configuration and restart it"
        )
    flush = database.integer("SELECT @@GLOBAL.innodb_flush_log_at_trx_commit")
    if flush != 1:
        problems.append(
            f"innodb_flush_log_at_trx_commit is {flush}: a power cut could lose payments; set it"
            " to 1"
        )
    others = database.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        " AND table_type = 'BASE TABLE' AND engine <> 'InnoDB' ORDER BY table_name"
    )
    problems += [f"the table {safe(name)} is not InnoDB: convert it" for (name,) in others]
    return problems
