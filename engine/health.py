"""Whether a database is as billdeck needs it: its schema whole, its server in the right mode."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import peewee

from engine.database import Database
from engine.dialect import is_conflict, is_hidden_trigger, is_no_trigger
from engine.errors import InputError
from engine.file_rights import short_of_room, why_not_writable
from engine.schema import pending_migrations, require_schema, statements
from engine.text import safe

_MADE = re.compile(r"CREATE (TABLE|TRIGGER|INDEX) (\w+)")


class Health(NamedTuple):
    """Sentences: `problems` are what is wrong, each with what to do; `remarks` are what could not
    be looked at."""

    problems: list[str]
    remarks: list[str]


def examine(database: Database) -> Health:
    """Looks the database over; it is left as it is."""
    try:
        require_schema(database)
    except InputError as error:
        return Health([error.message], [])
    problems, remarks = _missing_objects(database)
    pending = pending_migrations(database)
    if pending:
        problems.append(f"{len(pending)} migrations are missing: run `billdeck migrate`")
    if database.dialect.name == "sqlite":
        return Health(problems + _sqlite(database), remarks)
    return Health(problems + _mariadb(database), remarks)


def _missing_objects(database: Database) -> Health:
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
    missing = {kind: sorted(names - present[kind]) for kind, names in wanted.items()}
    hidden: list[str] = []
    if database.dialect.name == "mariadb":
        hidden = [name for name in missing["TRIGGER"] if _is_hidden(database, name)]
    problems = [
        f"the {kind.lower()} {name} is missing: restore a backup, or take it from"
        f" `billdeck schema --engine {database.dialect.name}`"
        for kind, names in missing.items()
        for name in names
        if kind != "TRIGGER" or name not in hidden
    ]
    if not hidden:
        return Health(problems, [])
    remark = (
        f"{len(hidden)} triggers are there, but what they do cannot be seen: this database user"
        " lacks the right TRIGGER"
    )
    return Health(problems, [remark])


def _is_hidden(database: Database, trigger: str) -> bool:
    """Whether a trigger is there and only kept from this user. information_schema is silent about
    it then; asked for it by name, the server tells a missing trigger from a missing right."""
    try:
        database.execute(f"SHOW CREATE TRIGGER {trigger}")
    except peewee.PeeweeException as error:
        if is_no_trigger(error):
            return False
        if not is_hidden_trigger(error):
            raise
    return True


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
    return problems + _writing(database, Path(database.handle.database))


def _writing(database: Database, path: Path) -> list[str]:
    """Whether this user can write. Something is written and rolled back for it: SQLite begins a
    transaction of a file that it cannot write all the same."""
    problems = []
    try:
        with database.transaction(keep=False):
            version = database.integer("PRAGMA user_version")
            database.execute(f"PRAGMA user_version = {version}")
    except peewee.PeeweeException as error:
        # Where somebody else is writing for long, writing works.
        if not is_conflict(error):
            cause = why_not_writable(path) or "look at the rights of the file and at its disk"
            problems.append(f"nothing can be written ({safe(error)}): {cause}")
    room = short_of_room(path)
    return [*problems, room] if room else problems


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
    return problems + _galera(database)


def _galera(database: Database) -> list[str]:
    """How a node of a cluster is set up; nothing for a server on its own."""
    found: dict[str, str] = dict(database.rows("SHOW GLOBAL VARIABLES LIKE 'wsrep%'"))
    if found.get("wsrep_on") != "ON":
        return []
    problems = []
    if not int(found["wsrep_sync_wait"]) & 1:
        problems.append(
            "wsrep_sync_wait is 0: a node could show less than another has already told; set it to"
            " 1 on all nodes"
        )
    if int(found["wsrep_max_ws_rows"]):
        problems.append(
            f"wsrep_max_ws_rows is {safe(found['wsrep_max_ws_rows'])}: a close of more rows at once"
            " would be refused; set it to 0"
        )
    return problems
